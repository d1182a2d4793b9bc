import fc from 'fast-check';
import { MAX_FRAGMENT_INDEX, ROW_RULES } from '../../src/fec/index.ts';

export const rowRule = fc.constantFrom(...ROW_RULES);

/** NbFrag up to `max`, powers of two and their neighbours more often than chance has them. */
export function nbFragUpTo(max: number): fc.Arbitrary<number> {
  const special = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256, 257, 1023, 1024, 8192, 16_382];
  return fc.oneof(fc.integer({ min: 1, max }), fc.constantFrom(...special.filter((n) => n <= max)));
}

/** The index of a parity fragment of a session with that many plain ones. */
export function parityIndex(nbFrag: number): fc.Arbitrary<number> {
  return fc.integer({ min: nbFrag + 1, max: MAX_FRAGMENT_INDEX });
}
