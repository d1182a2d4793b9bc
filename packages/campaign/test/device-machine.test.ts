import { gpsMs, steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { DeviceAnswer } from '../src/answers.ts';
import { type DeviceContext, type DeviceEvent, type DeviceStep, deviceStep } from '../src/device-machine.ts';
import type { DeviceState, SetupStep } from '../src/device-state.ts';
import { kindsOf } from './support/kinds.ts';

const NOW = steadyMs(1_000_000);
const LAUNCH = steadyMs(NOW + 60_000);
const START_GPS_S = 5_000;
/** Sixty seconds before the start. */
const RECEIVED = gpsMs((START_GPS_S - 60) * 1000);

const CONTEXT: DeviceContext = {
  now: NOW,
  launchAt: LAUNCH,
  sessionTimeGpsS: START_GPS_S,
  kind: 'FOTA',
  severalCommands: true,
  checksClock: true,
  launched: false,
  lateStartGpsS: undefined,
  sent: 12,
  allPlainSent: true,
  missingMeans: 'unknown',
  missingOverflows: false,
  zeroMissingIsOpen: false,
};

type SettingUp = Extract<DeviceState, { kind: 'setting-up' }>;

const SETTING_UP: SettingUp = {
  kind: 'setting-up',
  todo: ['group', 'session'],
  question: 'on-air',
  askAgainAt: steadyMs(NOW - 1),
  asked: 1,
  resyncs: 0,
  heard: true,
};
const RECEIVING: DeviceState = { kind: 'receiving', reception: undefined, silentFor: 0 };

const STATES: { readonly [K in DeviceState['kind']]: Extract<DeviceState, { kind: K }> } = {
  pending: { kind: 'pending' },
  'setting-up': SETTING_UP,
  ready: { kind: 'ready' },
  receiving: { kind: 'receiving', reception: undefined, silentFor: 0 },
  done: { kind: 'done', evidence: 'crc64', at: NOW, reception: undefined },
  failed: { kind: 'failed', reason: 'no-answer', at: NOW, reception: undefined },
  skipped: { kind: 'skipped', reason: 'unknown-device', at: NOW },
};

const uplink = (answers: readonly DeviceAnswer[], more: Partial<Extract<DeviceEvent, { kind: 'uplink' }>> = {}) =>
  ({ kind: 'uplink', answers, receivedGps: RECEIVED, getsTime: false, crc: undefined, ...more }) as const;

const EVENTS: { readonly [K in DeviceEvent['kind']]: Extract<DeviceEvent, { kind: K }> } = {
  begin: { kind: 'begin' },
  refuse: { kind: 'refuse', reason: 'image-missing' },
  uplink: uplink([]),
  question: { kind: 'question', fate: 'on-air', listensAlways: false },
  'ask-again': { kind: 'ask-again' },
  joined: { kind: 'joined' },
  launch: { kind: 'launch' },
  'status-requested': { kind: 'status-requested' },
  'message-sent': { kind: 'message-sent' },
  end: { kind: 'end', presumedComplete: true, needsCrc64: false, neverSent: false, joined: true },
  again: { kind: 'again', fresh: true },
  'server-restarted': { kind: 'server-restarted' },
};

type EventKind = DeviceEvent['kind'];

/** Nothing changes and nothing is asked. */
const SAME = 'same';

const NOTHING: { readonly [E in EventKind]: string } = {
  begin: SAME,
  refuse: SAME,
  uplink: SAME,
  question: SAME,
  'ask-again': SAME,
  joined: SAME,
  launch: SAME,
  'status-requested': SAME,
  'message-sent': SAME,
  end: SAME,
  again: SAME,
  'server-restarted': SAME,
};

const TABLE: { readonly [S in DeviceState['kind']]: { readonly [E in EventKind]: string } } = {
  pending: {
    begin: 'setting-up, asks fragmentation',
    refuse: 'failed: image-missing',
    uplink: SAME,
    question: SAME,
    'ask-again': SAME,
    joined: SAME,
    launch: SAME,
    'status-requested': SAME,
    'message-sent': SAME,
    end: 'failed: no-answer',
    again: SAME,
    'server-restarted': SAME,
  },
  'setting-up': {
    begin: SAME,
    refuse: 'failed: image-missing',
    uplink: 'setting-up, asks group+session',
    question: SAME,
    'ask-again': 'setting-up, asks group+session',
    joined: 'setting-up',
    launch: 'setting-up',
    'status-requested': SAME,
    'message-sent': SAME,
    end: 'failed: no-answer',
    again: 'setting-up, asks fragmentation',
    'server-restarted': 'setting-up, asks group+session',
  },
  ready: {
    begin: SAME,
    refuse: 'failed: image-missing',
    uplink: SAME,
    question: SAME,
    'ask-again': SAME,
    joined: 'setting-up',
    launch: 'receiving',
    'status-requested': SAME,
    'message-sent': SAME,
    end: 'failed: no-answer',
    again: 'setting-up, asks fragmentation',
    'server-restarted': SAME,
  },
  receiving: {
    begin: SAME,
    refuse: 'failed: image-missing',
    uplink: SAME,
    question: SAME,
    'ask-again': SAME,
    joined: 'setting-up',
    launch: SAME,
    'status-requested': 'receiving, silent for 1',
    'message-sent': 'done: session-answer',
    end: 'done: status-answer',
    again: 'setting-up, asks fragmentation',
    'server-restarted': SAME,
  },
  done: NOTHING,
  failed: NOTHING,
  skipped: NOTHING,
};

function describeStep(before: DeviceState, { state, ask }: DeviceStep): string {
  const asks = ask.length === 0 ? '' : `, asks ${ask.join('+')}`;
  if (state === before) return `${SAME}${asks}`;
  switch (state.kind) {
    case 'failed':
    case 'skipped':
      return `${state.kind}: ${state.reason}`;
    case 'done':
      return `done: ${state.evidence}`;
    case 'receiving':
      return state.silentFor === 0 ? 'receiving' : `receiving, silent for ${state.silentFor}`;
    default:
      return `${state.kind}${asks}`;
  }
}

const step = (state: DeviceState, event: DeviceEvent, more: Partial<DeviceContext> = {}): DeviceStep =>
  deviceStep(state, event, { ...CONTEXT, ...more });
const told = (state: DeviceState, event: DeviceEvent, more: Partial<DeviceContext> = {}): string =>
  describeStep(state, step(state, event, more));

describe('the table of a device', () => {
  it('has a row for every state and event there is', () => {
    const states = kindsOf('device-state.ts', 'DeviceState');
    const events = kindsOf('device-machine.ts', 'DeviceEvent');
    expect(Object.keys(TABLE).sort()).toEqual([...states].sort());
    for (const row of Object.values(TABLE)) expect(Object.keys(row).sort()).toEqual([...events].sort());
    expect(states).toHaveLength(7);
    expect(events).toHaveLength(12);
  });

  for (const [stateKind, row] of Object.entries(TABLE) as [DeviceState['kind'], Record<EventKind, string>][]) {
    it.each(Object.entries(row) as [EventKind, string][])(`${stateKind} + %s -> %s`, (eventKind, expected) => {
      expect(told(STATES[stateKind], EVENTS[eventKind])).toBe(expected);
    });
  }
});

const ACCEPTED = { kind: 'group', groupId: 0, accepted: true } as const;
const SESSION = { kind: 'session', groupId: 0, errors: [], timeToStartS: 60 } as const;
const refusal = (...errors: string[]): DeviceAnswer => ({
  kind: 'session',
  groupId: 0,
  errors,
  timeToStartS: undefined,
});
const fragmentation = (...errors: string[]): DeviceAnswer => ({ kind: 'fragmentation', fragIndex: 0, errors });

const settingUp = (more: Partial<SettingUp> = {}): SettingUp => ({ ...SETTING_UP, askAgainAt: undefined, ...more });
const todoOf = ({ state }: DeviceStep): readonly SetupStep[] => (state.kind === 'setting-up' ? state.todo : []);

describe('setting up', () => {
  it('asks one step at a time unless the device takes several commands', () => {
    const all = settingUp({ todo: ['fragmentation', 'group', 'session'] });
    expect(step(all, uplink([fragmentation()])).ask).toEqual(['group', 'session']);
    expect(step(all, uplink([fragmentation()]), { severalCommands: false }).ask).toEqual(['group']);
    expect(step(settingUp(), uplink([ACCEPTED]), { severalCommands: false }).ask).toEqual(['session']);
    expect(told(settingUp(), uplink([ACCEPTED, SESSION]))).toBe('ready');
  });

  it('takes answers in any order and counts each once', () => {
    const all = settingUp({ todo: ['fragmentation', 'group', 'session'] });
    const first = step(all, uplink([SESSION, ACCEPTED]));
    expect(todoOf(first)).toEqual(['fragmentation']);
    expect(told(first.state, uplink([SESSION, ACCEPTED, fragmentation()]))).toBe('ready');
  });

  it('needs no fragmentation for a message', () => {
    expect(step(STATES.pending, EVENTS.begin, { kind: 'Message' }).ask).toEqual(['group', 'session']);
  });

  it('waits for the question that is queued instead of putting another behind it', () => {
    const queued = settingUp({ question: 'queued' });
    expect(step(queued, uplink([])).ask).toEqual([]);
    expect(step(queued, EVENTS['server-restarted']).ask).toEqual(['group', 'session']);
    const onAir = step(queued, EVENTS.question).state;
    expect(onAir).toMatchObject({ ...queued, question: 'on-air' });
    expect(step(onAir, uplink([])).ask).toEqual(['group', 'session']);
  });

  it('asks a lost question again with the next uplink', () => {
    const lost = step(settingUp({ question: 'queued' }), {
      kind: 'question',
      fate: 'lost',
      listensAlways: false,
    }).state;
    expect(lost).toMatchObject({ question: 'none', askAgainAt: undefined });
    expect(step(lost, uplink([])).ask).toEqual(['group', 'session']);
  });

  it('asks a device that listens all the time again by itself', () => {
    for (const fate of ['on-air', 'lost'] as const) {
      const asked = step(settingUp({ question: 'queued' }), { kind: 'question', fate, listensAlways: true }).state;
      const askAgainAt = asked.kind === 'setting-up' ? asked.askAgainAt : undefined;
      expect(askAgainAt).toBeGreaterThan(NOW);
      expect(told(asked, EVENTS['ask-again'])).toBe(SAME);
      expect(step(asked, EVENTS['ask-again'], { now: steadyMs(askAgainAt ?? 0) }).ask).toEqual(['group', 'session']);
    }
  });

  it('provokes no uplink shortly before the start', () => {
    for (const event of [uplink([]), EVENTS['ask-again'], EVENTS['server-restarted']] as const) {
      expect(step(SETTING_UP, event, { now: steadyMs(LAUNCH - 5_999) }).ask).toEqual([]);
    }
    expect(step(SETTING_UP, uplink([]), { now: steadyMs(LAUNCH - 6_000) }).ask).not.toEqual([]);
    expect(step(STATES.pending, EVENTS.begin, { now: steadyMs(LAUNCH - 1) })).toMatchObject({
      state: { kind: 'setting-up', question: 'none' },
      ask: [],
    });
  });

  it('does not ask without end', () => {
    let state: DeviceState = settingUp({ asked: 0, question: 'none' });
    let asked = 0;
    for (let n = 0; n < 100; n++) {
      const next = step(state, uplink([]));
      asked += next.ask.length > 0 ? 1 : 0;
      state = step(next.state, EVENTS.question).state;
    }
    expect(asked).toBe(40);
  });

  it('fails a device that refuses the fragmentation', () => {
    expect(
      told(settingUp({ todo: ['fragmentation', 'group', 'session'] }), uplink([fragmentation('NotEnoughMemory')])),
    ).toBe('failed: fragmentation-refused');
  });

  it('gives a device that refuses the group one more chance: it may have been busy', () => {
    const REFUSED = { ...ACCEPTED, accepted: false };
    const first = step(settingUp(), uplink([REFUSED, refusal('McGroupUndefined', 'FreqError', 'DRError')]));
    expect(first.ask).toEqual(['group', 'session']);
    expect(told(first.state, uplink([REFUSED]))).toBe('failed: group-refused');
    expect(told(first.state, uplink([ACCEPTED, SESSION]))).toBe('ready');
  });

  it('fails a device that finds fault with frequency or data rate', () => {
    for (const errors of [['FreqError'], ['DRError'], ['DRError', 'FreqError']]) {
      expect(told(settingUp(), uplink([ACCEPTED, refusal(...errors)]))).toBe('failed: session-refused');
    }
  });

  it('sets up the group again for a device that has none, and sets no clock for that', () => {
    const again = step(settingUp({ todo: ['session'] }), uplink([refusal('McGroupUndefined', 'FreqError', 'DRError')]));
    expect(todoOf(again)).toEqual(['group', 'session']);
    expect(again.ask).toEqual(['group', 'session']);
  });

  it.each([['McGroupUndefined'], ['StartMissed']])('sets the clock of a device that says %s', (error) => {
    const again = step(settingUp({ todo: ['session'] }), uplink([refusal(error)]));
    expect(todoOf(again)).toEqual(['clock', 'group', 'session']);
    expect(again.ask).toEqual(['clock']);
  });

  it('gives up after a few rounds, for the reason that the device named', () => {
    const outcome = (answer: DeviceAnswer): [number, string] => {
      let state: DeviceState = settingUp();
      for (let n = 1; n < 100; n++) {
        state = step(state, uplink([ACCEPTED, answer], { getsTime: true })).state;
        if (state.kind !== 'setting-up') return [n, state.kind === 'failed' ? state.reason : state.kind];
      }
      return [100, 'still setting up'];
    };
    expect(outcome(refusal('McGroupUndefined', 'FreqError', 'DRError'))).toEqual([5, 'session-refused']);
    expect(outcome(refusal('StartMissed'))).toEqual([5, 'clock-not-set']);
    expect(outcome({ ...SESSION, timeToStartS: 0xff_ffff })).toEqual([5, 'clock-not-set']);
  });
});

describe('the clock of a device', () => {
  it.each([57, 58, 60, 63])('is right when %i s are left by it and 60 by ours', (timeToStartS) => {
    expect(told(settingUp({ todo: ['session'] }), uplink([{ ...SESSION, timeToStartS }]))).toBe('ready');
  });

  it.each([0, 56, 64, 78, 0xff_ffff])('is wrong when it is %i s', (timeToStartS) => {
    const next = step(settingUp({ todo: ['session'] }), uplink([{ ...SESSION, timeToStartS }]));
    expect(todoOf(next)).toEqual(['clock', 'session']);
    expect(next.ask).toEqual(['clock']);
  });

  it('does not matter to a device that counts down', () => {
    const answer = uplink([{ ...SESSION, timeToStartS: 12 }]);
    expect(told(settingUp({ todo: ['session'] }), answer, { checksClock: false })).toBe('ready');
  });

  it('counts as set when the device is told the time, whatever else is to do first', () => {
    const state = settingUp({ todo: ['group', 'clock', 'session'], resyncs: 1 });
    const next = step(state, uplink([], { getsTime: true }));
    expect(todoOf(next)).toEqual(['group', 'session']);
    // The window is taken by the time itself.
    expect(next.ask).toEqual([]);
    expect(step(next.state, uplink([])).ask).toEqual(['group', 'session']);
  });

  it('is asked about until the end, and named then', () => {
    const state = settingUp({ todo: ['clock', 'session'], resyncs: 1 });
    expect(step(state, uplink([])).ask).toEqual(['clock']);
    expect(told(state, EVENTS.launch)).toBe('setting-up');
    expect(told(state, EVENTS.end)).toBe('failed: clock-not-set');
  });
});

describe('launch', () => {
  const all: readonly SetupStep[] = ['fragmentation', 'group', 'session'];
  const _silent = settingUp({ todo: all, heard: false });

  it('leaves devices that are late in their set-up', () => {
    const lost = settingUp({ todo: all, question: 'queued' });
    expect(step(lost, EVENTS.launch).state).toEqual({ ...lost, question: 'none' });
    expect(told(STATES.pending, EVENTS.launch)).toBe(SAME);
  });

  it('lets devices listen from the beginning, and keeps what they hold', () => {
    expect(step(STATES.ready, EVENTS.launch).state).toEqual({ ...RECEIVING, from: 1 });
    const holding = { reception: undefined, from: 40 };
    expect(step({ kind: 'ready', holding }, EVENTS.launch).state).toEqual({ ...RECEIVING, from: 40 });
  });

  describe('of a device that was asked for the session and whose answer is missing', () => {
    const onAir = (state: SettingUp): DeviceState => step({ ...state, question: 'queued' }, EVENTS.question).state;

    it('lets it listen', () => {
      const launched = step(onAir(settingUp({ todo: ['session'] })), EVENTS.launch).state;
      expect(launched).toEqual({ ...RECEIVING, from: 1, unconfirmed: true });
      expect(step(onAir(settingUp()), EVENTS.launch).state).toEqual(launched);
    });

    it('does not, when more is open than that', () => {
      expect(told(onAir(settingUp({ todo: all })), EVENTS.launch)).toBe('setting-up');
      const groupOnly = step(settingUp({ question: 'queued' }), EVENTS.question, { severalCommands: false }).state;
      expect(told(groupOnly, EVENTS.launch)).toBe('setting-up');
      const clock = step(onAir(settingUp({ todo: ['session'] })), uplink([{ ...SESSION, timeToStartS: 9 }])).state;
      expect(told(clock, EVENTS.launch)).toBe('setting-up');
    });

    it('believes it only what it says itself', () => {
      const launched = step(onAir(settingUp({ todo: ['session'] })), EVENTS.launch).state;
      expect(told(launched, EVENTS['message-sent'], { kind: 'Message' })).toBe(SAME);
      expect(told(launched, EVENTS.end)).toBe('failed: no-answer');
      const status = { kind: 'status', nbFragReceived: 9, missingFrag: 0, memoryError: false } as const;
      expect(told(step(launched, uplink([status])).state, EVENTS.end)).toBe('done: status-answer');
      expect(told(launched, uplink([{ kind: 'session-complete' }]))).toBe('done: session-complete');
    });
  });
});

describe('a device that is late', () => {
  const launched = { launched: true, now: steadyMs(LAUNCH + 60_000), lateStartGpsS: START_GPS_S + 68, sent: 30 };
  const accepted = { ...SESSION, timeToStartS: 6 };
  const receivedGps = gpsMs((START_GPS_S + 62) * 1000);

  it('is told a start a few seconds ahead, and listens from then on', () => {
    const asked = step(settingUp({ question: 'none' }), uplink([]), launched);
    expect(asked.ask).toEqual(['group', 'session']);
    expect(asked.state).toMatchObject({ startGpsS: START_GPS_S + 68 });
    const onAir = step(asked.state, EVENTS.question, launched).state;
    const listening = step(onAir, uplink([ACCEPTED, accepted], { receivedGps }), launched);
    expect(listening.ask).toEqual([]);
    // What goes out until it listens is lost to it as well.
    expect(listening.state).toEqual({ ...RECEIVING, from: 35, startGpsS: START_GPS_S + 68 });
  });

  it('is told another start each time it is asked, and none with what is no question for the session', () => {
    const first = step(settingUp({ question: 'none' }), uplink([]), launched).state;
    const lost = step(first, { kind: 'question', fate: 'lost', listensAlways: false }, launched).state;
    const again = step(lost, uplink([]), { ...launched, lateStartGpsS: START_GPS_S + 90 });
    expect(again.state).toMatchObject({ startGpsS: START_GPS_S + 90 });
    const all = settingUp({ todo: ['fragmentation', 'group', 'session'], question: 'none' });
    expect(step(all, uplink([]), launched).state).not.toHaveProperty('startGpsS');
  });

  it('whose clock is wrong by the start that it was told is corrected', () => {
    const asked = step(settingUp({ todo: ['session'], question: 'none' }), uplink([]), launched).state;
    const wrong = step(asked, uplink([{ ...SESSION, timeToStartS: 60 }], { receivedGps }), launched);
    expect(todoOf(wrong)).toEqual(['clock', 'session']);
  });

  it('may be listening although its answer was lost, and is asked with the others', () => {
    const asked = step(settingUp({ question: 'none' }), uplink([]), launched).state;
    const onAir = step(asked, EVENTS.question, launched).state;
    const listening = step(onAir, EVENTS['status-requested'], launched).state;
    expect(listening).toEqual({ ...RECEIVING, silentFor: 1, from: 31, startGpsS: START_GPS_S + 68, unconfirmed: true });
    expect(told(asked, EVENTS['status-requested'], launched)).toBe(SAME);
    const open = step(settingUp({ todo: ['clock', 'session'], mayListen: true }), EVENTS['status-requested'], launched);
    expect(open.state.kind).toBe('setting-up');
  });

  it('is asked no more when the session is about to end', () => {
    expect(step(settingUp(), uplink([]), { ...launched, lateStartGpsS: undefined }).ask).toEqual([]);
  });

  it('is invited again when it is heard and said nothing of the session', () => {
    const invited = (state: DeviceState): readonly SetupStep[] => step(state, uplink([]), launched).ask;
    expect(invited({ ...RECEIVING, unconfirmed: true } as DeviceState)).toEqual(['group', 'session']);
    expect(invited({ ...RECEIVING, silentFor: 2 } as DeviceState)).toEqual(['group', 'session']);
    expect(invited({ ...RECEIVING, silentFor: 1 } as DeviceState)).toEqual([]);
    expect(invited(RECEIVING)).toEqual([]);
    const said = { nbFragReceived: 9, missingFrag: 3, sentByThen: 12, steadySince: 12 };
    expect(invited({ ...RECEIVING, silentFor: 2, reception: said } as DeviceState)).toEqual([]);
    expect(invited({ ...RECEIVING, silentFor: 2, invited: true } as DeviceState)).toEqual([]);
    const there = step({ ...RECEIVING, silentFor: 2, from: 1 } as DeviceState, uplink([]), launched).state;
    const status = { kind: 'status', nbFragReceived: 9, missingFrag: 3, memoryError: false } as const;
    expect(step(there, uplink([status]), launched).state).toMatchObject({ kind: 'receiving', silentFor: 0, from: 1 });
    const asked = step({ ...RECEIVING, unconfirmed: true } as DeviceState, uplink([accepted]), launched);
    expect(asked).toEqual({ state: RECEIVING, ask: [] });
  });

  it('names why it never came', () => {
    expect(told(settingUp(), EVENTS.end)).toBe('failed: no-answer');
    expect(told(settingUp(), { ...EVENTS.end, joined: false })).toBe('failed: never-joined');
    expect(told(STATES.pending, { ...EVENTS.end, joined: false })).toBe('failed: never-joined');
  });
});

describe('a further session', () => {
  const reception = { nbFragReceived: 9, missingFrag: 3, sentByThen: 12, steadySince: 12 };
  const again = (fresh: boolean): DeviceEvent => ({ kind: 'again', fresh });

  it('asks a device that holds a part for the group alone, and keeps what it said', () => {
    const step1 = step({ ...RECEIVING, reception, from: 5 } as DeviceState, again(false));
    expect(todoOf(step1)).toEqual(['group', 'session']);
    expect(step1.state).toMatchObject({ holding: { reception, from: 5 } });
    const ready = step(step1.state, uplink([ACCEPTED, SESSION])).state;
    expect(ready).toEqual({ kind: 'ready', holding: { reception, from: 5 } });
    expect(todoOf(step(ready, again(false)))).toEqual(['group', 'session']);
    expect(told(ready, EVENTS.end)).toBe('failed: no-answer');
    expect(told(step1.state, EVENTS.end)).toBe('failed: not-complete');
  });

  it('sets up everything for a device that holds nothing, that lost it, or when the image is sent anew', () => {
    const all: readonly SetupStep[] = ['fragmentation', 'group', 'session'];
    expect(todoOf(step(settingUp(), again(false)))).toEqual(all);
    expect(todoOf(step({ ...RECEIVING, unconfirmed: true } as DeviceState, again(false)))).toEqual(all);
    expect(todoOf(step({ ...RECEIVING, reception } as DeviceState, again(true)))).toEqual(all);
    const holding = { reception, from: 1 };
    expect(todoOf(step(settingUp({ holding }), EVENTS.joined))).toEqual(all);
    expect(step(settingUp({ holding }), EVENTS.joined).state).not.toHaveProperty('holding');
  });
});

describe('proof of the image', () => {
  const proofs = [
    uplink([{ kind: 'crc64', octets: new Uint8Array(8) }], { crc: 'match' }),
    uplink([{ kind: 'session-complete' }]),
    uplink([{ kind: 'block-received', fragIndex: 0, micError: false }]),
  ];

  it.each(['setting-up', 'ready', 'receiving', 'failed'] as const)('counts for a device that is %s', (kind) => {
    expect(proofs.map((proof) => told(STATES[kind], proof))).toEqual([
      'done: crc64',
      'done: session-complete',
      'done: mic',
    ]);
  });

  it.each(['pending', 'done', 'skipped'] as const)('changes nothing for one that is %s', (kind) => {
    for (const proof of proofs) expect(told(STATES[kind], proof)).toBe(SAME);
  });
});

describe('joining anew', () => {
  it('begins the set-up from the start, at the next uplink', () => {
    for (const state of [SETTING_UP, STATES.ready]) {
      const joined = step(state, EVENTS.joined);
      expect(todoOf(joined)).toEqual(['fragmentation', 'group', 'session']);
      expect(joined.ask).toEqual([]);
      expect(step(joined.state, uplink([])).ask).toEqual(['fragmentation']);
    }
  });
});

describe('an unknown device', () => {
  it('is skipped, not failed', () => {
    expect(told(STATES.pending, { kind: 'refuse', reason: 'unknown-device' })).toBe('skipped: unknown-device');
  });
});

describe('receiving', () => {
  const status = (more: Partial<Extract<DeviceAnswer, { kind: 'status' }>> = {}): DeviceAnswer => ({
    kind: 'status',
    nbFragReceived: 9,
    missingFrag: 3,
    memoryError: false,
    ...more,
  });

  it('keeps what the device last said, and since when it has said the same', () => {
    const first = step(RECEIVING, uplink([status()])).state;
    expect(first).toMatchObject({
      reception: { nbFragReceived: 9, missingFrag: 3, sentByThen: 12, steadySince: 12 },
      silentFor: 0,
    });
    const asked = step(first, EVENTS['status-requested']).state;
    expect(asked).toMatchObject({ kind: 'receiving', silentFor: 1 });
    const second = step(asked, uplink([status({ nbFragReceived: 15 })]), { sent: 20 }).state;
    expect(second).toMatchObject({ reception: { nbFragReceived: 15, sentByThen: 20, steadySince: 12 }, silentFor: 0 });
    const third = step(second, uplink([status({ missingFrag: 1 })]), { sent: 30 }).state;
    expect(third).toMatchObject({ reception: { sentByThen: 30, steadySince: 30 } });
  });

  it('takes more than was sent for evidence of nothing', () => {
    const before = step(RECEIVING, uplink([status()])).state;
    const asked = step(before, EVENTS['status-requested']).state;
    expect(step(asked, uplink([status({ nbFragReceived: 1280, missingFrag: 0 })])).state).toEqual(before);
    expect(step(RECEIVING, uplink([status({ nbFragReceived: 21, missingFrag: 0 })])).state).toEqual(RECEIVING);
  });

  it('fails a device whose memory is too small', () => {
    expect(told(RECEIVING, uplink([status({ memoryError: true })]))).toBe('failed: memory-exhausted');
  });

  it('believes a check value, a finished session and a good MIC', () => {
    const crc64 = { kind: 'crc64', octets: new Uint8Array(8) } as const;
    expect(told(RECEIVING, uplink([crc64], { crc: 'match' }))).toBe('done: crc64');
    expect(told(RECEIVING, uplink([crc64], { crc: 'mismatch' }))).toBe('failed: integrity-mismatch');
    expect(told(RECEIVING, uplink([crc64]))).toBe(SAME);
    expect(told(RECEIVING, uplink([{ kind: 'session-complete' }]))).toBe('done: session-complete');
    expect(told(RECEIVING, uplink([{ kind: 'block-received', fragIndex: 0, micError: false }]))).toBe('done: mic');
    expect(told(RECEIVING, uplink([{ kind: 'block-received', fragIndex: 0, micError: true }]))).toBe(
      'failed: integrity-mismatch',
    );
  });

  it('does not take news of an earlier session for this one', () => {
    const early = { allPlainSent: false, sent: 3 };
    expect(told(RECEIVING, uplink([{ kind: 'session-complete' }]), early)).toBe(SAME);
    expect(told(RECEIVING, uplink([{ kind: 'block-received', fragIndex: 0, micError: true }]), early)).toBe(SAME);
  });

  it('ends with what is known', () => {
    const end = (more: Partial<Extract<DeviceEvent, { kind: 'end' }>>): DeviceEvent => ({ ...EVENTS.end, ...more });
    expect(told(RECEIVING, end({ presumedComplete: false }))).toBe('failed: not-complete');
    expect(told(RECEIVING, end({ needsCrc64: true }))).toBe('failed: not-verified');
    expect(told(RECEIVING, end({ neverSent: true }))).toBe('failed: not-sent');
    expect(told(RECEIVING, end({ presumedComplete: false }), { kind: 'Message' })).toBe('done: session-answer');
    expect(told(RECEIVING, end({ neverSent: true }), { kind: 'Message' })).toBe('failed: not-sent');
  });
});
