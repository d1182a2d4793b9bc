import { CallerError } from '@airlift/kernel';

/**
 * Answers the value when it is an unsigned integer of that many bits (at most 48).
 * @throws CallerError `value-range`, naming `what`
 */
export function unsigned(value: number, bits: number, what: string): number {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits) {
    throw new CallerError('value-range', `${what} must be an integer in 0 .. 2^${bits}-1`);
  }
  return value;
}
