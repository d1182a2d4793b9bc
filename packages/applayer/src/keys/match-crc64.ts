import { CallerError, reversedOctets, sameOctets } from '@airlift/kernel';
import { Crc64 } from './crc64.ts';

/**
 * The checksums that a correct block may have: MultiTech documents neither whether the padding is included nor the
 * octet order. Computed once per block, compared once per device. Most significant octet first.
 */
export interface BlockChecksums {
  readonly unpadded: Uint8Array;
  readonly padded: Uint8Array;
}

/** Which reading of the undocumented details a device turned out to follow. */
export interface ChecksumMatch {
  readonly span: keyof BlockChecksums;
  readonly order: 'little-endian' | 'big-endian';
}

/**
 * The checksums of a block with and without its zero padding.
 * @param padding filler octets in the last fragment, as in FragSessionSetupReq
 * @throws CallerError `padding-invalid`
 */
export function blockChecksums(block: Uint8Array, padding: number): BlockChecksums {
  if (!Number.isInteger(padding) || padding < 0 || padding > 255) {
    throw new CallerError('padding-invalid', 'the padding is 0 to 255 octets');
  }
  const crc = new Crc64().add(block);
  const unpadded = crc.octets();
  return { unpadded, padded: crc.add(new Uint8Array(padding)).octets() };
}

/**
 * Compares the eight octets of a ChecksumReq with those a correct block may have. Undefined: the block is wrong.
 * Without padding both spans agree and `unpadded` is reported.
 */
export function matchCrc64(received: Uint8Array, expected: BlockChecksums): ChecksumMatch | undefined {
  const reversed = reversedOctets(received);
  for (const span of ['unpadded', 'padded'] as const) {
    if (sameOctets(received, expected[span])) return { span, order: 'big-endian' };
    if (sameOctets(reversed, expected[span])) return { span, order: 'little-endian' };
  }
  return undefined;
}
