import { steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { ParityDevice } from '../src/parity/index.ts';
import { decidesNow } from '../src/session/broadcast.ts';
import type { Members, SessionContext } from '../src/session/session-context.ts';
import type { FrameEvent, SessionEvent, SessionStep } from '../src/session/session-event.ts';
import type { MessageFormat } from '../src/session/session-format.ts';
import type {
  Broadcasting,
  BroadcastPhase,
  GroupFrame,
  SessionPlan,
  SessionState,
} from '../src/session/session-state.ts';
import { sessionDueAt, sessionStep } from '../src/session/session-step.ts';
import {
  SAMPLE_AT,
  SAMPLE_SESSION,
  SAMPLE_SESSION_STATES,
  sampleFotaPlan,
  sampleImageFormat,
  sampleMessagePlan,
  sampleSessionBase,
} from '../src/testing/index.ts';

const NOW = SAMPLE_AT;
const after = (ms: number) => steadyMs(NOW + ms);
const LAUNCH = after(60_000);
const NB_FRAG = 10;

/** Starts in a minute, is silent for 50 s after, gathers for two minutes and lasts 4096 s. */
const PLAN: SessionPlan = {
  ...SAMPLE_SESSION,
  launchAt: LAUNCH,
  startSlackMs: 5_000,
  silentFrom: after(110_000),
  gatherUntil: after(180_000),
  timeOutExponent: 12,
};
const END_MS = 60_000 + 4_096_000;

const CARRIER = { region: 'US915', frequencyHz: 923_300_000, dataRate: 8, airtimeMs: 100, dutyCycle: 1 };
const FORMAT = sampleImageFormat({ carrier: CARRIER, nbFrag: NB_FRAG });
const MESSAGE: MessageFormat = { kind: 'message', key: 'message', carrier: CARRIER, fPort: 3 };

const NOBODY: Members = {
  total: 0,
  launchShare: 0.98,
  ready: 0,
  receiving: 0,
  unconfirmed: 0,
  awaited: 0,
  joining: 0,
  between: 0,
  unproven: 0,
  devices: [],
};

const device = (more: Partial<ParityDevice> = {}): ParityDevice => ({
  id: '1',
  found: undefined,
  missedAnswers: 0,
  heardSince: false,
  ...more,
});

const members = (more: Partial<Members> = {}): Members => ({
  ...NOBODY,
  total: 1,
  receiving: 1,
  devices: [device()],
  ...more,
});

/** A caller who leaves the launch to the server. */
const FOTA = sampleFotaPlan({ launchDelayS: undefined });

const CONTEXT: SessionContext = {
  now: NOW,
  plan: FOTA,
  format: FORMAT,
  pacing: { plainMs: 1_500, parityMs: 3_000, shortMs: 1_000, listenMs: 20_000 },
  members: members(),
  firstGoal: NB_FRAG,
};
const at = (ms: number, more: Partial<SessionContext> = {}): SessionContext => ({
  ...CONTEXT,
  now: after(ms),
  ...more,
});

const BASE = sampleSessionBase();
const SETUP: Extract<SessionState, { kind: 'setup' }> = {
  ...BASE,
  kind: 'setup',
  plan: PLAN,
  isLaunched: false,
  lookAt: LAUNCH,
  isPaused: false,
};
const broadcasting = (phase: BroadcastPhase, more: Partial<Broadcasting> = {}): Broadcasting => ({
  ...BASE,
  kind: 'broadcasting',
  plan: PLAN,
  isPaused: false,
  goal: NB_FRAG,
  questions: 0,
  roundUntil: undefined,
  phase,
  ...more,
});
const PLAIN_1: GroupFrame = { kind: 'plain', number: 1 };
const STATUS: GroupFrame = { kind: 'status', number: 0 };
const pacing = (more: Partial<Broadcasting> = {}) => broadcasting({ kind: 'pacing', until: after(65_000) }, more);
const sending = (frame: GroupFrame, more: Partial<Broadcasting> = {}) =>
  broadcasting({ kind: 'sending', frame, refusals: 0, since: after(65_000), waitsFor: undefined }, more);

const onAir = (frame: GroupFrame, ms: number): FrameEvent => ({
  kind: 'frame',
  frame,
  fate: 'on-air',
  at: after(ms),
  error: undefined,
});
const refused = (frame: GroupFrame, ms: number): FrameEvent => ({
  kind: 'frame',
  frame,
  fate: 'refused',
  at: after(ms),
  error: 'TOO_LATE',
});
const DUE: SessionEvent = { kind: 'due' };
const MOVED: SessionEvent = { kind: 'member-moved' };

const EVENTS: { readonly [K in SessionEvent['kind']]: Extract<SessionEvent, { kind: K }> } = {
  opened: { kind: 'opened', plan: PLAN },
  'no-address': { kind: 'no-address' },
  due: { kind: 'due' },
  frame: onAir(PLAIN_1, 70_000),
  'frame-waits': { kind: 'frame-waits', cause: 'duty-cycle' },
  'member-moved': { kind: 'member-moved' },
  pause: { kind: 'pause' },
  resume: { kind: 'resume' },
  stop: { kind: 'stop' },
  'server-restarted': { kind: 'server-restarted' },
};

type Place = Exclude<SessionState['kind'], 'broadcasting'> | `broadcasting/${BroadcastPhase['kind']}`;

/** A session in each place, all of them due seventy seconds after `NOW`. */
const STATES: { readonly [P in Place]: SessionState } = {
  opening: { ...BASE, kind: 'opening', since: NOW, notBefore: NOW },
  setup: SETUP,
  'broadcasting/pacing': pacing(),
  'broadcasting/sending': sending(PLAIN_1),
  'broadcasting/holding': broadcasting({
    kind: 'holding',
    frame: PLAIN_1,
    refusals: 1,
    until: after(66_000),
    because: 'TOO_LATE',
  }),
  'broadcasting/listening': broadcasting(
    { kind: 'listening', until: after(90_000), lookAt: after(69_000) },
    { sent: NB_FRAG, askedAt: NB_FRAG, questions: 1, roundUntil: after(90_000) },
  ),
  'broadcasting/awaiting-late': broadcasting(
    { kind: 'awaiting-late', until: after(69_000) },
    { sent: NB_FRAG, askedAt: NB_FRAG, questions: 1, roundUntil: after(68_000) },
  ),
  closing: { ...BASE, kind: 'closing', plan: PLAN, until: after(69_000), isUnsent: false },
  ended: { ...BASE, kind: 'ended', why: 'served', groupId: 'job-1/1' },
};

const placeOf = (state: SessionState): string =>
  state.kind === 'broadcasting' ? `broadcasting/${state.phase.kind}` : state.kind;

/** What a step came to, in a few words. */
function told({ state, effects, news }: SessionStep): string {
  const paused = 'isPaused' in state && state.isPaused ? ' paused' : '';
  const why = state.kind === 'ended' ? `: ${state.why}` : '';
  const done = effects.map((effect) =>
    effect.kind === 'send' ? `sends ${effect.frame.kind} ${effect.frame.number}` : `${effect.kind}s`,
  );
  return [`${placeOf(state)}${paused}${why}`, ...done, ...news.map((one) => `tells ${one}`)].join(', ');
}

const step = (state: SessionState, event: SessionEvent, context: SessionContext = CONTEXT): SessionStep =>
  sessionStep(state, event, context);

type Row = { readonly [E in SessionEvent['kind']]?: string };

const LAUNCHES = 'broadcasting/pacing, tells launch';
const CLOSES = 'ended: served, closes';

/** What each event makes of a session, ten seconds after its start; those that are left out change nothing. */
const TABLE: { readonly [P in Place]: Row } = {
  opening: {
    due: 'opening, opens',
    opened: 'setup, tells opened',
    'no-address': 'ended: no-address',
    stop: 'ended: stopped',
    'server-restarted': 'opening, opens',
  },
  setup: {
    opened: LAUNCHES,
    'no-address': LAUNCHES,
    due: LAUNCHES,
    frame: LAUNCHES,
    'frame-waits': LAUNCHES,
    'member-moved': LAUNCHES,
    pause: 'setup paused',
    stop: 'ended: stopped, closes',
    'server-restarted': LAUNCHES,
  },
  'broadcasting/pacing': {
    due: 'broadcasting/sending, sends plain 1',
    pause: 'broadcasting/pacing paused',
    resume: 'broadcasting/pacing',
    stop: 'ended: stopped, closes',
  },
  'broadcasting/sending': {
    frame: 'broadcasting/pacing',
    'frame-waits': 'broadcasting/sending',
    pause: 'broadcasting/sending paused',
    stop: 'ended: stopped, closes',
    'server-restarted': 'broadcasting/sending, sends plain 1',
  },
  'broadcasting/holding': {
    due: 'broadcasting/sending, sends plain 1',
    pause: 'broadcasting/holding paused',
    resume: 'broadcasting/pacing',
    stop: 'ended: stopped, closes',
  },
  'broadcasting/listening': {
    due: 'broadcasting/sending, sends status 0',
    'member-moved': 'broadcasting/listening',
    pause: 'broadcasting/listening paused',
    resume: 'broadcasting/listening',
    stop: 'ended: stopped, closes',
  },
  'broadcasting/awaiting-late': {
    due: 'closing, tells broadcast-over',
    'member-moved': 'broadcasting/sending, sends status 0',
    pause: 'broadcasting/awaiting-late paused',
    resume: 'broadcasting/sending, sends status 0',
    stop: 'ended: stopped, closes',
  },
  closing: {
    opened: CLOSES,
    'no-address': CLOSES,
    due: CLOSES,
    frame: CLOSES,
    'frame-waits': CLOSES,
    'member-moved': CLOSES,
    pause: CLOSES,
    resume: CLOSES,
    stop: 'ended: stopped, closes',
    'server-restarted': CLOSES,
  },
  ended: {},
};

describe('the table of a session', () => {
  it.each(Object.keys(STATES) as Place[])('%s goes where it is written', (place) => {
    const state = STATES[place];
    const row: Record<string, string> = {};
    for (const event of Object.values(EVENTS)) {
      const next = step(state, event, at(70_000));
      const isSame = JSON.stringify(next.state) === JSON.stringify(state);
      if (!isSame || next.effects.length + next.news.length > 0) row[event.kind] = told(next);
    }
    expect(row).toEqual(TABLE[place]);
  });

  const instants = [0, 70_000, 185_000, END_MS - 500, END_MS + 200_000];
  const companies = [
    NOBODY,
    members(),
    members({ receiving: 0, devices: [], joining: 1 }),
    members({ receiving: 0, devices: [], between: 1, unproven: 1 }),
    members({ receiving: 0, devices: [], ready: 1 }),
  ];

  it('takes every event in every sample state, and an ended session stays as it is', () => {
    const messagePlan = sampleMessagePlan({ transmissions: 2 });
    let steps = 0;
    for (const state of SAMPLE_SESSION_STATES) {
      for (const event of Object.values(EVENTS)) {
        for (const ms of instants) {
          for (const company of companies) {
            const image = step(state, event, at(ms, { members: company }));
            const message = step(state, event, at(ms, { members: company, plan: messagePlan, format: MESSAGE }));
            steps += 2;
            for (const next of [image, message]) {
              expect(next.state.number).toBe(1);
              if (state.kind === 'ended') expect(next).toEqual({ state, effects: [], news: [] });
            }
          }
        }
      }
    }
    expect(steps).toBeGreaterThan(5_000);
  });

  it('is never due at an instant at which it does nothing, so that no timer runs hot', () => {
    const isPaused = [true, false];
    for (const sample of SAMPLE_SESSION_STATES) {
      for (const paused of isPaused) {
        const now = 'isPaused' in sample ? { ...sample, isPaused: paused } : sample;
        const state = now.kind === 'setup' ? { ...now, lookAt: now.plan.launchAt } : now;
        const due = sessionDueAt(state);
        for (const company of companies) {
          if (due === undefined) continue;
          const next = step(state, DUE, { ...CONTEXT, now: due, members: company }).state;
          const nextDue = sessionDueAt(next);
          const isHot = nextDue !== undefined && nextDue <= due && JSON.stringify(next) === JSON.stringify(state);
          expect(isHot ? `${placeOf(state)} paused: ${paused}` : '').toBe('');
        }
      }
    }
  });

  it('has members looked at one by one when the policy is asked, and else not', () => {
    const full = { sent: NB_FRAG, goal: NB_FRAG };
    expect(decidesNow(pacing(full), DUE, after(65_000))).toBe(true);
    expect(decidesNow(pacing(full), DUE, after(64_999))).toBe(false);
    expect(decidesNow(pacing({ sent: 9 }), DUE, after(65_000))).toBe(false);
    expect(decidesNow(sending(PLAIN_1, full), DUE, after(65_000))).toBe(false);
    expect(decidesNow(SETUP, DUE, after(65_000))).toBe(false);
  });
});

describe('the launch', () => {
  const crowd = (ready: number, more: Partial<Members> = {}): Members => ({ ...NOBODY, total: 100, ready, ...more });
  const due = (ms: number, company: Members, plan = FOTA) => step(SETUP, DUE, at(ms, { members: company, plan }));

  it('does not come before its time', () => {
    expect(told(due(59_999, crowd(100)))).toBe('setup');
    expect(told(due(60_000, crowd(100)))).toBe(LAUNCHES);
  });

  it('leaves the slowest device the time it needs', () => {
    expect(due(60_000, crowd(100)).state).toMatchObject({ phase: { kind: 'pacing', until: after(65_000) } });
    const short = { ...SETUP, plan: { ...PLAN, timeOutExponent: 2 } };
    expect(step(short, DUE, at(60_000, { members: crowd(100) })).state).toMatchObject({
      phase: { kind: 'pacing', until: after(62_000) },
    });
  });

  it('waits for devices on their way until nearly all are there', () => {
    const waits = due(60_000, crowd(97, { joining: 3 }));
    expect(told(waits)).toBe('setup, tells launch');
    expect(waits.state).toMatchObject({ isLaunched: true, lookAt: PLAN.silentFrom });
    expect(told(due(60_000, crowd(40)))).toBe(LAUNCHES);
    const nearly = (ms: number, receiving: number): SessionStep => {
      const company = crowd(0, { receiving, joining: 100 - receiving });
      return step(waits.state, MOVED, at(ms, { members: company }));
    };
    // Whoever is not listening may not have been heard yet.
    expect(told(nearly(109_999, 98))).toBe('setup');
    expect(told(nearly(110_000, 97))).toBe('setup');
    const later = nearly(110_000, 98);
    expect(told(later)).toBe('broadcasting/pacing');
    // A device that came at the last moment was told a start of its own.
    expect(later.state).toMatchObject({ phase: { until: after(110_000 + 8_000 + 5_000) } });
  });

  it('waits for no one any longer than planned', () => {
    const waits = due(60_000, crowd(1, { joining: 99 })).state;
    const silent = step(waits, DUE, at(110_000, { members: crowd(0, { receiving: 1, joining: 99 }) }));
    expect(silent.state).toMatchObject({ kind: 'setup', lookAt: PLAN.gatherUntil });
    const over = step(silent.state, DUE, at(180_000, { members: crowd(0, { receiving: 1, joining: 99 }) }));
    expect(told(over)).toBe('broadcasting/pacing');
  });

  it('believes devices whose answer is missing to listen, when they have been silent for long', () => {
    const doubtful = crowd(0, { receiving: 100, unconfirmed: 5 });
    const waits = due(60_000, doubtful).state;
    expect(waits).toMatchObject({ kind: 'setup', lookAt: PLAN.silentFrom });
    expect(told(step(waits, DUE, at(110_000, { members: doubtful })))).toBe('broadcasting/pacing');
  });

  it('comes when a caller fixed it, with whoever is there', () => {
    const fixed = sampleFotaPlan({ launchDelayS: 60 });
    expect(told(due(60_000, crowd(1, { joining: 99 }), fixed))).toBe(LAUNCHES);
    expect(told(due(60_000, crowd(0, { joining: 99 }), fixed))).toBe('setup, tells launch');
    expect(told(due(60_000, crowd(0), fixed))).toBe('closing, tells launch');
  });

  it('waits for the first device, and gives up when none comes in time', () => {
    const waits = due(60_000, crowd(0));
    expect(told(waits)).toBe('setup, tells launch');
    const over = step(waits.state, DUE, at(180_000, { members: crowd(0) }));
    expect(told(over)).toBe('closing, tells broadcast-over');
    expect(over.state).toMatchObject({ until: after(180_000), isUnsent: false });
  });
});

describe('pause and resume', () => {
  it('hold back the first frame of a session that was paused before', () => {
    const paused = step(SETUP, EVENTS.pause).state;
    const begun = step(paused, DUE, at(60_000));
    expect(told(begun)).toBe('broadcasting/pacing paused, tells launch');
    expect(told(step(begun.state, DUE, at(100_000)))).toBe('broadcasting/pacing paused');
    const resumed = step(begun.state, EVENTS.resume, at(100_000)).state;
    expect(told(step(resumed, DUE, at(100_000)))).toBe('broadcasting/sending, sends plain 1');
  });

  it('let the frame under way go out, and no other', () => {
    const paused = step(sending(PLAIN_1), EVENTS.pause, at(66_000)).state;
    const sent = step(paused, onAir(PLAIN_1, 66_100), at(66_200)).state;
    expect(sent).toMatchObject({ sent: 1, isPaused: true, phase: { kind: 'pacing' } });
    expect(told(step(sent, DUE, at(90_000)))).toBe('broadcasting/pacing paused');
    const back = step(paused, refused(PLAIN_1, 66_100), at(66_200)).state;
    expect(told(step(back, DUE, at(90_000)))).toBe('broadcasting/holding paused');
  });

  it.each(['broadcasting/listening', 'broadcasting/awaiting-late'] as const)(
    'send nothing in %s when a device says something meanwhile',
    (place) => {
      const paused = step(STATES[place], EVENTS.pause, at(66_000)).state;
      for (const event of [DUE, MOVED, EVENTS['server-restarted']]) {
        expect(told(step(paused, event, at(70_000)))).toBe(`${place} paused`);
      }
      const resumed = step(paused, EVENTS.resume, at(70_000));
      const isAsked = resumed.effects.length > 0 ? resumed : step(resumed.state, DUE, at(74_000));
      expect(told(isAsked)).toBe('broadcasting/sending, sends status 0');
    },
  );

  it('send nothing after a restart of the server either', () => {
    const paused = step(sending(PLAIN_1), EVENTS.pause, at(66_000)).state;
    const restarted = step(paused, EVENTS['server-restarted'], at(70_000));
    expect(told(restarted)).toBe('broadcasting/pacing paused');
    const resumed = step(restarted.state, EVENTS.resume, at(80_000)).state;
    expect(told(step(resumed, DUE, at(80_000)))).toBe('broadcasting/sending, sends plain 1');
  });

  it('end the broadcast when the session is over meanwhile', () => {
    const paused = step(pacing(), EVENTS.pause, at(66_000)).state;
    expect(sessionDueAt(paused)).toBe(after(END_MS));
    expect(told(step(paused, DUE, at(END_MS)))).toBe('closing, tells broadcast-over');
    expect(told(step(paused, EVENTS.resume, at(END_MS)))).toBe('closing, tells broadcast-over');
  });
});

describe('a refused frame', () => {
  it('is tried again, ever more rarely', () => {
    let state: SessionState = sending(PLAIN_1);
    const pauses: number[] = [];
    let ms = 66_000;
    for (let i = 0; i < 8; i++) {
      const held = step(state, refused(PLAIN_1, ms), at(ms)).state as Broadcasting;
      expect(held.phase).toMatchObject({ kind: 'holding', refusals: i + 1, because: 'TOO_LATE' });
      const due = sessionDueAt(held) ?? 0;
      pauses.push(due - NOW - ms);
      ms = due - NOW;
      const again = step(held, DUE, at(ms));
      expect(again.effects).toEqual([{ kind: 'send', frame: PLAIN_1 }]);
      state = again.state;
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('is one whose fate never comes', () => {
    const state = sending(PLAIN_1, { plan: { ...PLAN, timeOutExponent: 15 } });
    const ms = 65_000 + 2 * 3_600_000;
    expect(sessionDueAt(state)).toBe(after(ms));
    expect(step(state, DUE, at(ms)).state).toMatchObject({ phase: { kind: 'holding', because: 'no-fate' } });
  });

  it('is no other than the one that is under way', () => {
    const other: GroupFrame = { kind: 'plain', number: 2 };
    for (const event of [refused(other, 66_000), onAir(other, 66_000)]) {
      const state = sending(PLAIN_1);
      expect(step(state, event, at(66_000)).state).toBe(state);
    }
  });

  it('leaves the session unsent when none ever went out', () => {
    const held = step(sending(PLAIN_1), refused(PLAIN_1, 66_000), at(66_000)).state;
    const over = step(held, DUE, at(END_MS));
    expect(over.state).toMatchObject({ kind: 'closing', isUnsent: true, until: after(END_MS) });
    expect(told(step(over.state, DUE, at(END_MS, { members: members({ receiving: 0, between: 1 }) })))).toBe(
      'ended: unsent, closes',
    );
  });
});

describe('fragments and questions', () => {
  const incomplete = (missing: number, plain = NB_FRAG): ParityDevice['found'] => ({
    kind: 'incomplete',
    reception: {
      at: plain,
      missing: { atLeast: missing, likely: missing, atMost: missing },
      heardAtLeast: plain - missing,
      lossRate: undefined,
    },
    memory: 'enough',
  });

  /** Lets every frame go out at once, until the session waits for something else or has sent so many. */
  function transmitted(from: SessionState, context: SessionContext, most = 40): readonly string[] {
    const frames: string[] = [];
    let state = from;
    let { now } = context;
    while (frames.length < most && state.kind === 'broadcasting' && state.phase.kind === 'pacing') {
      now = steadyMs(Math.max(now, state.phase.until));
      const sent = step(state, DUE, { ...context, now });
      state = sent.state;
      for (const effect of sent.effects) {
        if (effect.kind !== 'send') continue;
        frames.push(`${effect.frame.kind} ${effect.frame.number}`);
        const event: FrameEvent = { kind: 'frame', frame: effect.frame, fate: 'on-air', at: now, error: undefined };
        state = step(state, event, { ...context, now }).state;
      }
    }
    frames.push(placeOf(state));
    return frames;
  }

  it('follow each other: all plain ones, then a question to everybody', () => {
    const plain = Array.from({ length: NB_FRAG }, (_, i) => `plain ${i + 1}`);
    expect(transmitted(pacing(), at(65_000))).toEqual([...plain, 'status 0', 'broadcasting/listening']);
  });

  it('keep their pace', () => {
    const first = step(sending(PLAIN_1), onAir(PLAIN_1, 66_000), at(66_100)).state;
    expect(sessionDueAt(first)).toBe(after(67_500));
    const tenth: GroupFrame = { kind: 'plain', number: NB_FRAG };
    const last = step(sending(tenth, { sent: 9 }), onAir(tenth, 66_000), at(66_100)).state;
    expect(sessionDueAt(last)).toBe(after(67_000));
    const parity: GroupFrame = { kind: 'parity', number: 11 };
    const more = step(sending(parity, { sent: 10, goal: 13 }), onAir(parity, 66_000), at(66_100)).state;
    expect(sessionDueAt(more)).toBe(after(69_000));
  });

  it('wait for the answers, a little longer when all are in, and then send what is missing', () => {
    const asked = step(sending(STATUS, { sent: NB_FRAG }), onAir(STATUS, 70_000), at(70_000));
    expect(asked).toMatchObject({
      state: { askedAt: NB_FRAG, questions: 1, phase: { kind: 'listening', until: after(90_000) } },
      news: ['status-requested'],
    });
    const owing = members({ awaited: 1, devices: [device({ missedAnswers: 1 })] });
    const waits = step(asked.state, DUE, at(73_000, { members: owing }));
    expect(waits.state).toMatchObject({ phase: { kind: 'listening', lookAt: after(76_000) } });
    const lacking = members({ devices: [device({ found: incomplete(2) })] });
    const soon = step(asked.state, MOVED, at(70_500, { members: lacking })).state;
    expect(sessionDueAt(soon)).toBe(after(73_500));
    const sent = step(soon, DUE, at(73_500, { members: lacking }));
    expect(sent.effects).toEqual([{ kind: 'send', frame: { kind: 'parity', number: 11 } }]);
    expect((sent.state as Broadcasting).goal).toBeGreaterThanOrEqual(12);
  });

  it('repeat the only fragment of a block, whose parity is all zero', () => {
    const format = { ...FORMAT, nbFrag: 1 };
    expect(transmitted(pacing({ goal: 1 }), at(65_000, { format, firstGoal: 1 }))).toEqual([
      'plain 1',
      'status 0',
      'broadcasting/listening',
    ]);
    const lacking = members({ devices: [device({ found: incomplete(1, 1) })] });
    const state = broadcasting(
      { kind: 'listening', until: after(90_000), lookAt: after(70_000) },
      { goal: 1, sent: 1, askedAt: 1, questions: 1, roundUntil: after(90_000) },
    );
    const again = step(state, DUE, at(70_000, { format, members: lacking }));
    expect(again.effects).toEqual([{ kind: 'send', frame: { kind: 'parity', number: 1 } }]);
    const repeated = step(again.state, onAir({ kind: 'parity', number: 1 }, 70_000), at(70_100, { format }));
    expect(repeated.state).toMatchObject({ sent: 1, repeats: 1 });
  });

  it('are as many as a caller fixed, with one question', () => {
    const plan = sampleFotaPlan({ launchDelayS: undefined, parityFragments: 2 });
    const state = pacing({ goal: NB_FRAG + 2, sent: 9 });
    const context = at(65_000, { plan });
    expect(transmitted(state, context)).toEqual([
      'plain 10',
      'parity 11',
      'parity 12',
      'status 0',
      'broadcasting/listening',
    ]);
    const listening = broadcasting(
      { kind: 'listening', until: after(90_000), lookAt: after(70_000) },
      { goal: 12, sent: 12, askedAt: 12, questions: 1, roundUntil: after(90_000) },
    );
    const lacking = members({ devices: [device({ found: incomplete(2) })] });
    expect(told(step(listening, DUE, at(90_000, { plan, members: lacking })))).toBe('closing, tells broadcast-over');
  });

  it('are messages, as often as planned', () => {
    const plan = sampleMessagePlan({ transmissions: 3 });
    const context = at(65_000, { plan, format: MESSAGE, firstGoal: 3 });
    expect(transmitted(pacing({ goal: 3 }), context)).toEqual(['message 1', 'message 2', 'message 3', 'closing']);
  });

  it('end with the sixty-fourth question', () => {
    const after63 = { sent: NB_FRAG, askedAt: NB_FRAG, roundUntil: after(64_000) };
    expect(told(step(pacing({ ...after63, questions: 63 }), DUE, at(65_000)))).toBe(
      'broadcasting/sending, sends status 0',
    );
    expect(told(step(pacing({ ...after63, questions: 64 }), DUE, at(65_000)))).toBe('closing, tells broadcast-over');
  });

  it('stop when nobody needs them any more', () => {
    const nobody = members({ receiving: 0, devices: [], total: 0 });
    expect(told(step(pacing({ sent: 3 }), DUE, at(65_000, { members: nobody })))).toBe('closing, tells broadcast-over');
    const held = STATES['broadcasting/holding'];
    expect(told(step(held, MOVED, at(65_500, { members: nobody })))).toBe('closing, tells broadcast-over');
  });
});

describe('devices on their way', () => {
  const joining = members({ receiving: 0, devices: [], joining: 1 });

  it('are waited for when nobody else is there, as long as they can still use the rest', () => {
    const waits = step(pacing({ sent: 5 }), DUE, at(65_000, { members: joining }));
    expect(waits.state).toMatchObject({ phase: { kind: 'awaiting-late', until: after(65_000 + 180_000) } });
    expect(told(step(waits.state, MOVED, at(70_000)))).toBe('broadcasting/sending, sends plain 6');
    expect(told(step(waits.state, DUE, at(245_000, { members: joining })))).toBe('closing, tells broadcast-over');
    expect(told(step(waits.state, MOVED, at(70_000, { members: NOBODY })))).toBe('closing, tells broadcast-over');
  });

  it('are not when the image is half through, unless the session goes on with parity', () => {
    const format = { ...FORMAT, nbFrag: 300 };
    const context = at(65_000, { members: joining, format, firstGoal: 300 });
    expect(told(step(pacing({ sent: 150, goal: 300 }), DUE, context))).toBe('broadcasting/awaiting-late');
    expect(told(step(pacing({ sent: 151, goal: 300 }), DUE, context))).toBe('closing, tells broadcast-over');
    const parity = pacing({ sent: 312, goal: 314, isFresh: false });
    expect(told(step(parity, DUE, context))).toBe('broadcasting/awaiting-late');
  });
});

describe('closing', () => {
  it('lasts until devices of class A have been heard after the session', () => {
    const over = step(pacing({ sent: 3 }), DUE, at(END_MS - 500));
    expect(over.state).toMatchObject({ kind: 'closing', until: after(END_MS + 150_000), isUnsent: false });
    const open = members({ receiving: 0, devices: [], between: 1, unproven: 1 });
    expect(told(step(over.state, MOVED, at(END_MS, { members: open })))).toBe('closing');
    expect(told(step(over.state, DUE, at(END_MS + 150_000, { members: open })))).toBe('ended: unserved, closes');
  });

  it('leaves check values their time where devices are heard every second', () => {
    const plan = sampleFotaPlan({ launchDelayS: undefined, uplinkIntervalS: 1 });
    const over = step(pacing({ sent: 3 }), DUE, at(END_MS - 500, { plan }));
    expect(over.state).toMatchObject({ kind: 'closing', until: after(END_MS + 19_500) });
  });

  it('ends as soon as nobody can prove anything any more', () => {
    const state = STATES.closing;
    const unserved = members({ receiving: 0, devices: [], between: 1 });
    expect(told(step(state, MOVED, at(1_000, { members: unserved })))).toBe('ended: unserved, closes');
    expect(told(step(state, MOVED, at(1_000, { members: NOBODY })))).toBe('ended: served, closes');
  });
});
