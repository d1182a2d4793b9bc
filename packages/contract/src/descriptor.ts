import { memberError } from './fields.ts';

const LARGEST = 0xffff_ffffn;

/**
 * The 32-bit descriptor of a firmware image, from its two spellings: hexadecimal text, optionally with `0x`, spaces or
 * dashes and with leading zeros up to 16 digits, and a number. 0 when neither is given.
 * @throws CallerError `parameters-invalid` when the text is unusable or the two differ
 */
export function readDescriptor(text: string | undefined, number: number | undefined): number {
  const fromText = text === undefined ? undefined : parseDescriptorText(text);
  if (fromText !== undefined && number !== undefined && fromText !== number) {
    throw memberError('fotaDescriptor', 'differs from fragmentDesc');
  }
  return fromText ?? number ?? 0;
}

function parseDescriptorText(text: string): number {
  const digits = text.replace(/[\s-]/g, '').replace(/^0[xX]/, '');
  if (!/^[0-9a-fA-F]{1,16}$/.test(digits)) throw memberError('fragmentDesc', 'must be hexadecimal');
  const value = BigInt(`0x${digits}`);
  if (value > LARGEST) throw memberError('fragmentDesc', 'must fit in four octets');
  return Number(value);
}
