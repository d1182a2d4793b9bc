import { concatOctets, Rng, sameOctets } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { yardstickEncode } from '../../bench/yardstick.ts';
import { FragmentEncoder, MAX_FRAGMENT_INDEX, ROW_RULES, type RowRule } from '../../src/fec/index.ts';
import { nbFragUpTo, rowRule } from './arbitraries.ts';

const ENGINES = ['wasm', 'js'] as const;

const session = fc.record({
  nbFrag: nbFragUpTo(130),
  fragSize: fc.oneof(fc.integer({ min: 1, max: 255 }), fc.constantFrom(1, 15, 16, 17, 63, 64, 65, 128, 129, 255)),
  shortBy: fc.nat(),
  rule: rowRule,
  engine: fc.constantFrom(...ENGINES),
  seed: fc.nat(),
});

/** A block of `nbFrag` fragments, the last of them possibly not full. */
function blockOf(options: { nbFrag: number; fragSize: number; shortBy: number; seed: number }): Uint8Array {
  const { nbFrag, fragSize, shortBy, seed } = options;
  return new Rng(seed).octets(nbFrag * fragSize - (shortBy % fragSize));
}

/** Quicker than a deep comparison of thousands of octets; says which fragment differs. */
function expectSame(fragments: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  expect(fragments).toHaveLength(expected.length);
  expect(fragments.findIndex((fragment, i) => !sameOctets(fragment, expected[i] ?? new Uint8Array(0)))).toBe(-1);
}

