import { describe, expect, it } from 'vitest';
import { minimumFrames } from '../../src/fec/minimum-frames.ts';

/** By N and loss: for 1, 10, 100 and 1000 devices the mean of an MDS code and of a dense binary one, published values. */
const TABLE: readonly (readonly [number, number, readonly (readonly [number, number])[]])[] = [
  [
    500,
    0.05,
    [
      [526.3, 528.0],
      [534.7, 536.9],
      [540.5, 543.1],
      [545.1, 548.1],
    ],
  ],
  [
    500,
    0.1,
    [
      [555.6, 557.3],
      [568.0, 570.1],
      [576.3, 578.8],
      [582.9, 585.7],
    ],
  ],
  [
    500,
    0.2,
    [
      [625.0, 627.0],
      [644.6, 647.0],
      [657.7, 660.2],
      [667.9, 670.6],
    ],
  ],
  [
    500,
    0.3,
    [
      [714.3, 716.6],
      [741.7, 744.3],
      [759.8, 762.7],
      [774.0, 777.0],
    ],
  ],
  [
    1058,
    0.05,
    [
      [1113.7, 1115.4],
      [1125.8, 1127.8],
      [1133.9, 1136.1],
      [1140.2, 1142.7],
    ],
  ],
  [
    1058,
    0.1,
    [
      [1175.6, 1177.3],
      [1193.5, 1195.5],
      [1205.3, 1207.5],
      [1214.5, 1216.9],
    ],
  ],
  [
    1058,
    0.2,
    [
      [1322.5, 1324.5],
      [1350.9, 1353.1],
      [1369.4, 1371.8],
      [1383.8, 1386.3],
    ],
  ],
  [
    1058,
    0.3,
    [
      [1511.4, 1513.7],
      [1551.1, 1553.6],
      [1576.9, 1579.6],
      [1596.9, 1599.7],
    ],
  ],
];

describe('the mean number of frames until the last device is complete', () => {
  it.each(TABLE)('is as known for N = %d at a loss of %d', (fragments, loss, cells) => {
    cells.forEach(([mds, gf2], power) => {
      const broadcast = { fragments, loss, devices: 10 ** power };
      expect(Math.abs(minimumFrames(broadcast) - mds)).toBeLessThan(0.06);
      expect(Math.abs(minimumFrames({ ...broadcast, code: 'gf2' }) - gf2)).toBeLessThan(0.11);
    });
  });

  it('is N without losses, and N/(1-p) for one device', () => {
    expect(minimumFrames({ fragments: 1058, loss: 0, devices: 1000 })).toBe(1058);
    expect(minimumFrames({ fragments: 1, loss: 0.5, devices: 1 })).toBeCloseTo(2, 6);
    expect(minimumFrames({ fragments: 4000, loss: 0.5, devices: 1 })).toBeCloseTo(8000, 3);
  });

  it.each([
    { fragments: 0, loss: 0.1, devices: 1 },
    { fragments: 10, loss: 1, devices: 1 },
    { fragments: 10, loss: 0.1, devices: 0.5 },
  ])('is not there for %o', (broadcast) => {
    expect(() => minimumFrames(broadcast)).toThrow(expect.objectContaining({ code: 'broadcast-invalid' }));
  });
});
