import type { JsonValue, View, ViewFields } from '@airlift/wire';
import { InputError } from '../tool-error.ts';

/** A JSON object, its values not looked at yet. */
export type JsonObject = { readonly [key: string]: JsonValue };

export function isJsonObject(json: unknown): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/**
 * Commands in the notation of people: a list of `{"name", "fields"}`, or one. Commands without fields may leave them
 * out; what else an object says is remarks.
 * @param owner what to call the list in complaints
 * @throws InputError
 */
export function viewsOf(json: unknown, owner = 'the input'): View[] {
  const list: readonly unknown[] = Array.isArray(json) ? json : [json];
  if (list.length === 0) throw new InputError(`${owner} holds no command`);
  return list.map((one, i) => viewOf(one, list.length === 1 ? owner : `${owner}[${i}]`));
}

function viewOf(json: unknown, owner: string): View {
  if (!isJsonObject(json)) throw new InputError(`${owner} is not an object {"name", "fields"}`);
  const { name, fields } = json;
  if (typeof name !== 'string') throw new InputError(`${owner} has no "name"`);
  if (fields !== undefined && !isJsonObject(fields)) throw new InputError(`the "fields" of ${name} are not an object`);
  // A lone name is complete; beside other keys, missing fields are more likely misspelt.
  if (fields === undefined && Object.keys(json).length > 1) throw new InputError(`${name} has no "fields"`);
  return { name, fields: (fields ?? {}) satisfies ViewFields };
}
