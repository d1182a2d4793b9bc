import { profile, ts004 } from '@airlift/applayer';
import { fromHex } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HeardAnswer, judgeStatus, type StatusAnswer } from '../../src/evidence/index.ts';

const habits = (id: string) => profile(id).fragmentation;
const loramac = habits('loramac-node');
const modem = habits('basics-modem-v1');
const exact = habits('by-the-book-v1');

/** An answer with its numbers, to a question asked when `sent` was the highest number. */
const answer = (
  nbFragReceived: number,
  missingFrag: number,
  sent: number,
  more: Partial<StatusAnswer> = {},
): HeardAnswer => ({
  said: { fragIndex: 0, nbFragReceived, missingFrag, memoryError: false, ...more },
  asked: { fragIndex: 0, sentLow: sent, sentHigh: sent, sentByAnswer: sent },
});
const fresh = (nbFrag: number) => ({ nbFrag, staleNumbers: 'excluded' as const });

describe('answers that are evidence of nothing', () => {
  it('two octets swapped, as old LoRaMac-node sends them, from a device that heard 5 of 21', () => {
    const [message] = ts004.decode(1, 'up', fromHex('0100050000'));
    if (message?.name !== 'FragSessionStatusAns') throw new Error('not a status answer');
    const { FragIndex, NbFragReceived, MissingFrag } = message.fields;
    const said = answer(NbFragReceived, MissingFrag, 29, { fragIndex: FragIndex });
    expect(said.said).toMatchObject({ nbFragReceived: 1280 });
    for (const one of [exact, loramac, 'unknown'] as const) {
      expect(judgeStatus(one, { nbFrag: 21 }, said)).toEqual({ kind: 'impossible', why: 'octets-swapped' });
    }
  });

  it('what makes sense either way proves nothing, until a number tells the order', () => {
    // 0x0500 may be 5.
    const doubtful = answer(1280, 0, 1300);
    expect(judgeStatus(exact, { nbFrag: 1058 }, doubtful).kind).toBe('undecided');
    expect(judgeStatus(loramac, fresh(1058), doubtful).kind).toBe('undecided');
    const clear = answer(1058, 0, 1058);
    expect(judgeStatus(exact, { nbFrag: 1058 }, doubtful, [clear]).kind).toBe('complete');
  });

  it.each([
    ['other-index', answer(100, 0, 100, { fragIndex: 1 })],
    ['more-than-sent', answer(120, 0, 100)],
  ] as const)('%s', (why, said) => {
    expect(judgeStatus(exact, { nbFrag: 100 }, said)).toEqual({ kind: 'impossible', why });
  });

  it('repeats are fragments too', () => {
    const said = answer(3, 0, 1);
    const again = { ...said, asked: { ...said.asked, repeats: 4 } };
    expect(judgeStatus(exact, { nbFrag: 1 }, again).kind).toBe('complete');
    expect(judgeStatus(exact, { nbFrag: 1 }, said).kind).toBe('impossible');
  });

  it('the answer of a Dot that has nothing to tell', () => {
    const said = answer(0, 255, 900, { memoryError: true });
    expect(judgeStatus(habits('multitech-dot-4'), { nbFrag: 800 }, said)).toEqual({
      kind: 'impossible',
      why: 'placeholder',
    });
  });

  it('no session of that index', () => {
    const asked = answer(0, 0, 5).asked;
    expect(judgeStatus(habits('by-the-book-v2'), { nbFrag: 10 }, { said: 'no-session', asked }).kind).toBe(
      'no-session',
    );
  });
});

describe('by the book', () => {
  it('nothing missing is complete, with the MIC checked where the device has one', () => {
    expect(judgeStatus(exact, { nbFrag: 100 }, answer(104, 0, 120))).toMatchObject({
      kind: 'complete',
      proof: 'status-nothing-missing',
      errorRate: 0,
    });
    const second = habits('by-the-book-v2');
    expect(judgeStatus(second, { nbFrag: 100 }, answer(104, 0, 120, { micError: false }))).toMatchObject({
      proof: 'block-mic',
    });
    expect(judgeStatus(second, { nbFrag: 100 }, answer(104, 0, 120, { micError: true })).kind).toBe('corrupt');
    // The bit means nothing while something is missing.
    expect(judgeStatus(second, { nbFrag: 100 }, answer(95, 5, 120, { micError: true })).kind).toBe('incomplete');
  });

  it('tells what is missing, between the two ways to count it', () => {
    expect(judgeStatus(exact, { nbFrag: 1058 }, answer(950, 108, 1058))).toMatchObject({
      kind: 'incomplete',
      reception: { missing: { atLeast: 108, likely: 108, atMost: 108 }, heardAtLeast: 950 },
    });
    expect(judgeStatus(exact, { nbFrag: 1058 }, answer(1050, 108, 1168))).toMatchObject({
      reception: { missing: { atLeast: 8, likely: 8, atMost: 108 } },
    });
    expect(judgeStatus(exact, { nbFrag: 1058 }, answer(600, 255, 1058))).toMatchObject({
      reception: { missing: { atLeast: 458, atMost: 1058 } },
    });
  });

  it('a device that counts otherwise is not believed', () => {
    const odd = answer(100, 12, 100);
    expect(judgeStatus(exact, { nbFrag: 100 }, odd)).toEqual({ kind: 'impossible', why: 'contradictory' });
    expect(judgeStatus(exact, { nbFrag: 100 }, answer(160, 0, 160), [odd]).kind).toBe('impossible');
  });

  it('no gaps so far is not complete', () => {
    expect(judgeStatus(exact, { nbFrag: 100 }, answer(60, 0, 100))).toMatchObject({
      kind: 'incomplete',
      reception: { missing: { atLeast: 40 } },
    });
  });

  it('a Dot is believed when its checksum is right', () => {
    expect(judgeStatus(habits('multitech-dot-4'), { nbFrag: 100 }, answer(104, 0, 120))).toMatchObject({
      kind: 'undecided',
      isSettled: true,
    });
  });
});

