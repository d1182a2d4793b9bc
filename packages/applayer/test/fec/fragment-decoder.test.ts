import { Rng } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FragmentDecoder,
  type FragmentDecoderOptions,
  FragmentEncoder,
  ParityRowCache,
  RankDecoder,
} from '../../src/fec/index.ts';
import { nbFragUpTo, rowRule } from './arbitraries.ts';
import { PlainRank, plainRow } from './plain-rows.ts';

/**
 * A session and the indices of fragments that arrive: drawn from all plain and twice as many parity fragments in random
 * order, some of them more than once, enough for completion or not.
 */
const transfer = fc
  .record({
    nbFrag: nbFragUpTo(70),
    fragSize: fc.integer({ min: 1, max: 40 }),
    shortBy: fc.nat(),
    rule: rowRule,
    engine: fc.constantFrom('wasm', 'js'),
    seed: fc.nat(),
    percent: fc.integer({ min: 0, max: 100 }),
  })
  .map(({ percent, ...session }) => {
    const rng = new Rng(`arrivals ${session.seed}`);
    const last = 3 * session.nbFrag + 12;
    const arrivals = Array.from({ length: Math.ceil(last * 0.015 * percent) }, () => 1 + rng.below(last));
    return { session, arrivals };
  });

describe('FragmentDecoder', () => {
  it('gives the block back as soon as the rank is full, in any order, with repeats, under every rule', () => {
    let completed = 0;
    fc.assert(
      fc.property(transfer, ({ session, arrivals }) => {
        const { nbFrag, fragSize, shortBy, rule, engine, seed } = session;
        const block = new Rng(seed).octets(nbFrag * fragSize - (shortBy % fragSize));
        const encoder = new FragmentEncoder({ block, fragSize, rule });
        const decoder = new FragmentDecoder({ nbFrag, fragSize, padding: encoder.padding, rule, engine });
        const expected = new PlainRank();
        for (const [i, index] of arrivals.entries()) {
          // As a Buffer, whose slice() would not copy.
          const fragment = Buffer.from(encoder.fragment(index));
          const rankBefore = expected.rank;
          expected.add(index <= nbFrag ? new Set([index - 1]) : plainRow(nbFrag, rule, index));
          const { rank } = expected;
          expect(decoder.receive(index, fragment)).toBe(rank > rankBefore);
          fragment.fill(0xee);
          const { complete, missing, receivedCount } = decoder;
          expect([decoder.rank, missing, complete, receivedCount]).toEqual([
            rank,
            nbFrag - rank,
            rank === nbFrag,
            i + 1,
          ]);
        }
        if (decoder.complete) {
          completed += 1;
          expect(decoder.block()).toEqual(block);
        } else {
          expect(() => decoder.block()).toThrow(expect.objectContaining({ code: 'block-incomplete' }));
        }
      }),
      { numRuns: 100 },
    );
    expect(completed).toBeGreaterThan(10);
  });

  it.each(['v1', 'v2r', 'v2a'] as const)('takes plain fragments that arrive after parity (%s)', (rule) => {
    const nbFrag = 60;
    const rng = new Rng(`late ${rule}`);
    const block = rng.octets(nbFrag * 20 - 7);
    const encoder = new FragmentEncoder({ block, fragSize: 20, rule });
    for (let round = 0; round < 20; round++) {
      const decoder = new FragmentDecoder({ nbFrag, fragSize: 20, padding: 7, rule });
      const plain = Array.from({ length: nbFrag }, (_, i) => i + 1).filter(() => rng.chance(0.4));
      const parity = Array.from({ length: 30 }, (_, i) => nbFrag + 1 + i + 30 * round);
      const rest = Array.from({ length: nbFrag }, (_, i) => i + 1);
      for (const index of [...plain, ...parity, ...rest]) {
        if (decoder.complete) break;
        decoder.receive(index, encoder.fragment(index));
      }
      expect(decoder.block()).toEqual(block);
      // What comes after changes nothing, not even before the block is computed.
      const late = new Uint8Array(20).fill(1);
      expect(decoder.receive(1, late)).toBe(false);
      expect(decoder.receive(nbFrag + 1, late)).toBe(false);
      expect(decoder.block()).toEqual(block);
    }
  });

  it('ignores what comes between completion and the computing of the block', () => {
    const block = new Rng('between').octets(100);
    const encoder = new FragmentEncoder({ block, fragSize: 10, rule: 'v1' });
    const decoder = new FragmentDecoder({ nbFrag: 10, fragSize: 10, padding: 0, rule: 'v1' });
    for (let index = 3; !decoder.complete; index++) decoder.receive(index, encoder.fragment(index));
    const missing = decoder.missingPlain;
    expect(missing).toBe(2);
    expect(decoder.receive(1, new Uint8Array(10))).toBe(false);
    expect(decoder.receive(2, new Uint8Array(10))).toBe(false);
    expect(decoder.missingPlain).toBe(missing);
    expect(decoder.block()).toEqual(block);
  });

  it.each(['v2r', 'v2a'] as const)('cannot do without any plain fragment when rows are even (%s)', (rule) => {
    const encoder = new FragmentEncoder({ block: new Rng('even').octets(64), fragSize: 4, rule });
    const decoder = new FragmentDecoder({ nbFrag: 16, fragSize: 4, padding: 0, rule });
    for (let index = 17; index <= 400; index++) decoder.receive(index, encoder.fragment(index));
    expect(decoder).toMatchObject({ rank: 15, missing: 1, complete: false, missingPlain: 16 });
    expect(decoder.receive(9, encoder.fragment(9))).toBe(true);
    expect(decoder.block()).toEqual(new Rng('even').octets(64));
  });

  it('never completes by parity for a single fragment', () => {
    const decoder = new FragmentDecoder({ nbFrag: 1, fragSize: 4, padding: 1, rule: 'v1' });
    expect(decoder.receive(2, new Uint8Array(4))).toBe(false);
    expect(decoder.complete).toBe(false);
    expect(decoder.receive(1, Uint8Array.of(7, 8, 9, 0))).toBe(true);
    expect([...decoder.block()]).toEqual([7, 8, 9]);
  });

  it('shares rows with others, but only with those of its own session', () => {
    const rows = new ParityRowCache(20, 'v2r');
    const options = { nbFrag: 20, fragSize: 5, padding: 0, rule: 'v2r', rows } as const;
    const encoder = new FragmentEncoder({ block: new Rng('shared').octets(100), fragSize: 5, rule: 'v2r' });
    for (let device = 0; device < 3; device++) {
      const decoder = new FragmentDecoder(options);
      for (let index = 4 + device; !decoder.complete; index++) decoder.receive(index, encoder.fragment(index));
      expect(decoder.block()).toEqual(new Rng('shared').octets(100));
    }
    const foreign = expect.objectContaining({ kind: 'caller', code: 'parity-rows-foreign' });
    expect(() => new FragmentDecoder({ ...options, nbFrag: 21 })).toThrow(foreign);
    expect(() => new FragmentDecoder({ ...options, rule: 'v2a' })).toThrow(foreign);
  });

  it.each<[Partial<FragmentDecoderOptions>, string]>([
    [{ nbFrag: 0 }, 'nb-frag-invalid'],
    [{ nbFrag: 1.5 }, 'nb-frag-invalid'],
    [{ nbFrag: 16_384 }, 'nb-frag-too-large'],
    [{ fragSize: 0 }, 'frag-size-invalid'],
    [{ fragSize: 256 }, 'frag-size-invalid'],
    [{ padding: -1 }, 'padding-invalid'],
    [{ padding: 8 }, 'padding-invalid'],
    [{ padding: 0.5 }, 'padding-invalid'],
    [{ rule: 'v2' as 'v1' }, 'row-rule-invalid'],
  ])('refuses %o', (change, code) => {
    const options: FragmentDecoderOptions = { nbFrag: 10, fragSize: 8, padding: 0, rule: 'v1', ...change };
    expect(() => new FragmentDecoder(options)).toThrow(expect.objectContaining({ kind: 'caller', code }));
  });

  it('refuses fragments of the wrong length or with impossible indices, and forgets them', () => {
    const decoder = new FragmentDecoder({ nbFrag: 10, fragSize: 8, padding: 0, rule: 'v1' });
    for (const length of [0, 7, 9]) {
      expect(() => decoder.receive(1, new Uint8Array(length))).toThrow(
        expect.objectContaining({ kind: 'caller', code: 'fragment-length-invalid' }),
      );
    }
    for (const index of [0, -1, 1.5, 16_384, Number.NaN]) {
      expect(() => decoder.receive(index, new Uint8Array(8))).toThrow(
        expect.objectContaining({ kind: 'caller', code: 'fragment-index-invalid' }),
      );
    }
    expect(decoder).toMatchObject({ receivedCount: 0, rank: 0 });
  });
});

