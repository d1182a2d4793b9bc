import { CallerError } from './errors.ts';
import { fromHex, reversedOctets, toHex } from './octets.ts';

declare const eui64Brand: unique symbol;

/** An EUI-64 as 16 lower-case hexadecimal digits, most significant first: the form used as key everywhere. */
export type Eui64 = string & { readonly [eui64Brand]: true };

const PLAIN = /^[0-9a-fA-F]{16}$/;
const SEPARATED = /^[0-9a-fA-F]{2}([-:.])(?:[0-9a-fA-F]{2}\1){6}[0-9a-fA-F]{2}$/;

/** Whether the text is an EUI-64: 16 hexadecimal digits, octets joined by nothing or by one of `-`, `:`, `.`. */
export function isEui64Text(text: string): boolean {
  return PLAIN.test(text) || SEPARATED.test(text);
}

/**
 * Reads an EUI-64 in any of the accepted notations.
 * @throws CallerError `eui-invalid`
 */
export function parseEui64(text: string): Eui64 {
  if (!isEui64Text(text)) throw new CallerError('eui-invalid', 'Invalid device EUI format');
  return text.replace(/[-:.]/g, '').toLowerCase() as Eui64;
}

/** Lower case with dashes, `00-80-00-ff-00-00-00-02`: the notation of the HTTP contract. */
export function formatEui64(eui: Eui64): string {
  return (eui.match(/../g) ?? []).join('-');
}

/** The eight octets, most significant first, as gateways and people write them. */
export function eui64BigEndian(eui: Eui64): Uint8Array {
  return fromHex(eui);
}

/** The eight octets as they travel in LoRaWAN frames, least significant first. */
export function eui64LittleEndian(eui: Eui64): Uint8Array {
  return reversedOctets(fromHex(eui));
}

/** Reads eight octets written most significant first. */
export function eui64FromBigEndian(octets: Uint8Array): Eui64 {
  if (octets.length !== 8) throw new CallerError('eui-invalid', 'an EUI-64 has eight octets');
  return toHex(octets) as Eui64;
}

/** Reads eight octets written least significant first. */
export function eui64FromLittleEndian(octets: Uint8Array): Eui64 {
  return eui64FromBigEndian(reversedOctets(octets));
}