describe('the last number and the plain losses modulo 256', () => {
  it('a number far below what was sent is that of a device that is done', () => {
    expect(judgeStatus(loramac, { nbFrag: 150 }, answer(169, 16, 190))).toMatchObject({
      kind: 'complete',
      proof: 'status-frozen',
    });
  });

  it('a fresh number is not', () => {
    const found = judgeStatus(loramac, { nbFrag: 150 }, answer(189, 16, 190));
    expect(found).toMatchObject({ kind: 'undecided', memory: 'enough', isSettled: false });
    // After that number an answer can prove it.
    const from = found.kind === 'undecided' ? found.provableFrom : undefined;
    expect(judgeStatus(loramac, { nbFrag: 150 }, answer(189, 16, from ?? 0)).kind).toBe('complete');
    expect(judgeStatus(loramac, { nbFrag: 150 }, answer(189, 16, (from ?? 0) - 1)).kind).toBe('undecided');
  });

  it('268 and 285 losses read as 12 and 29', () => {
    for (const [last, octet] of [
      [1005, 12],
      [1006, 29],
    ] as const) {
      expect(judgeStatus(loramac, { nbFrag: 900 }, answer(last, octet, 1006)).kind).not.toBe('complete');
    }
  });

  it('earlier answers tell how often the losses have wrapped', () => {
    const before = answer(400, 120, 400);
    const found = judgeStatus(loramac, { nbFrag: 900 }, answer(1290, 14, 1292), [before]);
    expect(found).toMatchObject({ kind: 'undecided', reception: { losses: { plain: 270 } } });
    const contradiction = judgeStatus(loramac, { nbFrag: 130 }, answer(129, 10, 130), [answer(100, 30, 100)]);
    expect(contradiction).toEqual({ kind: 'impossible', why: 'contradictory' });
  });

  it('the memory bit is never taken back: after a lossless reception it is of an earlier session', () => {
    const said = answer(80, 0, 88, { memoryError: true });
    expect(judgeStatus(loramac, fresh(80), said)).toMatchObject({ kind: 'complete', proof: 'status-lossless' });
    expect(judgeStatus(loramac, fresh(80), answer(85, 3, 120, { memoryError: true })).kind).toBe('undecided');
    expect(judgeStatus(loramac, fresh(80), answer(81, 30, 120, { memoryError: true }))).toMatchObject({
      kind: 'incomplete',
      memory: 'exhausted',
    });
  });

  it('the numbers of an earlier session look like a lossless reception', () => {
    const said = answer(80, 0, 100);
    expect(judgeStatus(loramac, { nbFrag: 80 }, said).kind).toBe('undecided');
    expect(judgeStatus(loramac, { nbFrag: 80 }, said, [answer(77, 0, 0)]).kind).toBe('complete');
    expect(judgeStatus(loramac, { nbFrag: 80 }, said, [answer(80, 0, 0)]).kind).toBe('undecided');
  });

  it('what no gateway in its reach has sent is not held against it', () => {
    const said = answer(169, 16, 190);
    const unaired = [{ first: 171, last: 190 }];
    expect(judgeStatus(loramac, { nbFrag: 150 }, { ...said, asked: { ...said.asked, unaired } }).kind).toBe(
      'undecided',
    );
  });

  it('fewer parity fragments than losses are not enough', () => {
    expect(judgeStatus(loramac, { nbFrag: 150 }, answer(160, 16, 190))).toMatchObject({
      kind: 'incomplete',
      reception: { missing: { atLeast: 6, atMost: 16 } },
    });
  });
});

