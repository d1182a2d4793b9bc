import { CallerError } from '@airlift/kernel';
import type { Field } from './field.ts';
import type { JsonValue, ViewFields } from './json.ts';
import type { Values } from './values.ts';

/** The readable form of a command's values. */
export function viewOf(fields: readonly Field[], values: Values): ViewFields {
  const view: Record<string, JsonValue> = {};
  for (const field of fields) {
    const value = values[field.name];
    if (value === undefined) continue;
    if (field.meaninglessWhen !== undefined && values[field.meaninglessWhen] === true && value === field.viewDefault) {
      continue;
    }
    view[field.name] = field.toView(value);
  }
  return view;
}

/** Values from their readable form; whether they can be sent is not looked at. @throws CallerError `field-…` */
export function valuesFromView(fields: readonly Field[], view: ViewFields, owner: string): Values {
  const values: Record<string, unknown> = {};
  for (const field of fields) {
    const json = jsonOf(field, view, owner);
    if (json !== undefined) values[field.name] = field.fromView(json, owner);
    else if (field.viewDefault !== undefined) values[field.name] = field.viewDefault;
  }
  return values;
}

/** What the view says of the field, under whichever of its names. */
function jsonOf(field: Field, view: ViewFields, owner: string): JsonValue | undefined {
  const given = [field.name, ...(field.alsoCalled ?? [])].filter((name) => view[name] !== undefined);
  const [name, second] = given;
  if (second !== undefined) {
    throw new CallerError('field-inconsistent', `${owner}.${name} and ${owner}.${second} are the same field`);
  }
  return name === undefined ? undefined : view[name];
}
