import { describe, expect, it } from 'vitest';
import { TrustTable } from '../src/index.ts';

const valuesOf = (table: TrustTable<string, number>): number[] => [...table.values()];

describe('a trust table', () => {
  it('keeps those it trusts through any number of strangers', () => {
    const table = new TrustTable<string, number>(10);
    table.add('real', -1);
    table.trust('real');
    for (let i = 0; i < 1_000; i++) table.add(`invented ${i}`, i);
    expect(table.size).toBe(10);
    expect(table.get('real')).toBe(-1);
    expect(table.isTrusted('real')).toBe(true);
    expect(valuesOf(table)).toEqual([-1, 991, 992, 993, 994, 995, 996, 997, 998, 999]);
  });

  it('forgets the stranger that was touched longest ago', () => {
    const table = new TrustTable<string, number>(3);
    for (const [place, key] of ['a', 'b', 'c'].entries()) table.add(key, place);
    table.touch('a');
    table.add('d', 3);
    expect([table.get('a'), table.get('b'), table.get('c'), table.get('d')]).toEqual([0, undefined, 2, 3]);
  });

  it('forgets somebody it trusts only when there is no stranger', () => {
    const table = new TrustTable<string, number>(2);
    for (const [place, key] of ['a', 'b'].entries()) {
      table.add(key, place);
      table.trust(key);
    }
    table.touch('a');
    table.add('c', 2);
    table.add('d', 3);
    expect(valuesOf(table)).toEqual([0, 3]);
  });

  it('trusts nobody it does not know, and forgets on request', () => {
    const table = new TrustTable<string, number>(2);
    table.trust('a');
    expect(table.isTrusted('a')).toBe(false);
    table.add('a', 1);
    table.trust('a');
    table.delete('a');
    expect(table.size).toBe(0);
    expect(table.isTrusted('a')).toBe(false);
    table.add('b', 1);
    table.clear();
    expect(table.get('b')).toBeUndefined();
  });
});
