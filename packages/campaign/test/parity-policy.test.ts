import { ParityRowCache } from '@airlift/applayer';
import { Rng } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeviceState, Reception } from '../src/device-state.ts';
import { believedComplete, firstGoal, lastGoal, nextGoal, plannedGoal, SILENT_LIMIT } from '../src/parity-policy.ts';
import { Receiver, type ReportName } from './support/receivers.ts';

const reception = (more: Partial<Reception> = {}): Reception => ({
  nbFragReceived: 0,
  missingFrag: 0,
  sentByThen: 0,
  steadySince: 0,
  ...more,
});
const receiving = (said: Reception | undefined, silentFor = 0): DeviceState => ({
  kind: 'receiving',
  reception: said,
  silentFor,
});

describe('the first goal', () => {
  it.each([
    [1, 2],
    [10, 17],
    [100, 117],
    [214, 244],
    [1058, 1182],
  ])('for %i plain fragments is %i', (nbFrag, goal) => {
    expect(firstGoal(nbFrag)).toBe(goal);
  });
});

describe('the last goal', () => {
  it.each([
    [1, 206],
    [100, 800],
    [1058, 6548],
    [16_000, 16_383],
  ])('for %i plain fragments is %i', (nbFrag, goal) => {
    expect(lastGoal(nbFrag)).toBe(goal);
  });
});

describe('belief', () => {
  it('needs word from the device', () => {
    expect(believedComplete(undefined, 100, 16_383)).toBe(false);
  });

  it('is given to a device that misses nothing and heard the last plain fragment', () => {
    const said = reception({ nbFragReceived: 100, sentByThen: 100, steadySince: 100 });
    expect(believedComplete(said, 100, 100)).toBe(true);
    expect(believedComplete({ ...said, nbFragReceived: 99 }, 100, 117)).toBe(false);
  });

  it('is given to a device that lost a few plain fragments when many more coded ones followed', () => {
    const losses = (sent: number): Reception =>
      reception({ nbFragReceived: sent, missingFrag: 3, sentByThen: sent, steadySince: sent });
    expect(believedComplete(losses(108), 100, 108)).toBe(false);
    expect(believedComplete(losses(117), 100, 117)).toBe(true);
    expect(believedComplete({ ...losses(117), countsPlainLosses: true }, 100, 117)).toBe(true);
  });

  it('is not given to a device that lacks a few more after all that was sent', () => {
    // 18 of 117 lost: 99 heard, so one at least is lacking, and the device says so.
    const said = reception({ nbFragReceived: 98, missingFrag: 2, sentByThen: 117, steadySince: 117 });
    expect(believedComplete(said, 100, 117)).toBe(false);
    expect(nextGoal([receiving(said)], 100, 117, 1)).toBeGreaterThan(119);
    // However much is sent after that: only its next answer tells whether it heard it.
    expect(believedComplete(said, 100, 150)).toBe(false);
  });

  it('follows when a device says the same for so long that it must count losses', () => {
    const said = reception({ nbFragReceived: 100, missingFrag: 3, sentByThen: 130, steadySince: 117 });
    expect(believedComplete(said, 100, 130)).toBe(true);
    // Its radio may be dead: it says the same for ever then.
    expect(believedComplete({ ...said, nbFragReceived: 99 }, 100, 1_000)).toBe(false);
    expect(believedComplete({ ...said, steadySince: 125 }, 100, 130)).toBe(false);
  });

  it('is not given for "nothing missing" by a device that only subtracts', () => {
    const said = reception({ nbFragReceived: 101, sentByThen: 117, steadySince: 117, zeroIsOpen: true });
    expect(believedComplete(said, 100, 117)).toBe(false);
    expect(believedComplete({ ...said, nbFragReceived: 108 }, 100, 117)).toBe(true);
    expect(nextGoal([receiving(said)], 100, 117, 1)).toBeGreaterThan(117);
  });

  it('is given to a device whose losses count modulo 256 when it hears nothing more, though it answers', () => {
    // 268 of 900 lost, of which 12 are left; it hears a fragment now and then, and lacks some.
    const said = { missingFrag: 12, countsPlainLosses: true, overflows: true };
    const hearing = reception({
      ...said,
      nbFragReceived: 1_200,
      sentByThen: 1_201,
      steadySince: 1_000,
      frozenSince: 1_201,
    });
    expect(believedComplete(hearing, 900, 1_201)).toBe(false);
    expect(believedComplete({ ...hearing, sentByThen: 1_216 }, 900, 1_216)).toBe(false);
    expect(believedComplete({ ...hearing, sentByThen: 1_217 }, 900, 1_217)).toBe(true);
    // Up to 255 fragments nothing can overflow.
    expect(believedComplete({ ...hearing, nbFragReceived: 300, sentByThen: 300, frozenSince: 300 }, 250, 300)).toBe(
      true,
    );
  });

  it('is not given at 255 missing, which may be more', () => {
    const said = reception({ nbFragReceived: 1000, missingFrag: 255, sentByThen: 1500, steadySince: 1500 });
    expect(believedComplete(said, 1500, 1600)).toBe(false);
    expect(nextGoal([receiving(said)], 1500, 1600, 1)).toBeGreaterThan(2_000);
  });
});

