import { fromHex } from '@airlift/kernel';
import { memberError } from './fields.ts';

const MEMBER = 'multicastMessage.messagePayload';
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** @throws CallerError `parameters-invalid` */
export function readHexPayload(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(text)) throw memberError(MEMBER, 'must be hexadecimal');
  return fromHex(text);
}

/**
 * Padded base64 of the standard alphabet, without white space and without stray bits.
 * @throws CallerError `parameters-invalid`
 */
export function readBase64Payload(text: string): Uint8Array {
  if (text === '' || !BASE64.test(text)) throw memberError(MEMBER, 'must be base64');
  const binary = atob(text);
  // Bits beyond the last octet would be lost unseen: such a text is more likely damaged than meant.
  if (btoa(binary) !== text) throw memberError(MEMBER, 'must be base64');
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
