import { type SteadyMs, steadyMs } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DevicesView,
  dueAt,
  type JobEvent,
  type JobPacing,
  type JobStep,
  jobStep,
  MOST_ROUNDS,
} from '../src/job-machine.ts';
import type { JobPlan } from '../src/job-plan.ts';
import type { BroadcastPhase, GroupFrame, JobState, SessionPlan } from '../src/job-state.ts';
import { SAMPLE_AT, SAMPLE_SESSION, sampleFotaPlan, sampleMessagePlan } from '../src/testing/index.ts';
import { kindsOf } from './support/kinds.ts';

const PACING: JobPacing = { plainMs: 1_500, parityMs: 3_000, shortMs: 1_000, listenMs: 20_000, sustainedMs: 100 };
const FOTA = sampleFotaPlan({ nbFrag: 10, firstGoal: 17 });
const MESSAGE = sampleMessagePlan();
const LAUNCH = SAMPLE_SESSION.launchAt;
/** The last instant at which a frame may still be sent. */
const OVER = steadyMs(LAUNCH + 2 ** SAMPLE_SESSION.timeOutExponent * 1_000 - 1_000);
const MID = steadyMs(LAUNCH + 60_000);

const view = (more: Partial<DevicesView> = {}): DevicesView => ({
  total: 4,
  ready: 0,
  receiving: 2,
  awaited: 0,
  joining: 0,
  unheard: 0,
  worthAnotherRound: 0,
  nextGoal: (sent) => sent,
  ...more,
});

type Broadcasting = Extract<JobState, { kind: 'broadcasting' }>;

const PLAIN: GroupFrame = { kind: 'plain', number: 8 };
const broadcasting = (phase: BroadcastPhase, more: Partial<Broadcasting> = {}): Broadcasting => ({
  kind: 'broadcasting',
  startedAt: SAMPLE_AT,
  round: 1,
  session: SAMPLE_SESSION,
  phase,
  sent: 7,
  goal: 17,
  statusRequests: 0,
  percent: 20,
  ...more,
});
const PACING_PHASE: BroadcastPhase = { kind: 'pacing', until: MID };
const SENDING: BroadcastPhase = { kind: 'sending', frame: PLAIN, refusals: 0, since: MID };
const setup = (session: SessionPlan = SAMPLE_SESSION): JobState => ({
  kind: 'setup',
  startedAt: SAMPLE_AT,
  round: 1,
  session,
  percent: 2,
});
const teardown = (more: { readonly sent?: number; readonly round?: number } = {}): JobState => ({
  kind: 'teardown',
  startedAt: SAMPLE_AT,
  round: 1,
  session: SAMPLE_SESSION,
  sent: 17,
  until: MID,
  percent: 90,
  ...more,
});

/** State kinds; `broadcasting` once for every phase. */
const STATES = {
  scheduled: { kind: 'scheduled' },
  setup: setup(),
  'broadcasting/pacing': broadcasting(PACING_PHASE),
  'broadcasting/sending': broadcasting(SENDING),
  'broadcasting/holding': broadcasting({ kind: 'holding', frame: PLAIN, refusals: 1, until: MID }),
  'broadcasting/listening': broadcasting(
    { kind: 'listening', until: steadyMs(MID + 20_000) },
    { sent: 17, statusRequests: 1 },
  ),
  teardown: teardown(),
  complete: { kind: 'complete', startedAt: SAMPLE_AT, completedAt: MID },
  cancelled: { kind: 'cancelled', at: MID },
} as const satisfies Readonly<Record<string, JobState>>;

type StateName = keyof typeof STATES;
type EventName = 'due' | 'due early' | 'frame on-air' | 'frame refused' | 'device-settled' | 'server-restarted';

const EVENTS: { readonly [E in EventName]: JobEvent } = {
  due: { kind: 'due' },
  'due early': { kind: 'due' },
  'frame on-air': { kind: 'frame', frame: PLAIN, fate: 'on-air', at: MID },
  'frame refused': { kind: 'frame', frame: PLAIN, fate: 'refused', at: MID },
  'device-settled': { kind: 'device-settled' },
  'server-restarted': { kind: 'server-restarted' },
};