describe('the next goal', () => {
  it('is what was sent when nobody receives any more', () => {
    const states: DeviceState[] = [
      { kind: 'pending' },
      { kind: 'ready' },
      { kind: 'done', evidence: 'crc64', at: 0 as never, reception: undefined },
    ];
    expect(nextGoal(states, 100, 117, 1)).toBe(117);
    expect(nextGoal([], 100, 117, 1)).toBe(117);
  });

  it('sends nothing for a device that did not answer: it is asked again first', () => {
    expect(nextGoal([receiving(undefined)], 100, 117, 1)).toBe(122);
    expect(nextGoal([receiving(undefined, 1)], 100, 117, 1)).toBe(117);
    expect(nextGoal([receiving(undefined, 4)], 100, 110, 4)).toBe(110);
  });

  it('counts what was sent before a late device came among its losses, and parity from then on', () => {
    const late = (said: Reception | undefined): DeviceState => ({
      kind: 'receiving',
      reception: said,
      silentFor: 0,
      from: 21,
    });
    // 20 missed, 8 lost of 80 by the prior, 5 in reserve.
    expect(nextGoal([late(undefined)], 100, 100, 1)).toBe(137);
    const losses = { missingFrag: 28, countsPlainLosses: true, nbFragReceived: 100, sentByThen: 100, steadySince: 100 };
    // A tenth of what was sent since is lost, not more than a quarter.
    expect(nextGoal([late(losses)], 100, 100, 1)).toBe(137);
  });

  it.each([
    ['by the fragments it heard', { nbFragReceived: 200, missingFrag: 0 }, 268],
    ['by what it says is missing now', { nbFragReceived: 244, missingFrag: 14, countsMissingNow: true }, 266],
    [
      'by its losses, when that is what it counts',
      { nbFragReceived: 244, missingFrag: 40, countsPlainLosses: true },
      270,
    ],
  ])('is where a device should have enough, %s', (_how, said, goal) => {
    expect(nextGoal([receiving(reception({ sentByThen: 244, steadySince: 244, ...said }))], 214, 244, 1)).toBe(goal);
  });

  it('follows the device in the greatest need', () => {
    const good = receiving(reception({ nbFragReceived: 117, sentByThen: 117 }));
    const bad = receiving(reception({ nbFragReceived: 90, missingFrag: 25, sentByThen: 117 }));
    const alone = nextGoal([bad], 100, 117, 1);
    expect(alone).toBeGreaterThan(130);
    expect(nextGoal([good, bad, good], 100, 117, 1)).toBe(alone);
    expect(nextGoal([good], 100, 117, 1)).toBe(117);
  });

  const anyReception = fc.record({
    nbFragReceived: fc.nat(16_383),
    missingFrag: fc.nat(255),
    sentByThen: fc.nat(16_383),
    steadySince: fc.nat(16_383),
    countsPlainLosses: fc.boolean(),
    zeroIsOpen: fc.boolean(),
  });
  const anyState = fc.record({
    kind: fc.constant('receiving' as const),
    reception: fc.option(anyReception, { nil: undefined }),
    silentFor: fc.nat(4),
  });

  it('is an integer, never below what was sent and never above the last goal', () => {
    fc.assert(
      fc.property(
        fc.array(anyState, { maxLength: 8 }),
        fc.integer({ min: 1, max: 14_000 }),
        fc.nat(700),
        fc.integer({ min: 0, max: 8 }),
        (states, nbFrag, parity, requests) => {
          const sent = Math.min(nbFrag + parity, 16_383);
          const goal = nextGoal(states, nbFrag, sent, requests);
          expect(Number.isInteger(goal)).toBe(true);
          expect(goal).toBeGreaterThanOrEqual(sent);
          expect(goal).toBeLessThanOrEqual(Math.max(sent, lastGoal(nbFrag)));
        },
      ),
    );
  });

  it('stands when all that can be reached are believed complete, and moves on when one is not', () => {
    fc.assert(
      fc.property(
        fc.array(anyState, { maxLength: 8 }),
        fc.integer({ min: 1, max: 2_000 }),
        fc.nat(300),
        (states, nbFrag, parity) => {
          const sent = nbFrag + parity;
          const open = states.filter(({ reception: said }) => !believedComplete(said, nbFrag, sent));
          const goal = nextGoal(states, nbFrag, sent, 1);
          const isAsking = open.some(({ silentFor }) => silentFor === 0);
          if (isAsking && sent < plannedGoal(nbFrag)) expect(goal).toBeGreaterThan(sent);
          if (open.every(({ silentFor }) => silentFor >= SILENT_LIMIT)) expect(goal).toBe(sent);
        },
      ),
    );
  });

  it('once believed, a device stays believed whatever else is sent', () => {
    fc.assert(
      fc.property(
        anyReception,
        fc.integer({ min: 1, max: 4_000 }),
        fc.nat(4_000),
        fc.nat(2_000),
        (said, nbFrag, sent, more) => {
          if (believedComplete(said, nbFrag, sent)) expect(believedComplete(said, nbFrag, sent + more)).toBe(true);
        },
      ),
    );
  });
});