describe('RankDecoder', () => {
  it('says of every fragment what the decoder with octets says', () => {
    fc.assert(
      fc.property(transfer, ({ session, arrivals }) => {
        const { nbFrag, fragSize, rule } = session;
        const rows = new ParityRowCache(nbFrag, rule);
        const ranks = new RankDecoder(rows);
        const decoder = new FragmentDecoder({ nbFrag, fragSize, padding: 0, rule, rows });
        for (const index of arrivals) {
          expect(ranks.receive(index)).toBe(decoder.receive(index, new Uint8Array(fragSize)));
          const { rank, missing, complete, missingPlain, receivedCount } = decoder;
          expect(ranks).toMatchObject({ rank, missing, complete, missingPlain, receivedCount });
        }
      }),
    );
  });

  it('knows which plain fragments it has', () => {
    const ranks = new RankDecoder(new ParityRowCache(40, 'v1'));
    for (const index of [1, 33, 40, 41]) ranks.receive(index);
    const had = Array.from({ length: 43 }, (_, i) => i - 1).filter((index) => ranks.hasPlain(index));
    expect(had).toEqual([1, 33, 40]);
    expect(ranks).toMatchObject({ nbFrag: 40, missingPlain: 37, rank: 4, missing: 36 });
  });

  it('refuses impossible indices', () => {
    const ranks = new RankDecoder(new ParityRowCache(40, 'v1'));
    for (const index of [0, -1, 1.5, 16_384, Number.NaN]) {
      expect(() => ranks.receive(index)).toThrow(expect.objectContaining({ code: 'fragment-index-invalid' }));
    }
    expect(ranks.receivedCount).toBe(0);
  });
});
