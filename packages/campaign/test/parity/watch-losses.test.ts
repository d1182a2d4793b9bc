import { describe, expect, it } from 'vitest';
import { losesTooMuch, nextWatch } from '../../src/parity/index.ts';

describe('watching devices whose decoders mend only so many losses', () => {
  it('asks where a device in a bad place would come to its limit', () => {
    expect(nextWatch(1058, 0, [{ maxLosses: 150 }])).toBe(600);
    expect(nextWatch(1058, 0, [{ maxLosses: 300 }])).toBeUndefined();
    expect(nextWatch(21, 0, [{ maxLosses: 5 }])).toBeUndefined();
  });

  it('asks again before the losses told can reach the limit, and not when they cannot', () => {
    expect(nextWatch(1058, 600, [{ at: 600, lost: 30, maxLosses: 150 }])).toBeUndefined();
    const next = nextWatch(1058, 600, [{ at: 600, lost: 100, maxLosses: 150 }]);
    expect(next).toBeGreaterThan(600);
    expect(next).toBeLessThan(900);
    expect(nextWatch(1058, 600, [{ at: 600, lost: 160, maxLosses: 150 }])).toBeUndefined();
  });

  it('tells who will lose too much', () => {
    expect(losesTooMuch({ at: 600, lost: 160, maxLosses: 150 }, 1058)).toBe('yes');
    expect(losesTooMuch({ at: 600, lost: 100, maxLosses: 150 }, 1058)).toBe('likely');
    expect(losesTooMuch({ at: 600, lost: 30, maxLosses: 150 }, 1058)).toBe('no');
  });
});
