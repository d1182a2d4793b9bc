import { CallerError } from '@airlift/kernel';

/** The error for a value of the wrong type. */
export function wrongType(owner: string, field: string, wanted: string): CallerError {
  return new CallerError('field-type', `${owner}.${field} must be ${wanted}`);
}

/** The error for a value of the right type that cannot be sent. */
export function outOfRange(owner: string, field: string, wanted: string): CallerError {
  return new CallerError('field-out-of-range', `${owner}.${field} must be ${wanted}`);
}

/** Refuses what is not an integer in `min`..`max`. */
export function checkInteger(value: unknown, owner: string, field: string, min: number, max: number): void {
  if (typeof value !== 'number') throw wrongType(owner, field, 'a number');
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(owner, field, `an integer in ${min}..${max}`);
  }
}

/** Refuses what is not a `Uint8Array` of `minLength`..`maxLength` octets. */
export function checkOctets(value: unknown, owner: string, field: string, minLength: number, maxLength: number): void {
  if (!(value instanceof Uint8Array)) throw wrongType(owner, field, 'a Uint8Array');
  if (value.length < minLength || value.length > maxLength) {
    const wanted = minLength === maxLength ? `${minLength}` : `${minLength} to ${maxLength}`;
    throw outOfRange(owner, field, `${wanted} octets long`);
  }
}
