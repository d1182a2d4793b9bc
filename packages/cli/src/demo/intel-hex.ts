import { CallerError } from '@airlift/kernel';

/**
 * The memory image of an Intel HEX file, from its lowest to its highest address; gaps are filled with 0xFF, as erased
 * flash is.
 * @throws CallerError `intel-hex-invalid`
 */
export function parseIntelHex(text: string): Uint8Array {
  const records: { readonly address: number; readonly octets: Uint8Array }[] = [];
  let base = 0;
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const { type, offset, octets } = parseRecord(line.trim());
    if (type === 0) records.push({ address: base + offset, octets });
    else if (type === 2) base = number(octets) * 16;
    else if (type === 4) base = number(octets) * 0x1_0000;
    else if (type === 1) break;
  }
  if (records.length === 0) throw new CallerError('intel-hex-invalid', 'the HEX file holds no data');
  const start = Math.min(...records.map((record) => record.address));
  const end = Math.max(...records.map((record) => record.address + record.octets.length));
  const image = new Uint8Array(end - start).fill(0xff);
  for (const { address, octets } of records) image.set(octets, address - start);
  return image;
}

function parseRecord(line: string): { type: number; offset: number; octets: Uint8Array } {
  const bytes = Uint8Array.from(Buffer.from(line.slice(1), 'hex'));
  const [count = 0, high = 0, low = 0, type = 0] = bytes;
  const sum = bytes.reduce((total, octet) => total + octet, 0);
  if (!line.startsWith(':') || bytes.length !== count + 5 || sum % 256 !== 0) {
    throw new CallerError('intel-hex-invalid', `not a record of a HEX file: ${line.slice(0, 20)}`);
  }
  return { type, offset: high * 256 + low, octets: bytes.subarray(4, 4 + count) };
}

function number(octets: Uint8Array): number {
  return octets.reduce((value, octet) => value * 256 + octet, 0);
}
