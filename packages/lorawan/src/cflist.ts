import { CallerError, littleEndian, PeerError, readLittleEndian } from '@airlift/kernel';

/** The optional channel list of a join-accept: five more frequencies (type 0) or a channel mask (type 1). */
export type CfList =
  | {
      readonly type: 0;
      /** Five entries in Hz for the channels after the default ones; 0 leaves one undefined. */
      readonly frequenciesHz: readonly number[];
    }
  | {
      readonly type: 1;
      /** ChMask0..ChMask4, 16 bits each; bit i of mask n enables channel 16 n + i (mask 4: the 500 kHz channels). */
      readonly channelMasks: readonly number[];
    };

const CFLIST_OCTETS = 16;
const ENTRIES = 5;

/**
 * CFList type 0 for plans whose channels are defined by frequency.
 * @param frequenciesHz up to five, multiples of 100 Hz; missing ones count as 0
 * @throws CallerError `cflist-frequency`, `cflist-entries`
 */
export function encodeCfListFrequencies(frequenciesHz: readonly number[]): Uint8Array {
  requireAtMostFive(frequenciesHz);
  const octets = new Uint8Array(CFLIST_OCTETS);
  for (const [i, frequencyHz] of frequenciesHz.entries()) {
    const hundreds = frequencyHz / 100;
    if (!Number.isInteger(hundreds) || hundreds < 0 || hundreds >= 2 ** 24) {
      throw new CallerError('cflist-frequency', 'a frequency must be a multiple of 100 Hz below 1677.7216 MHz');
    }
    octets.set(littleEndian(hundreds, 3), 3 * i);
  }
  return octets;
}

/**
 * CFList type 1 for plans with 72 fixed channels; understood from LoRaWAN 1.0.3 on.
 * @param channelMasks up to five masks of 16 bits; missing ones count as 0
 * @throws CallerError `cflist-mask`, `cflist-entries`
 */
export function encodeCfListMasks(channelMasks: readonly number[]): Uint8Array {
  requireAtMostFive(channelMasks);
  const octets = new Uint8Array(CFLIST_OCTETS);
  for (const [i, mask] of channelMasks.entries()) {
    if (!Number.isInteger(mask) || mask < 0 || mask > 0xffff) {
      throw new CallerError('cflist-mask', 'a channel mask has 16 bits');
    }
    octets.set(littleEndian(mask, 2), 2 * i);
  }
  octets[CFLIST_OCTETS - 1] = 1;
  return octets;
}

/**
 * Reads a CFList.
 * @throws PeerError `cflist-length`, `cflist-type`
 */
export function decodeCfList(octets: Uint8Array): CfList {
  if (octets.length !== CFLIST_OCTETS) throw new PeerError('cflist-length', 'a CFList has 16 octets');
  const type = octets[CFLIST_OCTETS - 1];
  const each = <T>(read: (i: number) => T): T[] => Array.from({ length: ENTRIES }, (_, i) => read(i));
  if (type === 0) return { type, frequenciesHz: each((i) => readLittleEndian(octets, 3 * i, 3) * 100) };
  if (type === 1) return { type, channelMasks: each((i) => readLittleEndian(octets, 2 * i, 2)) };
  throw new PeerError('cflist-type', `a CFList of type ${type}`);
}

function requireAtMostFive(entries: readonly number[]): void {
  if (entries.length > ENTRIES) throw new CallerError('cflist-entries', 'a CFList has room for five entries');
}
