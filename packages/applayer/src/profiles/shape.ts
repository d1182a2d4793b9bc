import { CallerError } from '@airlift/kernel';

/**
 * Checks a JSON value and returns it with its type.
 * @throws CallerError `profile-invalid`, with the path of the value in its message
 */
export type Shape<T> = (value: unknown, path: string) => T;

function complain(path: string, wanted: string): CallerError {
  return new CallerError('profile-invalid', `${path === '' ? 'the profile' : path} must be ${wanted}`);
}

/** Text that matches the pattern; `wanted` says so in words. */
export function textLike(pattern: RegExp, wanted: string): Shape<string> {
  return (value, path) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw complain(path, wanted);
    return value;
  };
}

/** An integer in `min`..`max`. */
export function integerIn(min: number, max: number): Shape<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      throw complain(path, `an integer in ${min}..${max}`);
    }
    return value;
  };
}

/** A number in `min`..`max`. */
export function numberIn(min: number, max: number): Shape<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !(value >= min && value <= max))
      throw complain(path, `a number in ${min}..${max}`);
    return value;
  };
}

/** `true` or `false`. */
export const truth: Shape<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw complain(path, 'true or false');
  return value;
};

/** One of the given values. */
export function oneOf<const T extends string | number>(...choices: readonly T[]): Shape<T> {
  return (value, path) => {
    const found = choices.find((choice) => choice === value);
    if (found === undefined) throw complain(path, `one of ${choices.join(', ')}`);
    return found;
  };
}

/** A list of `minLength` or more different items. */
export function listOf<T>(item: Shape<T>, minLength = 0): Shape<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < minLength) throw complain(path, `a list of at least ${minLength}`);
    const list = value.map((one: unknown, i) => item(one, `${path}[${i}]`));
    if (new Set(list).size !== list.length) throw complain(path, 'a list without repetitions');
    return list;
  };
}

/** A value that may be left out of its object. */
export interface Optional<T> {
  readonly optional: Shape<T>;
}

/** Marks a member of `objectOf` that may be left out. */
export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: shape };
}

type Members<T> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? Optional<Exclude<T[K], undefined>> : Shape<T[K]>;
};

/** An object with exactly these members. */
export function objectOf<T extends object>(members: Members<T>): Shape<T> {
  const entries = Object.entries(members as Record<string, Shape<unknown> | Optional<unknown>>);
  return (value, path) => {
    if (!isRecord(value)) throw complain(path, 'an object');
    const known = new Set(entries.map(([name]) => name));
    const stranger = Object.keys(value).find((name) => !known.has(name));
    if (stranger !== undefined) throw complain(join(path, stranger), `left out; known are ${[...known].join(', ')}`);
    const checked: Record<string, unknown> = {};
    for (const [name, shape] of entries) {
      const isOptional = typeof shape !== 'function';
      const member = Object.hasOwn(value, name) ? value[name] : undefined;
      if (isOptional && member === undefined) continue;
      checked[name] = (isOptional ? shape.optional : shape)(member, join(path, name));
    }
    return checked as T;
  };
}

/** Whether the value is a plain object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
