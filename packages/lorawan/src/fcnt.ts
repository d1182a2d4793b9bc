/** The largest frame counter; after it the session is used up and the device must join again. */
export const MAX_FCNT = 0xffff_ffff;

/** Largest jump of a counter that LoRaWAN 1.0.0 .. 1.0.3 accept (MAX_FCNT_GAP); later versions have no such limit. */
export const MAX_FCNT_GAP = 16384;

/** What the 16 bits of a received counter may stand for. */
export interface FCntCandidate {
  /** The full 32-bit counter to try the integrity code with. */
  readonly fCnt: number;
  /** `repeat` when equal to the last accepted one: a retransmission, to be acknowledged again but not delivered twice. */
  readonly kind: 'new' | 'repeat';
  /** How many counts after the last accepted one; 0 for a repeat and for the first frame. */
  readonly gap: number;
}

/**
 * The smallest full counter not below `last` whose lower half is `fCnt16` (section 4.3.1.5). A counter that went back
 * shows up as a large `gap`; only the integrity code, tried also with the bare 16 bits where resets are allowed, tells.
 * @param last the last accepted counter, or undefined at the start of a session
 * @returns undefined when the counter would pass 2^32-1: the session is exhausted
 */
export function reconstructFCnt(last: number | undefined, fCnt16: number): FCntCandidate | undefined {
  if (last === undefined) return { fCnt: fCnt16, kind: 'new', gap: 0 };
  const gap = (fCnt16 - (last % 0x10000) + 0x10000) % 0x10000;
  const fCnt = last + gap;
  if (fCnt > MAX_FCNT) return undefined;
  return { fCnt, kind: gap === 0 ? 'repeat' : 'new', gap };
}