const SAME = 'same';
const NOTHING = {
  due: SAME,
  'due early': SAME,
  'frame on-air': SAME,
  'frame refused': SAME,
  'device-settled': SAME,
  'server-restarted': SAME,
};

/** With two devices receiving and one frame, plain 8, under way. */
const TABLE: { readonly [S in StateName]: { readonly [E in EventName]: string } } = {
  // Started by the engine, which has to draw a session first.
  scheduled: NOTHING,
  setup: { ...NOTHING, due: 'broadcasting/pacing + launch' },
  'broadcasting/pacing': { ...NOTHING, due: 'broadcasting/sending plain 8 + send plain 8' },
  'broadcasting/sending': {
    ...NOTHING,
    due: 'broadcasting/holding plain 8',
    'frame on-air': 'broadcasting/pacing',
    'frame refused': 'broadcasting/holding plain 8',
    'server-restarted': 'broadcasting/sending plain 8 + send plain 8',
  },
  'broadcasting/holding': { ...NOTHING, due: 'broadcasting/sending plain 8 + send plain 8' },
  'broadcasting/listening': { ...NOTHING, due: 'teardown', 'device-settled': 'broadcasting/listening' },
  teardown: { ...NOTHING, due: 'complete + end' },
  complete: NOTHING,
  cancelled: NOTHING,
};

function told(before: JobState, { state, effects }: JobStep): string {
  const name = (): string => {
    if (state === before) return SAME;
    if (state.kind !== 'broadcasting') return state.kind;
    const { phase } = state;
    return `broadcasting/${phase.kind}${'frame' in phase ? ` ${phase.frame.kind} ${phase.frame.number}` : ''}`;
  };
  const done = effects.map((effect) =>
    effect.kind === 'send' ? `send ${effect.frame.kind} ${effect.frame.number}` : effect.kind,
  );
  return [name(), ...done].join(' + ');
}

/** When the state wants to be woken; long after its last chance where the table means that. */
const dueOf = (state: JobState, plan: JobPlan = FOTA): SteadyMs => dueAt(state, steadyMs(plan.setupAt)) ?? MID;

describe('the table of a job', () => {
  it('has a row for every state, phase and event there is', () => {
    const states = kindsOf('job-state.ts', 'JobState').flatMap((kind) =>
      kind === 'broadcasting' ? kindsOf('job-state.ts', 'BroadcastPhase').map((phase) => `${kind}/${phase}`) : [kind],
    );
    expect(Object.keys(TABLE).sort()).toEqual([...states].sort());
    const events = new Set(Object.values(EVENTS).map((event) => event.kind));
    expect([...events].sort()).toEqual([...kindsOf('job-machine.ts', 'JobEvent')].sort());
    for (const row of Object.values(TABLE)) expect(Object.keys(row).sort()).toEqual(Object.keys(EVENTS).sort());
  });

  for (const [name, row] of Object.entries(TABLE) as [StateName, Record<EventName, string>][]) {
    it.each(Object.entries(row) as [EventName, string][])(`${name} + %s -> %s`, (eventName, expected) => {
      const state = STATES[name];
      // Long enough a session for the deadline of a frame to come first.
      const session = { ...SAMPLE_SESSION, timeOutExponent: 15 };
      const long = 'session' in state ? { ...state, session } : state;
      const due = dueOf(long);
      const now = eventName === 'due early' ? steadyMs(due - 1) : eventName === 'due' ? due : MID;
      const devices = view(name === 'setup' ? { ready: eventName === 'due' ? 1 : 0 } : { awaited: 0 });
      expect(told(long, jobStep(long, EVENTS[eventName], devices, FOTA, PACING, now))).toBe(expected);
    });
  }
});

const step = (
  state: JobState,
  event: JobEvent,
  more: { readonly devices?: DevicesView; readonly plan?: JobPlan; readonly now?: SteadyMs } = {},
): JobStep => jobStep(state, event, more.devices ?? view(), more.plan ?? FOTA, PACING, more.now ?? MID);
const due = (state: JobState, more: Parameters<typeof step>[2] = {}): string =>
  told(state, step(state, { kind: 'due' }, more));