describe('the last number less the losses, and 1 after a lossless reception', () => {
  it('asked right after the plain fragments, 1 and all received is lossless', () => {
    expect(judgeStatus(modem, { nbFrag: 100 }, answer(100, 1, 100))).toMatchObject({ proof: 'status-lossless' });
    expect(judgeStatus(modem, { nbFrag: 100 }, answer(100, 1, 101)).kind).toBe('undecided');
    expect(judgeStatus(modem, { nbFrag: 100 }, answer(100, 1, 140), [answer(100, 1, 101)])).toMatchObject({
      proof: 'status-frozen',
    });
    expect(judgeStatus(modem, { nbFrag: 100 }, answer(99, 1, 100)).kind).toBe('incomplete');
  });

  it('nothing missing is complete unless 256 may be', () => {
    expect(judgeStatus(modem, { nbFrag: 100 }, answer(110, 0, 125))).toMatchObject({ proof: 'status-nothing-missing' });
    expect(judgeStatus(modem, { nbFrag: 1058 }, answer(1196, 0, 1520)).kind).toBe('undecided');
    const chain = [answer(741, 61, 1058), answer(1100, 150, 1290)];
    expect(judgeStatus(modem, { nbFrag: 1058 }, answer(1196, 0, 1520), chain).kind).toBe('complete');
  });

  it('before the first fragment it says that it lacks all, next to an old number', () => {
    expect(judgeStatus(modem, { nbFrag: 256 }, answer(256, 0, 300)).kind).toBe('undecided');
  });
});

describe('all that was heard', () => {
  const zephyr = habits('zephyr');

  it('nothing missing is no proof; so many beyond NbFrag are', () => {
    expect(judgeStatus(zephyr, { nbFrag: 200 }, answer(203, 0, 230)).kind).toBe('undecided');
    expect(judgeStatus(zephyr, { nbFrag: 200 }, answer(223, 0, 250))).toMatchObject({ proof: 'status-surplus' });
    expect(judgeStatus(zephyr, { nbFrag: 200 }, answer(200, 0, 200))).toMatchObject({ proof: 'status-lossless' });
  });

  it('not with more losses than its memory is for, nor with rows that repeat themselves', () => {
    expect(judgeStatus(zephyr, { nbFrag: 200 }, answer(223, 0, 300))).toMatchObject({
      kind: 'undecided',
      memory: 'in-doubt',
    });
    expect(judgeStatus(zephyr, { nbFrag: 320 }, answer(344, 0, 370)).kind).toBe('undecided');
  });

  it('the two numbers must fit', () => {
    expect(judgeStatus(zephyr, { nbFrag: 200 }, answer(190, 0, 230))).toEqual({
      kind: 'impossible',
      why: 'contradictory',
    });
  });
});

describe('any answer', () => {
  const profiles = ['by-the-book-v1', 'loramac-node', 'basics-modem-v1', 'zephyr', 'multitech-dot-4', 'stm32cubewl-v2'];
  const anyAnswer = fc.record({
    received: fc.nat(16_383),
    missing: fc.nat(255),
    bit: fc.boolean(),
    sent: fc.nat(3000),
    nbFrag: fc.integer({ min: 1, max: 1500 }),
    id: fc.constantFrom(...profiles),
  });

  it('is bounded in order, never judged complete before the plain fragments are out, and alike each time', () => {
    fc.assert(
      fc.property(anyAnswer, ({ received, missing, bit, sent, nbFrag, id }) => {
        const said = answer(received, missing, sent, { memoryError: bit });
        const found = judgeStatus(habits(id), { nbFrag }, said);
        expect(judgeStatus(habits(id), { nbFrag }, said)).toEqual(found);
        if (found.kind === 'complete') {
          expect(sent).toBeGreaterThanOrEqual(nbFrag);
          expect(found.errorRate).toBeLessThanOrEqual(1e-5);
        }
        if (received > sent) expect(found.kind).toBe('impossible');
        if (!('reception' in found)) return;
        const { atLeast, likely, atMost } = found.reception.missing;
        expect(atLeast).toBeLessThanOrEqual(likely);
        expect(likely).toBeLessThanOrEqual(atMost);
        expect(atMost).toBeLessThanOrEqual(nbFrag);
        expect(found.reception.heardAtLeast).toBeLessThanOrEqual(sent);
      }),
      { numRuns: 3000 },
    );
  });

  it('of an unnamed stack proves no more than it would of each', () => {
    fc.assert(
      fc.property(anyAnswer, ({ received, missing, bit, sent, nbFrag }) => {
        const said = answer(received, missing, sent, { memoryError: bit });
        if (judgeStatus('unknown', { nbFrag }, said).kind !== 'complete') return;
        for (const id of ['by-the-book-v1', 'loramac-node', 'basics-modem-v1', 'zephyr']) {
          expect(['complete', 'impossible']).toContain(judgeStatus(habits(id), { nbFrag }, said).kind);
        }
      }),
    );
  });
});
