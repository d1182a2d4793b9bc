import { Rng, sameOctets } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import {
  blockChecksums,
  crc64,
  dataBlockMic,
  FragmentDecoder,
  FragmentEncoder,
  matchCrc64,
  ROW_RULES,
} from '../../src/index.ts';

const SEED = 'rule-mismatch-1';
const NB_FRAG = 50;
const FRAG_SIZE = 16;
const TRIALS = 60;
const pairs = ROW_RULES.flatMap((sent) =>
  ROW_RULES.filter((read) => read !== sent).map((read) => [sent, read] as const),
);

/** What a device of one rule makes of the fragments of another, five plain ones being lost. */
function misread(sent: (typeof ROW_RULES)[number], read: (typeof ROW_RULES)[number], rng: Rng) {
  const block = rng.octets(NB_FRAG * FRAG_SIZE - rng.below(FRAG_SIZE));
  const encoder = new FragmentEncoder({ block, fragSize: FRAG_SIZE, rule: sent });
  const { padding } = encoder;
  const decoder = new FragmentDecoder({ nbFrag: NB_FRAG, fragSize: FRAG_SIZE, padding, rule: read });
  const lost = new Set<number>();
  while (lost.size < 5) lost.add(1 + rng.below(NB_FRAG));
  for (let index = 1; index <= NB_FRAG + 60 && !decoder.complete; index++) {
    if (!lost.has(index)) decoder.receive(index, encoder.fragment(index));
  }
  return { block, padding, decoded: decoder.complete ? decoder.block() : undefined };
}

describe(`a device whose row rule is not the server's (seed ${SEED})`, () => {
  it.each(pairs)('sent as %s, read as %s: the wrong block is noticed by every integrity check', (sent, read) => {
    const rng = new Rng(`${SEED}/${sent}/${read}`);
    const key = rng.octets(16);
    const facts = { sessionCnt: 1, fragIndex: 0, descriptor: new Uint8Array(4) };
    let wrong = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      const { block, padding, decoded } = misread(sent, read, rng);
      if (decoded === undefined || sameOctets(decoded, block)) continue;
      wrong += 1;
      expect(matchCrc64(crc64(decoded), blockChecksums(block, padding))).toBeUndefined();
      expect(dataBlockMic(key, { ...facts, block: decoded })).not.toEqual(dataBlockMic(key, { ...facts, block }));
    }
    // Nothing but the check tells: the decoder completes all the same.
    expect(wrong).toBeGreaterThan(TRIALS / 2);
  });
});
