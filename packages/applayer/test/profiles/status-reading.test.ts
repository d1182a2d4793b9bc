import { describe, expect, test } from 'vitest';
import { profile, readStatus } from '../../src/index.ts';

/** [profile, NbFrag, NbFragReceived, MissingFrag, complete, missing at least, plain losses, why] */
type Row = [string, number, number, number, 'yes' | 'no' | 'unknown', number, number | undefined, string];

const rows: Row[] = [
  ['by-the-book-v1', 100, 60, 40, 'no', 40, undefined, 'still missing 40'],
  ['by-the-book-v1', 100, 101, 0, 'yes', 0, undefined, 'nothing missing'],
  ['by-the-book-v2', 1000, 10, 255, 'no', 255, undefined, '255 stands for all higher numbers'],
  ['by-the-book-v2', 1000, 1000, 0, 'yes', 0, undefined, 'saturates, so 0 is 0'],
  ['loramac-node', 21, 21, 0, 'yes', 0, 0, 'last number is NbFrag and no loss was counted'],
  ['loramac-node', 21, 24, 2, 'unknown', 0, 2, 'two were lost, recovered or not'],
  ['loramac-node', 21, 15, 1, 'no', 6, 1, 'the end has not been reached'],
  ['loramac-node', 21, 0, 0, 'no', 21, 0, 'nothing heard yet'],
  ['stm32cubewl-v1', 1000, 1010, 0, 'unknown', 0, undefined, '256 losses look like none'],
  ['stm32cubewl-v2', 1000, 1010, 3, 'unknown', 0, 3, 'three losses, or 259'],
  ['basics-modem-v1', 100, 100, 1, 'unknown', 0, undefined, 'ends at 1 after a lossless reception'],
  ['basics-modem-v1', 100, 102, 0, 'yes', 0, undefined, 'recovered'],
  ['basics-modem-v2', 100, 40, 0, 'no', 1, undefined, 'the end has not been reached'],
  ['basics-modem-v2', 100, 97, 3, 'no', 3, undefined, 'three missing'],
  ['zephyr', 100, 100, 0, 'unknown', 0, undefined, 'repeats and parity count as received'],
  ['zephyr', 100, 90, 10, 'no', 10, undefined, 'at least ten needed'],
];

describe('counts of a status answer', () => {
  test.each(rows)(
    '%s, NbFrag %i: received %i, missing %i',
    (id, nbFrag, received, missing, complete, atLeast, losses, why) => {
      const counts = { NbFragReceived: received, MissingFrag: missing };
      expect(readStatus(profile(id).fragmentation.status, nbFrag, counts), why).toEqual({
        complete,
        missingAtLeast: atLeast,
        plainLosses: losses,
      });
    },
  );
});