// ---- whole broadcasts ------------------------------------------------------------------------------------------------

const MOST_REQUESTS = 8;

interface Broadcast {
  readonly sent: number;
  readonly requests: number;
  readonly receivers: readonly Receiver[];
}

/** Lets the policy serve devices; those that report completion themselves are not asked any more. */
function broadcast(options: {
  readonly rows: ParityRowCache;
  readonly devices: number;
  readonly loss: number;
  readonly report: ReportName;
  readonly reportsCompletion: boolean;
  readonly isKnown: boolean;
  readonly answerLoss?: number;
  readonly rng: Rng;
}): Broadcast {
  const { rows, loss, rng, reportsCompletion, answerLoss = 0 } = options;
  const { nbFrag } = rows;
  const receivers = Array.from({ length: options.devices }, () => new Receiver(rows, options.report, options.isKnown));
  const open = (): Receiver[] => receivers.filter((one) => !(reportsCompletion && one.complete));
  let sent = 0;
  let goal = firstGoal(nbFrag);
  for (let requests = 0; ; ) {
    while (sent < goal && open().length > 0) {
      sent += 1;
      for (const receiver of open()) if (!rng.chance(loss)) receiver.hear(sent);
    }
    if (open().length === 0 || requests === MOST_REQUESTS) return { sent, requests, receivers };
    requests += 1;
    for (const receiver of open()) {
      receiver.asked();
      if (!rng.chance(answerLoss)) receiver.answer(sent);
    }
    goal = nextGoal(
      open().map((receiver) => receiver.state),
      nbFrag,
      sent,
      requests,
    );
    const unheard = open().some(({ state, reception: said }) => {
      const silentFor = state.kind === 'receiving' ? state.silentFor : 0;
      return silentFor > 0 && silentFor < SILENT_LIMIT && !believedComplete(said, nbFrag, sent);
    });
    if (goal <= sent && !unheard) return { sent, requests, receivers };
  }
}

/** E[max] of table A2: fragments to send until the worst of so many devices is complete. */
function expectedMax(nbFrag: number, loss: number, devices: number): number {
  const enough = Array.from({ length: 40 }, (_, extra) => {
    let product = 1;
    for (let j = extra + 1; j < 60; j++) product *= 1 - 2 ** -j;
    return product;
  });
  // Chance of k heard of t sent, kept for k around NbFrag only.
  let mean = 0;
  let heard = new Float64Array(nbFrag + 60);
  heard[0] = 1;
  for (let t = 0; t < 2 * nbFrag + 200; t++) {
    let complete = 0;
    let atLeast = 1;
    for (let k = 0; k < nbFrag + 40; k++) {
      const p = heard[k] ?? 0;
      atLeast -= p;
      if (k >= nbFrag) complete += p * (enough[k - nbFrag] ?? 1);
    }
    mean += 1 - Math.min(1, complete + Math.max(0, atLeast)) ** devices;
    const next = new Float64Array(heard.length);
    for (let k = 0; k < heard.length; k++) {
      next[k] = (heard[k] ?? 0) * loss + (k === 0 ? 0 : (heard[k - 1] ?? 0)) * (1 - loss);
    }
    heard = next;
  }
  return mean;
}

