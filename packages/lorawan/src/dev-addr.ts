import { CallerError } from '@airlift/kernel';

/** A device or multicast address: an unsigned 32-bit integer. Text is always eight hexadecimal digits, see `formatDevAddr`. */
export type DevAddr = number;

/** Eight lower-case hexadecimal digits, most significant first. */
export function formatDevAddr(devAddr: DevAddr): string {
  return (devAddr >>> 0).toString(16).padStart(8, '0');
}

/**
 * Reads eight hexadecimal digits in either case.
 * @throws CallerError `dev-addr-invalid`
 */
export function parseDevAddr(text: string): DevAddr {
  if (!/^[0-9a-fA-F]{8}$/.test(text)) {
    throw new CallerError('dev-addr-invalid', 'a device address is written as eight hexadecimal digits');
  }
  return Number.parseInt(text, 16);
}
