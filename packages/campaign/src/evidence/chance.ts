import { TOLERATED_ERROR } from './finding.ts';

/** Devices that lose more than this cannot follow a broadcast; no estimate goes beyond. */
export const WORST_LOSS = 0.6;

/**
 * Losses come in runs: after one fragment was missed, the next is missed at least this often, whatever the mean loss is
 * (mean run of two fragments).
 */
const RUN_ON = 0.5;

/** Upper bound of a loss rate, of `lost` in `sent`: four standard deviations and a little for small numbers. */
export function lossBound(lost: number, sent: number): number {
  if (sent <= 0) return WORST_LOSS;
  const rate = lost / sent;
  return Math.min(WORST_LOSS, rate + 4 * Math.sqrt((rate * (1 - rate)) / sent) + 8 / sent);
}

/** Probability that a device that listens misses `count` fragments one after the other. */
export function missedInARow(count: number, loss: number): number {
  if (count <= 0) return 1;
  return loss * Math.max(loss, RUN_ON) ** (count - 1);
}

/** The fewest fragments that nobody who listens misses one after the other, at the tolerated error. */
export function tellingRun(loss: number): number {
  if (loss <= TOLERATED_ERROR) return 1;
  return Math.max(1, 1 + Math.ceil(Math.log(TOLERATED_ERROR / loss) / Math.log(Math.max(loss, RUN_ON))));
}

/** What the rows of the specification lack of randomness, as a factor: seen in 20,000 decodings each of many sizes. */
const ROWS_WORSE_BY = 64;

/**
 * Probability that a decoder that heard `surplus` fragments more than the block has still lacks some: 2^-surplus for a
 * random binary code, and a wide margin. Only where `rowsAreRandom`.
 */
export function undecodedAfter(surplus: number): number {
  return surplus < 0 ? 1 : Math.min(1, ROWS_WORSE_BY * 2 ** -surplus);
}

/** The surplus at which the tolerated error is reached. */
export const TELLING_SURPLUS = Math.ceil(Math.log2(ROWS_WORSE_BY / TOLERATED_ERROR));

/** Below so many fragments the rows are too sparse. */
const MANY = 128;

/** Whether the parity rows of a block of this size behave like random ones. */
export function rowsAreRandom(nbFrag: number): boolean {
  return nbFrag >= MANY && !hasUnluckyRows(nbFrag);
}

/**
 * Whether NbFrag is a multiple of 16 and no power of two. The columns of a row are remainders by NbFrag, so such rows
 * repeat the low bits of their generator: with 192, 320, 384, 768 or 960 fragments one device in 30 needs tens or hundreds of
 * fragments more than it lost. Another FragSize avoids it.
 */
export function hasUnluckyRows(nbFrag: number): boolean {
  return nbFrag % 16 === 0 && (nbFrag & (nbFrag - 1)) !== 0;
}

/** Share of plain losses that a decoder mends when its profile names no number (the default of Zephyr's build). */
export const TOLERATED_SHARE = 0.2;