describe('the limit that broadcasts are measured by', () => {
  it.each([
    [500, 0.1, 1, 557.3],
    [500, 0.1, 10, 570.1],
    [500, 0.2, 100, 660.2],
    [1058, 0.1, 10, 1195.5],
    [1058, 0.3, 1, 1513.7],
  ])('is that of table A2: %i fragments, loss %f, %i devices: %f', (nbFrag, loss, devices, expected) => {
    expect(Math.abs(expectedMax(nbFrag, loss, devices) - expected)).toBeLessThan(0.15);
  });
});

const SEED = 'parity-policy-1';

describe.each([
  { nbFrag: 214, devices: 20, loss: 0.1, trials: 60, slack: 0.02 },
  { nbFrag: 214, devices: 20, loss: 0.01, trials: 30, slack: 0.02 },
  { nbFrag: 214, devices: 5, loss: 0.3, trials: 30, slack: 0.02 },
  { nbFrag: 500, devices: 10, loss: 0.2, trials: 20, slack: 0.02 },
  // The first rows of a small matrix leave columns out, so that it takes more than the theory of random ones says.
  { nbFrag: 40, devices: 50, loss: 0.05, trials: 40, slack: 0.15 },
])('$nbFrag fragments to $devices devices with a loss of $loss', ({ nbFrag, devices, loss, trials, slack }) => {
  const rows = new ParityRowCache(nbFrag, 'v1');
  const limit = expectedMax(nbFrag, loss, devices);
  const runs = (
    report: ReportName,
    how: { readonly reportsCompletion: boolean; readonly isKnown: boolean; readonly answerLoss: number },
  ): readonly Broadcast[] =>
    Array.from({ length: trials }, (_, trial) => {
      const rng = new Rng(SEED).fork(`${nbFrag}/${loss}/${report}/${JSON.stringify(how)}/${trial}`);
      return broadcast({ rows, devices, loss, report, rng, ...how });
    });
  const mean = (all: readonly Broadcast[]): number => all.reduce((sum, one) => sum + one.sent, 0) / all.length;
  const hint = `seed ${SEED}`;

  it.each(['rank', 'plain'] as const)(
    'serves all that report completion (%s), with no more frames than needed',
    (report) => {
      const all = runs(report, { reportsCompletion: true, isKnown: true, answerLoss: 0 });
      expect(
        all.flatMap((one) => one.receivers).filter((one) => !one.complete),
        hint,
      ).toHaveLength(0);
      expect(Math.abs(mean(all) / limit - 1), `${mean(all)} for ${limit}, ${hint}`).toBeLessThan(slack);
    },
  );

  it.each([
    ['rank', true],
    ['rank', false],
    ['plain', true],
    ['plain', false],
    ['losses', true],
    ['losses', false],
    ['modem', false],
    ['difference', true],
    ['difference', false],
  ] as const)(
    'believes the right ones of those that only answer when asked (%s, known: %s), at a bounded price',
    (report, isKnown) => {
      const all = runs(report, { reportsCompletion: false, isKnown, answerLoss: 0.05 });
      const believed = all.flatMap((one) =>
        one.receivers.map(
          (receiver) => [believedComplete(receiver.reception, nbFrag, one.sent), receiver.complete] as const,
        ),
      );
      const wrongly = believed.filter(([belief, complete]) => belief && !complete).length;
      const missed = believed.filter(([belief, complete]) => !belief && complete).length;
      const incomplete = believed.filter(([, complete]) => !complete).length;
      const { length } = believed;
      const words = `${wrongly} wrongly believed, ${missed} not believed, ${incomplete} incomplete of ${length}`;
      const facts = `${words}; ${mean(all)} frames for ${limit}; ${hint}`;
      // Few rows of a small matrix may leave a column out: more is lacking then than the law of large numbers allows.
      expect(wrongly / length, facts).toBeLessThan(0.01);
      expect(missed / length, facts).toBeLessThan(0.03);
      expect(incomplete / length, facts).toBeLessThan(0.01);
      expect(mean(all), facts).toBeLessThan(limit * 1.2 + 15);
    },
  );
});
