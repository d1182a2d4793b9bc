import { BugError, CallerError } from '@airlift/kernel';
import { wrongType } from '../complaint.ts';
import type { Field, FieldsOf, RecordCount } from '../field.ts';
import type { JsonValue } from '../json.ts';
import type { Values } from '../values.ts';

/**
 * Repeated groups of fixed-length fields, as many as an earlier field says. A list of objects in code; views write each
 * record as a list of its values in order, such as `[[0, "01FB5A3C"]]`, and also accept objects.
 */
export function records<const N extends string, const P extends readonly Field[]>(
  name: N,
  count: RecordCount,
  fields: P,
  meaning: string,
): Field<N, readonly FieldsOf<P>[]> {
  type RecordFields = FieldsOf<P>;
  const bitsEach = fields.reduce((sum, field) => sum + (field.bitLength ?? Number.NaN), 0);
  if (bitsEach % 8 !== 0) throw new BugError(`the records of ${name} must be of fixed length, in whole octets`);
  return {
    shape: 'field',
    name,
    bitLength: undefined,
    form: `per record ${fields.map((field) => `${field.name} (${field.form})`).join(', ')}`,
    meaning,
    domain: { kind: 'records', count, parts: fields },
    read: (reader, earlier) => {
      const list: RecordFields[] = [];
      for (let left = recordCount(count, earlier); left > 0; left--) {
        const record: Record<string, unknown> = {};
        for (const field of fields) record[field.name] = field.read(reader, record);
        list.push(record as RecordFields);
      }
      return list;
    },
    write: (writer, list) => {
      for (const record of list) for (const field of fields) field.write(writer, (record as Values)[field.name]);
    },
    check: (value, owner, all) => {
      if (!Array.isArray(value)) throw wrongType(owner, name, 'a list of records');
      if (value.length !== recordCount(count, all)) {
        const source = 'countIn' in count ? count.countIn : `the bits set in ${count.bitsSetIn}`;
        throw new CallerError('field-inconsistent', `${owner}.${name} must have as many records as ${source} says`);
      }
      const list: readonly unknown[] = value;
      list.forEach((record, i) => {
        if (typeof record !== 'object' || record === null) throw wrongType(owner, `${name}[${i}]`, 'an object');
        for (const field of fields) field.check((record as Values)[field.name], `${owner}.${name}[${i}]`, all);
      });
    },
    toView: (list) => list.map((record) => fields.map((field) => field.toView((record as Values)[field.name]))),
    fromView: (json, owner) => {
      if (!Array.isArray(json)) throw wrongType(owner, name, 'a list of records');
      const list: readonly JsonValue[] = json;
      return list.map((row, i) => recordFromView(fields, row, owner, `${name}[${i}]`) as RecordFields);
    },
  };
}

/** How many records an already known count or mask announces. */
export function recordCount(count: RecordCount, values: Values): number {
  const value = values['countIn' in count ? count.countIn : count.bitsSetIn];
  if (typeof value !== 'number') return 0;
  if ('countIn' in count) return value;
  let set = 0;
  for (let rest = value; rest > 0; rest >>>= 1) set += rest & 1;
  return set;
}

function recordFromView(fields: readonly Field[], row: JsonValue, owner: string, path: string): Values {
  const record: Record<string, unknown> = {};
  const wanted = `a list of ${fields.length} values`;
  if (typeof row !== 'object' || row === null) throw wrongType(owner, path, wanted);
  const rowOwner = `${owner}.${path}`;
  const entries = Object.entries(row);
  if (entries.length !== fields.length) throw wrongType(owner, path, wanted);
  fields.forEach((field, i) => {
    const json = isList(row) ? row[i] : row[field.name];
    if (json === undefined) throw wrongType(owner, path, wanted);
    record[field.name] = field.fromView(json, rowOwner);
  });
  return record;
}

function isList(json: JsonValue): json is readonly JsonValue[] {
  return Array.isArray(json);
}