describe('FragmentEncoder', () => {
  it('cuts the block and fills the last fragment with zeros', () => {
    const block = Uint8Array.from([1, 2, 3, 4, 5, 6, 7]);
    const encoder = new FragmentEncoder({ block, fragSize: 3, rule: 'v1' });
    expect(encoder).toMatchObject({ nbFrag: 3, padding: 2, fragSize: 3, rule: 'v1', maxParity: 16_380 });
    expect([1, 2, 3].map((n) => [...encoder.fragment(n)])).toEqual([
      [1, 2, 3],
      [4, 5, 6],
      [7, 0, 0],
    ]);
  });

  it('makes the fragments of a straight port of the specification', () => {
    fc.assert(
      fc.property(session, fc.integer({ min: 1, max: 40 }), (options, parity) => {
        const { fragSize, rule, engine } = options;
        const block = blockOf(options);
        const expected = yardstickEncode(block, fragSize, parity, rule);
        const encoder = new FragmentEncoder({ block, fragSize, rule, engine });
        const plain = Array.from({ length: encoder.nbFrag }, (_, i) => encoder.fragment(i + 1));
        expectSame([...plain, ...encoder.parity(encoder.nbFrag + 1, parity)], expected);
      }),
    );
  });

  it('gives the same in slices, one by one and out of order as in one piece', () => {
    fc.assert(
      fc.property(session, fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 }), (options, sizes) => {
        const { fragSize, rule, engine } = options;
        const encoder = new FragmentEncoder({ block: blockOf(options), fragSize, rule, engine });
        const first = encoder.nbFrag + 1;
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const whole = encoder.parity(first, total);
        expect(whole).toHaveLength(total);
        const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
        for (const i of [...sizes.keys()].reverse()) {
          const [start = 0, size = 0] = [starts[i], sizes[i]];
          expectSame(encoder.parity(first + start, size), whole.slice(start, start + size));
          expectSame([encoder.fragment(first + start)], whole.slice(start, start + 1));
        }
      }),
    );
  });

  it.each(ROW_RULES)('makes the same fragments with and without WebAssembly, up to the last index (%s)', (rule) => {
    const rng = new Rng(rule);
    for (const [nbFrag, fragSize] of [
      [1, 10],
      [2, 255],
      [1058, 239],
      [4096, 7],
      [16_000, 3],
    ] as const) {
      const block = rng.octets(nbFrag * fragSize - 1);
      const [wasm, js] = ENGINES.map((engine) => new FragmentEncoder({ block, fragSize, rule, engine }));
      const from = MAX_FRAGMENT_INDEX - 99;
      expectSame(wasm?.parity(from, 100) ?? [], js?.parity(from, 100) ?? []);
    }
  });

  it('keeps encoders apart that share an engine', () => {
    const rng = new Rng('apart');
    const encoders = ENGINES.flatMap((engine) =>
      [40, 200, 7].map((fragSize) => new FragmentEncoder({ block: rng.octets(9000), fragSize, rule: 'v1', engine })),
    );
    const once = encoders.map((encoder) => encoder.parity(encoder.nbFrag + 1, 20));
    const again = [...encoders].reverse().map((encoder) => encoder.parity(encoder.nbFrag + 1, 20));
    expect(again.reverse()).toEqual(once);
  });

  it.each(ENGINES)('does not notice changes to the block or to its fragments (%s)', (engine) => {
    const block = new Rng('changes').octets(5000);
    const encoder = new FragmentEncoder({ block, fragSize: 50, rule: 'v2r', engine });
    const before = concatOctets(...encoder.parity(101, 30));
    block.fill(0);
    encoder.fragment(1).fill(0);
    for (const fragment of encoder.parity(101, 30)) fragment.fill(0);
    expect(concatOctets(...encoder.parity(101, 30))).toEqual(before);
  });

  it('takes a block that is a view of something larger', () => {
    const large = new Rng('view').octets(3000);
    const view = large.subarray(501, 2501);
    for (const engine of ENGINES) {
      const ofView = new FragmentEncoder({ block: view, fragSize: 33, rule: 'v1', engine });
      const ofCopy = new FragmentEncoder({ block: view.slice(), fragSize: 33, rule: 'v1', engine });
      expect(ofView.parity(ofView.nbFrag + 1, 40)).toEqual(ofCopy.parity(ofCopy.nbFrag + 1, 40));
    }
  });

  it.each([0, 256, -1, 1.5, Number.NaN])('refuses a FragSize of %d octets', (fragSize) => {
    expect(() => new FragmentEncoder({ block: new Uint8Array(10), fragSize, rule: 'v1' })).toThrow(
      expect.objectContaining({ kind: 'caller', code: 'frag-size-invalid' }),
    );
  });

  it('refuses blocks that are empty or too large, and unknown rules', () => {
    const make = (octets: number, rule: string) => () =>
      new FragmentEncoder({ block: new Uint8Array(octets), fragSize: 2, rule: rule as RowRule });
    expect(make(0, 'v1')).toThrow(expect.objectContaining({ kind: 'caller', code: 'block-empty' }));
    expect(make(2 * 16_383 + 1, 'v1')).toThrow(expect.objectContaining({ kind: 'caller', code: 'nb-frag-too-large' }));
    expect(make(2 * 16_383, 'v1')().maxParity).toBe(0);
    expect(make(10, 'v2')).toThrow(expect.objectContaining({ kind: 'caller', code: 'row-rule-invalid' }));
  });

  it('refuses indices and counts that do not exist', () => {
    const encoder = new FragmentEncoder({ block: new Uint8Array(100), fragSize: 10, rule: 'v1' });
    const refused = (code: string) => expect.objectContaining({ kind: 'caller', code });
    for (const index of [0, -1, 1.5, Number.NaN, 16_384]) {
      expect(() => encoder.fragment(index)).toThrow(refused('fragment-index-invalid'));
      expect(() => encoder.parity(index, 1)).toThrow(refused('fragment-index-invalid'));
    }
    expect(() => encoder.parity(10, 1)).toThrow(refused('fragment-index-invalid'));
    expect(() => encoder.parity(16_383, 2)).toThrow(refused('fragment-index-invalid'));
    for (const count of [-1, 0.5, Number.NaN]) {
      expect(() => encoder.parity(11, count)).toThrow(refused('fragment-count-invalid'));
    }
    expect(encoder.parity(11, 0)).toEqual([]);
    expect(encoder.parity(16_383, 1)).toHaveLength(1);
  });
});