describe('waiting', () => {
  it.each(Object.entries(STATES))('%s has a deadline unless it is over', (_name, state) => {
    const at = dueAt(state, steadyMs(FOTA.setupAt));
    if (state.kind === 'complete' || state.kind === 'cancelled') expect(at).toBeUndefined();
    else expect(Number.isFinite(at)).toBe(true);
  });

  it('for the fate of a frame ends with the session at the latest', () => {
    const sending = broadcasting({ ...SENDING, since: steadyMs(OVER - 10) });
    expect(dueAt(sending, steadyMs(FOTA.setupAt))).toBe(OVER);
    expect(due(sending, { now: OVER })).toBe('teardown');
    const long = { ...sending, session: { ...SAMPLE_SESSION, timeOutExponent: 15 } };
    expect(dueAt(long, steadyMs(FOTA.setupAt))).toBe(OVER - 10 + 2 * 3_600_000);
  });

  it('comes to an end however the frames and the devices behave, and progress never goes back', () => {
    const anyView = fc.record({
      ready: fc.nat(2),
      receiving: fc.nat(2),
      awaited: fc.nat(2),
      worthAnotherRound: fc.nat(1),
      more: fc.nat(400),
    });
    const anyEvent = fc.constantFrom(...(Object.keys(EVENTS) as EventName[]), 'own on-air', 'own refused', 'silence');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyEvent, anyView), { maxLength: 60 }),
        anyView,
        fc.constantFrom<JobPlan>(FOTA, MESSAGE, { ...FOTA, parityFragments: 2 }, { ...FOTA, parityFragments: 0 }),
        fc.constantFrom('silence', 'own refused', 'own on-air'),
        (events, last, plan, rest) => {
          let state = setup();
          let now = steadyMs(LAUNCH - 1_000);
          let percent = 0;
          let steps = 0;
          const play = (name: typeof rest | EventName, { more, ...facts }: typeof last): void => {
            const frame = state.kind === 'broadcasting' && state.phase.kind === 'sending' ? state.phase.frame : PLAIN;
            const event: JobEvent =
              name === 'silence'
                ? { kind: 'due' }
                : name === 'own on-air' || name === 'own refused'
                  ? { kind: 'frame', frame, fate: name === 'own on-air' ? 'on-air' : 'refused', at: now }
                  : EVENTS[name];
            if (name === 'silence') now = steadyMs(Math.max(now, dueAt(state, steadyMs(plan.setupAt)) ?? now));
            const devices = view({ ...facts, nextGoal: (sent) => Math.min(sent + more, 60) });
            const next = jobStep(state, event, devices, plan, PACING, now);
            if ('percent' in next.state) {
              expect(next.state.percent).toBeGreaterThanOrEqual(percent);
              expect(next.state.percent).toBeLessThan(100);
              percent = next.state.percent;
            }
            state = next.state;
            if (next.effects.some((effect) => effect.kind === 'another-round') && state.kind === 'teardown') {
              const { startedAt, round } = state;
              expect(round).toBeLessThan(MOST_ROUNDS);
              const session = { ...SAMPLE_SESSION, launchAt: steadyMs(now + 60_000) };
              state = { kind: 'setup', startedAt, round: round + 1, session, percent: state.percent };
            }
            steps += 1;
          };
          for (const [event, facts] of events) play(event, facts);
          while (state.kind !== 'complete') {
            expect(steps).toBeLessThan(5_000);
            const sending = state.kind === 'broadcasting' && state.phase.kind === 'sending';
            play(sending ? rest : 'silence', last);
          }
          expect(now).toBeLessThanOrEqual(LAUNCH + MOST_ROUNDS * (2 ** 12 * 1_000 + 100_000));
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('set-up', () => {
  it('shows how many are ready, and never less than before', () => {
    const state = setup();
    const settled = (ready: number, from: JobState): JobState =>
      step(from, { kind: 'device-settled' }, { devices: view({ ready }), now: SAMPLE_AT }).state;
    const two = settled(2, state);
    expect(two).toMatchObject({ percent: 5 });
    expect(settled(1, two)).toBe(two);
    expect(settled(4, two)).toMatchObject({ percent: 10 });
  });

  it('goes straight to its end when nobody is ready', () => {
    const next = step(setup(), { kind: 'due' }, { devices: view({ ready: 0, receiving: 0 }), now: LAUNCH });
    expect(told(setup(), next)).toBe('teardown + launch');
    expect(next.state).toMatchObject({ sent: 0, until: LAUNCH });
    expect(due(next.state, { devices: view({ receiving: 0 }), now: LAUNCH })).toBe('complete + end');
  });

  it('waits at the start, for which nobody is ready, for devices that are late', () => {
    const nobody = view({ ready: 0, receiving: 0, joining: 2 });
    const waiting = step(setup(), { kind: 'due' }, { devices: nobody, now: LAUNCH });
    expect(told(setup(), waiting)).toBe('setup + launch');
    const until = LAUNCH + Math.max(60_000, FOTA.launchDelayS * 1000);
    expect(waiting.state).toMatchObject({ kind: 'setup', until });
    expect(dueAt(waiting.state, LAUNCH)).toBe(until);
    const come = { devices: view({ receiving: 1, joining: 1 }), now: steadyMs(LAUNCH + 30_000) };
    const begun = step(waiting.state, { kind: 'device-settled' }, come);
    expect(told(waiting.state, begun)).toBe('broadcasting/pacing');
    // It was told to listen a few seconds later.
    expect(begun.state).toMatchObject({ phase: { kind: 'pacing', until: LAUNCH + 30_000 + 12_000 } });
    expect(step(waiting.state, { kind: 'device-settled' }, { ...come, devices: nobody }).state).toBe(waiting.state);
    expect(due(waiting.state, { devices: nobody, now: steadyMs(until) })).toBe('teardown');
  });

  it('goes on with parity where the session before stopped', () => {
    const state = { ...(setup() as Extract<JobState, { kind: 'setup' }>), round: 2, sent: 25 };
    const begun = step(state, { kind: 'due' }, { devices: view({ ready: 1 }), now: LAUNCH }).state;
    expect(begun).toMatchObject({ sent: 25, began: 25, goal: 26 });
    const next = step(begun, { kind: 'due' }, { devices: view(), now: steadyMs(LAUNCH + 4_000) });
    expect(next.effects).toEqual([{ kind: 'send', frame: { kind: 'parity', number: 26 } }]);
  });

  it('leaves devices some seconds to change their class before the first frame', () => {
    const next = step(setup(), { kind: 'due' }, { devices: view({ ready: 1 }), now: LAUNCH }).state;
    expect(next).toMatchObject({ phase: { kind: 'pacing', until: LAUNCH + 4_000 }, goal: 17, sent: 0, percent: 10 });
  });
});

describe('broadcasting an image', () => {
  const onAir = (state: JobState, frame: GroupFrame, plan: JobPlan = FOTA): JobState =>
    step(state, { kind: 'frame', frame, fate: 'on-air', at: MID }, { plan }).state;
  const sendingOf = (frame: GroupFrame, sent: number, goal = 17): Broadcasting =>
    broadcasting({ kind: 'sending', frame, refusals: 0, since: MID }, { sent, goal });

  it('paces plain and parity fragments, and status requests after them', () => {
    const pause = (frame: GroupFrame, goal = 17): number => {
      const next = onAir(sendingOf(frame, frame.number - 1, goal), frame);
      return next.kind === 'broadcasting' && next.phase.kind === 'pacing' ? next.phase.until - MID : -1;
    };
    expect(pause({ kind: 'plain', number: 9 })).toBe(1_500);
    expect(pause({ kind: 'plain', number: 10 })).toBe(3_000);
    expect(pause({ kind: 'parity', number: 11 })).toBe(3_000);
    expect(pause({ kind: 'parity', number: 17 })).toBe(1_000);
    expect(pause({ kind: 'plain', number: 10 }, 10)).toBe(1_000);
  });

  it('sends plain fragments in order, then parity, then asks', () => {
    const next = (sent: number): string => due(broadcasting(PACING_PHASE, { sent }));
    expect(next(0)).toBe('broadcasting/sending plain 1 + send plain 1');
    expect(next(9)).toBe('broadcasting/sending plain 10 + send plain 10');
    expect(next(10)).toBe('broadcasting/sending parity 11 + send parity 11');
    expect(next(17)).toBe('broadcasting/sending status 0 + send status 0');
  });

  it('listens after a status request, and asks for the goal then', () => {
    const status: GroupFrame = { kind: 'status', number: 0 };
    const listening = onAir(sendingOf(status, 17), status);
    expect(listening).toMatchObject({ statusRequests: 1, phase: { kind: 'listening', until: MID + 20_000 } });
    const now = steadyMs(MID + 20_000);
    const goal = (to: number) => ({ now, devices: view({ nextGoal: () => to }) });
    expect(due(listening, goal(20))).toBe('broadcasting/sending parity 18 + send parity 18');
    expect(step(listening, { kind: 'due' }, goal(20)).state).toMatchObject({ goal: 20 });
    expect(due(listening, goal(17))).toBe('teardown');
  });

  it('stops listening soon after the last answer, when nobody owes one any more', () => {
    const listening = broadcasting({ kind: 'listening', until: steadyMs(MID + 20_000) }, { sent: 17 });
    const settled = (devices: Partial<DevicesView>): JobStep =>
      step(listening, { kind: 'device-settled' }, { devices: view(devices) });
    expect(settled({ awaited: 1 }).state).toBe(listening);
    // The one who answered last listens in its own receive windows first.
    expect(settled({ awaited: 0 }).state).toMatchObject({ phase: { kind: 'listening', until: MID + 3_000 } });
    expect(told(listening, settled({ receiving: 0 }))).toBe('teardown');
  });

  it('ends as soon as everybody is done, even while plain fragments are to come', () => {
    const nobody = view({ receiving: 0 });
    expect(due(broadcasting(PACING_PHASE, { sent: 3 }), { devices: nobody })).toBe('teardown');
    expect(step(broadcasting(PACING_PHASE), { kind: 'due' }, { devices: nobody }).state).toMatchObject({ until: MID });
  });

  it('does not hold a frame that nobody needs any more', () => {
    const holding = STATES['broadcasting/holding'];
    const next = step(holding, { kind: 'device-settled' }, { devices: view({ receiving: 0 }) });
    expect(told(holding, next)).toBe('teardown');
    expect(told(holding, step(holding, { kind: 'device-settled' }))).toBe(SAME);
  });

  it('asks eight times at most', () => {
    expect(due(broadcasting(PACING_PHASE, { sent: 17, statusRequests: 7 }))).toContain('send status');
    expect(due(broadcasting(PACING_PHASE, { sent: 17, statusRequests: 8 }))).toBe('teardown');
  });

  it('sends no more parity fragments than the caller fixed, and asks once', () => {
    for (const parityFragments of [0, 2]) {
      const plan = { ...FOTA, parityFragments };
      const goal = 10 + parityFragments;
      const launched = step(setup(), { kind: 'due' }, { plan, devices: view({ ready: 1 }), now: LAUNCH }).state;
      expect(launched).toMatchObject({ goal });
      expect(due(broadcasting(PACING_PHASE, { sent: goal, goal }), { plan })).toContain('send status');
      const listening = broadcasting({ kind: 'listening', until: MID }, { sent: goal, goal, statusRequests: 1 });
      expect(due(listening, { plan, devices: view({ nextGoal: () => 40 }) })).toBe('teardown');
    }
  });

  it('ends with the session', () => {
    const now = OVER;
    expect(due(broadcasting(PACING_PHASE), { now: steadyMs(OVER - 1) })).toContain('send plain 8');
    expect(due(broadcasting(PACING_PHASE), { now })).toBe('teardown');
    expect(due(STATES['broadcasting/holding'], { now })).toBe('teardown');
    expect(due(STATES['broadcasting/sending'], { now })).toBe('teardown');
    expect(due(STATES['broadcasting/listening'], { now, devices: view({ nextGoal: () => 30 }) })).toBe('teardown');
    const restarted = step(STATES['broadcasting/sending'], { kind: 'server-restarted' }, { now });
    expect(restarted.state.kind).toBe('teardown');
    // Check values are welcome for a while all the same.
    expect(restarted.state).toMatchObject({ until: OVER + 20_000 });
  });

  it('tries a refused frame again, at first soon, later every half minute', () => {
    let state: JobState = broadcasting(SENDING);
    const pauses: number[] = [];
    for (let n = 0; n < 9; n++) {
      state = step(state, { kind: 'frame', frame: PLAIN, fate: 'refused', at: MID }).state;
      const until = dueOf(state);
      pauses.push(until - MID);
      state = step(state, { kind: 'due' }, { now: until }).state;
      if (state.kind === 'broadcasting') state = { ...state, phase: { ...state.phase, since: MID } as BroadcastPhase };
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
    expect(onAir(state, PLAIN)).toMatchObject({ sent: 8, phase: { kind: 'pacing' } });
  });

  it('does not take the fate of another frame for that of this one', () => {
    const other: GroupFrame = { kind: 'plain', number: 7 };
    for (const fate of ['on-air', 'refused'] as const) {
      for (const state of Object.values(STATES)) {
        expect(step(state, { kind: 'frame', frame: other, fate, at: MID }).state).toBe(state);
      }
    }
  });
});

describe('a message', () => {
  const plan = MESSAGE;
  const launched = step(setup(), { kind: 'due' }, { plan, devices: view({ ready: 1 }), now: LAUNCH }).state;

  it('is sent once, and ends the job', () => {
    const sending = step(launched, { kind: 'due' }, { plan, now: steadyMs(LAUNCH + 4_000) });
    expect(told(launched, sending)).toBe('broadcasting/sending message 0 + send message 0');
    const frame: GroupFrame = { kind: 'message', number: 0 };
    const sent = step(sending.state, { kind: 'frame', frame, fate: 'on-air', at: MID }, { plan });
    expect(told(sending.state, sent)).toBe('broadcasting/pacing + message-sent');
    const devices = view({ receiving: 0 });
    const over = step(sent.state, { kind: 'due' }, { plan, devices });
    expect(told(sent.state, over)).toBe('teardown');
    expect(due(over.state, { plan, devices })).toBe('complete + end');
  });

  it('is not sent when nobody is left to hear it', () => {
    expect(due(launched, { plan, now: steadyMs(LAUNCH + 4_000), devices: view({ receiving: 0 }) })).toBe('teardown');
  });

  it('is not sent after its session', () => {
    expect(due(launched, { plan, now: OVER })).toBe('teardown');
    // Nothing was sent, so nothing is waited for.
    expect(step(launched, { kind: 'due' }, { plan, now: OVER }).state).toMatchObject({ sent: 0, until: OVER });
  });

  it('is never repeated in a further session', () => {
    expect(due(teardown({ sent: 1 }), { plan, devices: view({ worthAnotherRound: 2 }) })).toBe('complete + end');
  });
});

describe('a further session', () => {
  const devices = view({ worthAnotherRound: 1 });

  it('begins when devices were left, five times at most', () => {
    expect(due(teardown(), { devices })).toBe('same + another-round');
    expect(due(teardown({ round: 2 }), { devices })).toBe('same + another-round');
    expect(due(teardown({ round: 5 }), { devices })).toBe('same + another-round');
    expect(due(teardown({ round: 6 }), { devices })).toBe('complete + end');
  });

  it('does not begin before the devices had time to report, unless all have', () => {
    const early = { devices, now: steadyMs(MID - 1) };
    expect(due(teardown(), early)).toBe(SAME);
    expect(due(teardown(), { ...early, devices: view({ receiving: 0, worthAnotherRound: 1 }) })).toContain(
      'another-round',
    );
  });

  it('is not what a caller wants who fixed the parity fragments', () => {
    expect(due(teardown(), { devices, plan: { ...FOTA, parityFragments: 2 } })).toBe('complete + end');
  });
});
