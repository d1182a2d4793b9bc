import { byTheBookV2 } from '@airlift/applayer';
import { gpsMs, steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { DeviceAnswer } from '../src/answers.ts';
import type { DeviceContext, DeviceEvent, DeviceStep, SessionContext } from '../src/device/device-event.ts';
import {
  type DeviceState,
  isSettled,
  nothingHeard,
  type Receiving,
  type SettingUp,
} from '../src/device/device-state.ts';
import { deviceStep } from '../src/device/device-step.ts';
import { wantsAnother } from '../src/device/ending.ts';
import { SAMPLE_AT, SAMPLE_DEVICE_STATES } from '../src/testing/index.ts';
import { BOOK_TRAITS, DOT_TRAITS, NODE_TRAITS } from './support/world.ts';

const NOW = SAMPLE_AT;
const after = (ms: number) => steadyMs(NOW + ms);
const START_GPS_S = 1_451_606_700;
/** Sixty seconds before the start, as is `NOW`. */
const RECEIVED = gpsMs((START_GPS_S - 60) * 1000);
const NB_FRAG = 10;

/** A session that starts in a minute. */
const AHEAD: SessionContext = {
  number: 1,
  launchAt: after(60_000),
  sessionTimeGpsS: START_GPS_S,
  endsAt: after(316_000),
  isLaunched: false,
  lateStartGpsS: undefined,
};
/** The same one, a minute after its start. */
const LAUNCHED: SessionContext = {
  ...AHEAD,
  launchAt: after(-60_000),
  endsAt: after(196_000),
  isLaunched: true,
  lateStartGpsS: START_GPS_S + 68,
};

const SILENT_AIR = { sent: 0, sentAtMost: 0, repeats: 0, askedAt: undefined };
const ALL_SENT = { sent: NB_FRAG, sentAtMost: NB_FRAG, repeats: 0, askedAt: NB_FRAG };

const BEFORE: DeviceContext = {
  now: NOW,
  kind: 'FOTA',
  traits: BOOK_TRAITS,
  listensAlways: false,
  nbFrag: NB_FRAG,
  hasOldNumbers: false,
  mcGroupId: 0,
  air: SILENT_AIR,
  checkFrom: 20,
  waitsForUplink: false,
  session: AHEAD,
};
const DURING: DeviceContext = { ...BEFORE, session: LAUNCHED, air: ALL_SENT };

const uplink = (answers: readonly DeviceAnswer[] = [], more: Partial<Extract<DeviceEvent, { kind: 'uplink' }>> = {}) =>
  ({
    kind: 'uplink',
    answers,
    fPort: 200,
    receivedGps: RECEIVED,
    getsTime: false,
    crc64: undefined,
    crc32: undefined,
    confirms: false,
    ...more,
  }) as const;
const ON_AIR = { kind: 'question', fate: 'on-air', listensAlways: false } as const;
const END = { kind: 'end', neverSent: false, hasJoined: true, limit: 'none' } as const;

const EVENTS: { readonly [K in DeviceEvent['kind']]: Extract<DeviceEvent, { kind: K }> } = {
  begin: { kind: 'begin', sessionCnt: undefined },
  hold: { kind: 'hold', by: 'fota_9', until: undefined },
  'check-answered': { kind: 'check-answered' },
  free: { kind: 'free' },
  refuse: { kind: 'refuse', reason: 'image-missing' },
  uplink: uplink(),
  question: ON_AIR,
  'ask-again': { kind: 'ask-again' },
  joined: { kind: 'joined' },
  launch: { kind: 'launch' },
  'status-requested': { kind: 'status-requested' },
  'broadcast-over': { kind: 'broadcast-over' },
  again: { kind: 'again', fresh: true },
  end: END,
  abort: { kind: 'abort', reason: 'aborted' },
  'server-restarted': { kind: 'server-restarted' },
};

const SETTING_UP: SettingUp = {
  kind: 'setting-up',
  session: 1,
  todo: ['fragmentation', 'group', 'session'],
  question: { kind: 'none' },
  askAgainAt: after(-1),
  asked: 1,
  resyncs: 0,
  refusals: 0,
  isHeard: true,
  mayListen: false,
  startGpsS: undefined,
  isRestarted: false,
  isInvited: false,
  heard: nothingHeard(undefined),
};
const READY: Extract<DeviceState, { kind: 'ready' }> = { kind: 'ready', session: 1, heard: nothingHeard(undefined) };
const RECEIVING: Receiving = {
  kind: 'receiving',
  session: 1,
  heard: nothingHeard(undefined),
  silentFor: 0,
  isAlive: false,
  isUnconfirmed: false,
  startGpsS: undefined,
  isInvited: false,
  asked: 0,
};
const BETWEEN: Extract<DeviceState, { kind: 'between' }> = {
  kind: 'between',
  session: 1,
  heard: nothingHeard(undefined),
  isUnconfirmed: false,
  isAlive: false,
  mayProve: true,
  freeAt: after(100_000),
  question: { kind: 'none' },
  asked: 0,
  askAgainAt: after(-1),
};

const STATES: { readonly [K in DeviceState['kind']]: Extract<DeviceState, { kind: K }> } = {
  pending: { kind: 'pending' },
  held: { kind: 'held', by: 'fota_2', until: undefined },
  'setting-up': { ...SETTING_UP, question: { kind: 'on-air' } },
  ready: READY,
  receiving: RECEIVING,
  between: BETWEEN,
  done: { kind: 'done', evidence: 'crc64', at: NOW, heard: undefined, freeAt: undefined },
  unverified: { kind: 'unverified', reason: 'silent', at: NOW, heard: undefined, freeAt: undefined },
  failed: { kind: 'failed', reason: 'no-answer', at: NOW, heard: undefined, freeAt: undefined },
  skipped: { kind: 'skipped', reason: 'unknown-device', at: NOW },
};

const GROUP = { kind: 'group', groupId: 0, accepted: true } as const;
const FRAGMENTATION = { kind: 'fragmentation', fragIndex: 0, errors: [] } as const;
const CRC64 = { kind: 'crc64', octets: new Uint8Array(8) } as const;
const STATUS_COMPLETE = {
  kind: 'status',
  fragIndex: 0,
  nbFragReceived: NB_FRAG,
  missingFrag: 0,
  memoryError: false,
  micError: undefined,
} as const;
const session = (timeToStartS: number) => ({ kind: 'session', groupId: 0, errors: [], timeToStartS }) as const;
const refusedSession = (errors: readonly string[]) =>
  ({ kind: 'session', groupId: 0, errors, timeToStartS: undefined }) as const;

/** What a step came to, in a few words. */
function told({ state, ask }: DeviceStep): string {
  const detail = state.kind === 'done' ? `: ${state.evidence}` : 'reason' in state ? `: ${state.reason}` : '';
  return `${state.kind}${detail}${ask.length === 0 ? '' : `, asks ${ask.join('+')}`}`;
}

type Row = { readonly [E in DeviceEvent['kind']]?: string };

/** What each event makes of a device before the start; those that are left out change nothing and ask nothing. */
const TABLE: { readonly [S in DeviceState['kind']]: Row } = {
  pending: {
    begin: 'setting-up, asks fragmentation',
    hold: 'held',
    refuse: 'failed: image-missing',
    end: 'failed: not-begun',
    abort: 'failed: aborted',
  },
  held: {
    begin: 'setting-up, asks fragmentation',
    hold: 'held',
    free: 'pending',
    refuse: 'failed: image-missing',
    end: 'failed: not-begun',
    abort: 'failed: aborted',
  },
  'setting-up': {
    refuse: 'failed: image-missing',
    uplink: 'setting-up, asks fragmentation',
    'ask-again': 'setting-up, asks fragmentation',
    joined: 'setting-up',
    launch: 'setting-up',
    again: 'setting-up, asks fragmentation',
    end: 'failed: no-answer',
    abort: 'failed: aborted, asks release',
    'server-restarted': 'setting-up, asks fragmentation',
  },
  ready: {
    refuse: 'failed: image-missing',
    joined: 'setting-up',
    launch: 'receiving',
    again: 'setting-up, asks fragmentation',
    end: 'failed: no-answer',
    abort: 'failed: aborted, asks release',
  },
  receiving: {
    refuse: 'failed: image-missing',
    uplink: 'receiving',
    joined: 'setting-up',
    'status-requested': 'receiving',
    'broadcast-over': 'between',
    end: 'unverified: silent',
    abort: 'failed: aborted, asks release',
  },
  between: {
    refuse: 'failed: image-missing',
    uplink: 'between, asks status',
    'ask-again': 'between, asks status',
    joined: 'setting-up',
    again: 'setting-up, asks fragmentation',
    end: 'unverified: silent',
    abort: 'failed: aborted, asks release',
    'server-restarted': 'between',
  },
  done: {},
  unverified: {},
  failed: {},
  skipped: {},
};

const step = (state: DeviceState, event: DeviceEvent, context: DeviceContext = BEFORE): DeviceStep =>
  deviceStep(state, event, context);

describe('the table of a device', () => {
  it.each(Object.values(STATES))('$kind goes where it is written', (state) => {
    const row: Record<string, string> = {};
    for (const event of Object.values(EVENTS)) {
      const next = step(state, event);
      // A state that is put together anew from the same parts has not moved.
      const isSame = JSON.stringify(next.state) === JSON.stringify(state) && next.ask.length === 0;
      if (!isSame) row[event.kind] = told(next);
    }
    expect(row).toEqual(TABLE[state.kind]);
  });

  const contexts = [BEFORE, DURING, { ...BEFORE, session: undefined }].flatMap((context) => [
    context,
    { ...context, kind: 'Message', nbFrag: 1 } as const,
    { ...context, traits: DOT_TRAITS, listensAlways: true },
  ]);
  const events: readonly DeviceEvent[] = [
    ...Object.values(EVENTS),
    uplink([STATUS_COMPLETE, { kind: 'no-session' }, { kind: 'session-complete' }], { confirms: true }),
    uplink([{ kind: 'group', groupId: 0, accepted: false }, refusedSession(['FreqError'])], { getsTime: true }),
    uplink([{ kind: 'block-received', fragIndex: 0, micError: true }]),
    uplink([], { crc64: 'mismatch' }),
    uplink([], { crc32: 'match' }),
    { kind: 'begin', sessionCnt: 7 },
    { kind: 'refuse', reason: 'unknown-device' },
    { ...END, neverSent: true },
    { ...END, hasJoined: false },
    { ...END, limit: 'no-address' },
    { kind: 'again', fresh: false },
    { ...ON_AIR, fate: 'lost' },
    { ...ON_AIR, listensAlways: true },
  ];

  it('takes every event in every sample state, and a verdict stands but for a proof', () => {
    let verdicts = 0;
    for (const state of SAMPLE_DEVICE_STATES) {
      for (const event of events) {
        for (const context of contexts) {
          const next = step(state, event, context);
          if (!isSettled(state)) continue;
          verdicts += 1;
          const isProven = next.state.kind === 'done' && event.kind === 'uplink';
          if (!isProven || state.kind === 'done' || state.kind === 'skipped') expect(next.state).toEqual(state);
          expect(next.ask.every((one) => one === 'block-received')).toBe(true);
        }
      }
    }
    expect(verdicts).toBeGreaterThan(1_000);
  });

  it('comes to a verdict in every state when it ends or is aborted', () => {
    for (const state of SAMPLE_DEVICE_STATES) {
      for (const context of contexts) {
        expect(isSettled(step(state, END, context).state)).toBe(true);
        expect(isSettled(step(state, EVENTS.abort, context).state)).toBe(true);
      }
    }
  });
});

/** Lets the device take one event after the other; returns what was asked of it on the way. */
function run(
  state: DeviceState,
  events: readonly DeviceEvent[],
  context: DeviceContext = BEFORE,
): { readonly state: DeviceState; readonly asked: readonly string[] } {
  let next = state;
  const asked: string[] = [];
  for (const event of events) {
    const one = step(next, event, context);
    next = one.state;
    if (one.ask.length > 0) asked.push(one.ask.join('+'));
  }
  return { state: next, asked };
}

describe('the set-up conversation', () => {
  it('asks one thing after the other, each in the window of an answer', () => {
    const { state, asked } = run({ kind: 'pending' }, [
      EVENTS.begin,
      ON_AIR,
      uplink([FRAGMENTATION]),
      ON_AIR,
      uplink([GROUP]),
      ON_AIR,
      uplink([session(60)]),
    ]);
    expect(asked).toEqual(['fragmentation', 'group', 'session']);
    expect(state).toMatchObject({ kind: 'ready', session: 1 });
  });

  it('asks for group and session at once where the device takes several commands', () => {
    const traits = DOT_TRAITS;
    expect(traits.profile.commandsPerDownlink).toBe('several');
    const { state, asked } = run(
      { kind: 'pending' },
      [EVENTS.begin, ON_AIR, uplink([FRAGMENTATION]), ON_AIR, uplink([GROUP, session(60)])],
      { ...BEFORE, traits },
    );
    expect(asked).toEqual(['fragmentation', 'group+session']);
    expect(state.kind).toBe('ready');
  });

  it('needs no fragmentation session for a message', () => {
    const context: DeviceContext = { ...BEFORE, kind: 'Message', nbFrag: 1 };
    const { asked } = run({ kind: 'pending' }, [EVENTS.begin, ON_AIR, uplink([GROUP]), ON_AIR], context);
    expect(asked).toEqual(['group', 'session']);
  });

  it('puts no second question behind one that waits', () => {
    const { state, asked } = run({ kind: 'pending' }, [EVENTS.begin, uplink(), uplink()]);
    expect(asked).toEqual(['fragmentation']);
    expect(run(state, [{ ...ON_AIR, fate: 'lost' }, uplink()]).asked).toEqual(['fragmentation']);
  });

  it('asks a device that listens always again after a while', () => {
    const asked = run({ kind: 'pending' }, [EVENTS.begin, { ...ON_AIR, listensAlways: true }]).state;
    const { askAgainAt } = asked as SettingUp;
    expect(askAgainAt).toBe(after(8_000));
    expect(step(asked, EVENTS['ask-again']).ask).toEqual([]);
    expect(step(asked, EVENTS['ask-again'], { ...BEFORE, now: after(8_000) }).ask).toEqual(['fragmentation']);
  });

  it('leaves answers of other groups alone', () => {
    const asked: SettingUp = { ...SETTING_UP, todo: ['group', 'session'], question: { kind: 'on-air' } };
    const others = [
      { ...GROUP, groupId: 2 },
      { ...session(60), groupId: 2 },
    ];
    expect(step(asked, uplink(others)).state).toMatchObject({ todo: ['group', 'session'] });
  });

  it('provokes no uplink shortly before the start', () => {
    const late = { ...BEFORE, now: after(60_000 - 5_900) };
    expect(step(SETTING_UP, uplink(), late).ask).toEqual([]);
    const justInTime = { ...BEFORE, now: after(60_000 - 6_100) };
    expect(step(SETTING_UP, uplink(), justInTime).ask).toEqual(['fragmentation']);
  });

  it('asks devices whose counts are stale for them, once they have agreed', () => {
    const context = { ...BEFORE, traits: NODE_TRAITS, hasOldNumbers: true };
    const last: SettingUp = { ...SETTING_UP, todo: ['session'], question: { kind: 'on-air' } };
    expect(told(step(last, uplink([session(60)]), context))).toBe('ready, asks status');
    for (const more of [{ now: after(20_000) }, { hasOldNumbers: false }, { traits: BOOK_TRAITS }]) {
      const received = { receivedGps: gpsMs(RECEIVED + (more.now ?? NOW) - NOW) };
      const answer = uplink([session(more.now === undefined ? 60 : 40)], received);
      expect(told(step(last, answer, { ...context, ...more }))).toBe('ready');
    }
  });
});

describe('a wrong clock', () => {
  const last: SettingUp = { ...SETTING_UP, todo: ['session'], question: { kind: 'on-air' } };

  it('is set, and the session is asked for again', () => {
    const wrong = step(last, uplink([session(75)]));
    expect(told(wrong)).toBe('setting-up, asks clock');
    expect(wrong.state).toMatchObject({ todo: ['clock', 'session'], resyncs: 1 });
    const set = step({ ...(wrong.state as SettingUp), question: { kind: 'on-air' } }, uplink([], { getsTime: true }));
    expect(told(set)).toBe('setting-up');
    expect(told(step(set.state, uplink()))).toBe('setting-up, asks session');
  });

  it.each([57, 58, 62, 63])('is right enough when it says %i s', (s) => {
    expect(step(last, uplink([session(s)])).state.kind).toBe('ready');
  });

  it.each([56, 64])('is wrong when it says %i s', (s) => {
    expect(step(last, uplink([session(s)])).ask).toEqual(['clock']);
  });

  it.each(['McGroupUndefined', 'StartMissed'])('is what %s means', (error) => {
    expect(step(last, uplink([refusedSession([error])])).state).toMatchObject({ todo: ['clock', 'group', 'session'] });
  });

  it('costs the device its place when it stays wrong', () => {
    const answers = Array.from({ length: 5 }, () => [uplink([session(75)]), ON_AIR, uplink([], { getsTime: true })]);
    expect(run(last, answers.flat()).state).toMatchObject({ kind: 'failed', reason: 'clock-not-set' });
    expect(told(step({ ...last, resyncs: 1 }, END))).toBe('failed: clock-not-set');
  });

  it('is not measured by a device that is told a delay', () => {
    const { profile } = BOOK_TRAITS;
    const traits = {
      profile: { ...profile, multicast: { ...profile.multicast, sessionTime: 'countdown' as const } },
      isAssigned: true,
    };
    expect(step(last, uplink([session(75)]), { ...BEFORE, traits }).state.kind).toBe('ready');
  });
});

describe('refusals', () => {
  const group: SettingUp = { ...SETTING_UP, todo: ['group', 'session'], question: { kind: 'on-air' } };
  const no = { kind: 'group', groupId: 0, accepted: false } as const;

  it('of the group count the second time', () => {
    const once = step(group, uplink([no]));
    expect(told(once)).toBe('setting-up, asks group');
    const twice = step({ ...(once.state as SettingUp), question: { kind: 'on-air' } }, uplink([no]));
    expect(told(twice)).toBe('failed: group-refused');
  });

  it('of the fragmentation session count at once', () => {
    const full = { kind: 'fragmentation', fragIndex: 0, errors: ['NotEnoughMemory'] } as const;
    expect(told(step(SETTING_UP, uplink([full])))).toBe('failed: fragmentation-refused');
  });

  it('of a SessionCnt that was used bring a higher one', () => {
    const context = { ...BEFORE, traits: { profile: byTheBookV2, isAssigned: true } };
    const replayed = uplink([{ kind: 'fragmentation', fragIndex: 0, errors: ['SessionCntReplay'] }]);
    const second = step({ ...SETTING_UP, heard: nothingHeard(4) }, replayed, context);
    expect(told(second)).toBe('setting-up, asks fragmentation');
    expect((second.state as SettingUp).heard.sessionCnt).toBe(12);
    const asked = { ...(second.state as SettingUp), question: { kind: 'on-air' } as const };
    const third = step(asked, replayed, context).state as SettingUp;
    expect(third.heard.sessionCnt).toBe(20);
    expect(told(step({ ...third, question: { kind: 'on-air' } }, replayed, context))).toBe(
      'failed: fragmentation-refused',
    );
  });

  it('of frequency or data rate count at once, unless the device was just busy', () => {
    expect(told(step({ ...group, todo: ['session'] }, uplink([refusedSession(['FreqError'])])))).toBe(
      'failed: session-refused',
    );
    const busy = step({ ...group, todo: ['session'] }, uplink([refusedSession(['McGroupUndefined', 'DRError'])]));
    expect(busy.state).toMatchObject({ kind: 'setting-up', todo: ['group', 'session'] });
  });
});

describe('a device that comes late', () => {
  const late: SettingUp = { ...SETTING_UP, todo: ['session'] };
  const early: DeviceContext = { ...DURING, air: { ...ALL_SENT, sent: 3, sentAtMost: 3, askedAt: undefined } };

  it('is told a start of its own, and misses what goes out until then', () => {
    const asked = step(late, uplink(), early);
    expect(asked.ask).toEqual(['session']);
    expect(asked.state).toMatchObject({ startGpsS: START_GPS_S + 68, heard: { from: 8 } });
    const onAir = step(asked.state, ON_AIR, early).state;
    const receivedGps = gpsMs((START_GPS_S + 60) * 1000);
    const joined = step(onAir, uplink([session(8)], { receivedGps }), early).state;
    expect(joined).toMatchObject({ kind: 'receiving', startGpsS: START_GPS_S + 68, heard: { from: 8 } });
  });

  it('is not asked into a session of which it has missed too much, nor into one that takes nobody any more', () => {
    const far = (sent: number): DeviceContext => ({
      ...DURING,
      nbFrag: 300,
      air: { ...ALL_SENT, sent, sentAtMost: sent },
    });
    expect(step(late, uplink(), far(151)).ask).toEqual([]);
    expect(step(late, uplink(), far(150)).ask).toEqual(['session']);
    const closed = { ...early, session: { ...LAUNCHED, lateStartGpsS: undefined } };
    expect(step(late, uplink(), closed).ask).toEqual([]);
  });

  it('is taken to listen when only its answer is missing', () => {
    const hidden: SettingUp = { ...late, mayListen: true };
    expect(step(hidden, EVENTS.launch).state).toMatchObject({ kind: 'receiving', isUnconfirmed: true });
    expect(step(hidden, EVENTS['status-requested'], early).state).toMatchObject({
      kind: 'receiving',
      isUnconfirmed: true,
      silentFor: 1,
    });
    expect(step(hidden, EVENTS['broadcast-over'], early).state).toMatchObject({ kind: 'between', isUnconfirmed: true });
    expect(told(step(hidden, END, early))).toBe('unverified: no-answer');
    expect(told(step({ ...hidden, todo: ['fragmentation', 'session'] }, END, early))).toBe('failed: no-answer');
  });

  it('is asked anew when its uplink was still open at the start', () => {
    const open = { ...BEFORE, now: after(57_000) };
    expect(step(READY, uplink(), open).state).toMatchObject({
      kind: 'setting-up',
      todo: ['group', 'session'],
      mayListen: true,
    });
    expect(step(READY, uplink(), { ...open, now: after(56_000) }).state.kind).toBe('ready');
    expect(step(READY, uplink(), { ...open, listensAlways: true }).state.kind).toBe('ready');
  });
});

describe('a restart', () => {
  it('of the device begins its set-up anew, with its next uplink', () => {
    const joined = step({ ...RECEIVING, heard: nothingHeard(4) }, EVENTS.joined, DURING);
    expect(joined.ask).toEqual([]);
    expect(joined.state).toMatchObject({ todo: ['fragmentation', 'group', 'session'], heard: { sessionCnt: 5 } });
    expect(told(step(joined.state, END, DURING))).toBe('failed: restarted');
    expect(step(step(READY, EVENTS.joined).state, uplink()).ask).toEqual(['fragmentation']);
  });

  it('shows when the device has no fragmentation session any more', () => {
    const early: DeviceContext = { ...DURING, air: { ...ALL_SENT, sent: 3, sentAtMost: 3 } };
    const gone = step(RECEIVING, uplink([{ kind: 'no-session' }]), early);
    expect(gone).toMatchObject({ state: { kind: 'setting-up', isRestarted: true }, ask: ['fragmentation'] });
  });

  it('of the server asks again what waited in the network server', () => {
    const queued: SettingUp = { ...SETTING_UP, question: { kind: 'queued' } };
    expect(step(queued, EVENTS['server-restarted']).ask).toEqual(['fragmentation']);
    const between = step({ ...BETWEEN, question: { kind: 'queued' } }, EVENTS['server-restarted']).state;
    expect(step(between, EVENTS['ask-again']).ask).toEqual(['status']);
  });
});

describe('a device that is in the session', () => {
  it('is asked in anew, once, when it never agreed and is heard', () => {
    const early: DeviceContext = { ...DURING, air: { ...ALL_SENT, sent: 3, sentAtMost: 3, askedAt: undefined } };
    const invited = step({ ...RECEIVING, isUnconfirmed: true }, uplink(), early);
    expect(invited).toMatchObject({ state: { kind: 'setting-up', isInvited: true }, ask: ['group'] });
    // What it received shows that it was there all the time.
    const status = uplink([{ ...STATUS_COMPLETE, nbFragReceived: 3, missingFrag: 7 }]);
    expect(step(invited.state, status, early).state.kind).toBe('receiving');
    const again = step({ ...RECEIVING, isUnconfirmed: true, isInvited: true }, uplink(), early);
    expect(again).toMatchObject({ state: { kind: 'receiving' }, ask: [] });
  });

  it('is asked by itself when it is heard and did not answer', () => {
    const deaf = step({ ...RECEIVING, silentFor: 2 }, uplink(), DURING);
    expect(told(deaf)).toBe('receiving, asks status');
    expect(step({ ...RECEIVING, silentFor: 2, asked: 6 }, uplink(), DURING).ask).toEqual([]);
    expect(step({ ...RECEIVING, silentFor: 1 }, uplink(), DURING).ask).toEqual([]);
    const sentFar = { ...DURING, air: { ...ALL_SENT, sent: 20, sentAtMost: 20 } };
    expect(step(RECEIVING, uplink(), sentFar).ask).toEqual(['status']);
    expect(step(RECEIVING, uplink(), { ...sentFar, listensAlways: true }).ask).toEqual([]);
  });
});

describe('proofs', () => {
  const traits = { profile: byTheBookV2, isAssigned: true };

  it('by the counts of a device that counts as specified', () => {
    expect(told(step(RECEIVING, uplink([STATUS_COMPLETE]), DURING))).toBe('done: status-nothing-missing');
    const lacking = { ...STATUS_COMPLETE, nbFragReceived: 8, missingFrag: 2 };
    expect(step(RECEIVING, uplink([lacking]), DURING).state).toMatchObject({
      kind: 'receiving',
      heard: { found: { kind: 'incomplete' } },
    });
  });

  it('by its check value, when the answer to it has left', () => {
    const context = { ...DURING, traits: DOT_TRAITS };
    const checked = step(RECEIVING, uplink([CRC64], { crc64: 'match' }), context).state;
    expect(checked).toMatchObject({ kind: 'receiving', heard: { checks: 1 } });
    expect(told(step(checked, EVENTS['check-answered'], context))).toBe('done: crc64');
    expect(told(step(RECEIVING, EVENTS['check-answered'], context))).toBe('receiving');
    expect(told(step(RECEIVING, uplink([CRC64], { crc64: 'mismatch' }), context))).toBe('failed: integrity-mismatch');
  });

  it('by a check value that was asked for so often that no answer can have been heard, are in doubt', () => {
    const context = { ...DURING, traits: DOT_TRAITS };
    const check = uplink([CRC64], { crc64: 'match' });
    const often = (times: number) =>
      run(
        BETWEEN,
        Array.from({ length: times }, () => check),
        context,
      ).state;
    expect(told(step(often(5), END, context))).toBe('done: crc64');
    expect(told(step(often(6), END, context))).toBe('unverified: not-acknowledged');
  });

  it('by file report and block MIC; the MIC is acknowledged for as long as it is repeated', () => {
    const report = { kind: 'file-report', crc32: 1 } as const;
    expect(told(step(RECEIVING, uplink([report], { crc32: 'match' }), DURING))).toBe('done: crc32');
    expect(told(step(RECEIVING, uplink([report], { crc32: 'mismatch' }), DURING))).toBe('failed: integrity-mismatch');
    const received = { kind: 'block-received', fragIndex: 0, micError: false } as const;
    const proven = step(RECEIVING, uplink([received]), { ...DURING, traits });
    expect(told(proven)).toBe('done: block-mic, asks block-received');
    expect(told(step(proven.state, uplink([received]), { ...DURING, traits }))).toBe(
      'done: block-mic, asks block-received',
    );
    const wrong = uplink([{ ...received, micError: true }]);
    expect(told(step(RECEIVING, wrong, { ...DURING, traits }))).toBe('failed: integrity-mismatch, asks block-received');
  });

  it('say nothing before the last plain fragment', () => {
    const early: DeviceContext = { ...DURING, air: { ...ALL_SENT, sent: 9, sentAtMost: 9 } };
    const received = uplink([{ kind: 'block-received', fragIndex: 0, micError: false }, { kind: 'session-complete' }]);
    expect(told(step(RECEIVING, received, early))).toBe('receiving, asks block-received');
  });

  it('count in whatever state, and after a verdict too', () => {
    const complete = uplink([{ kind: 'session-complete' }]);
    for (const state of [SETTING_UP, READY, BETWEEN, STATES.failed, STATES.unverified]) {
      expect(told(step(state, complete, DURING))).toBe('done: session-complete');
    }
    for (const state of [STATES.pending, STATES.held, STATES.skipped]) {
      expect(step(state, complete, DURING).state).toEqual(state);
    }
  });

  it('of a message are an uplink on the port for it, or the agreement to its session', () => {
    const sent = { sent: 1, sentAtMost: 1, repeats: 0, askedAt: undefined };
    const message: DeviceContext = { ...DURING, kind: 'Message', nbFrag: 1, air: sent };
    expect(told(step(RECEIVING, uplink([], { confirms: true }), message))).toBe('done: uplink');
    expect(step(RECEIVING, uplink([], { confirms: true }), { ...message, air: SILENT_AIR }).state.kind).toBe(
      'receiving',
    );
    expect(told(step(RECEIVING, EVENTS['broadcast-over'], message))).toBe('done: session-agreed');
    expect(told(step(RECEIVING, EVENTS['broadcast-over'], { ...message, waitsForUplink: true }))).toBe('between');
    expect(told(step({ ...RECEIVING, isUnconfirmed: true }, EVENTS['broadcast-over'], message))).toBe('between');
    expect(told(step({ ...BETWEEN, isUnconfirmed: true }, END, message))).toBe('unverified: no-answer');
    expect(told(step(BETWEEN, END, { ...message, waitsForUplink: true }))).toBe('unverified: silent');
  });
});

describe('the verdict at the end', () => {
  const after8 = { ...STATUS_COMPLETE, nbFragReceived: 8, missingFrag: 2 };
  const lacking = step(BETWEEN, uplink([after8]), DURING).state;

  it('of a device that lacked fragments at its last word', () => {
    expect(told(step(lacking, END, DURING))).toBe('failed: not-complete');
    expect(told(step(lacking, { ...END, limit: 'fragments' }, DURING))).toBe('failed: beyond-limit');
    expect(told(step(lacking, { ...END, limit: 'sessions' }, DURING))).toBe('failed: too-many-sessions');
    expect(told(step(lacking, { ...END, limit: 'parity-fixed' }, DURING))).toBe('failed: not-complete');
    expect(told(step(lacking, { ...END, limit: 'no-address' }, DURING))).toBe('failed: no-multicast-address');
  });

  it('is open when more went out after that', () => {
    const more = { ...DURING, air: { ...ALL_SENT, sent: 14, sentAtMost: 14 } };
    expect(told(step(lacking, END, more))).toBe('unverified: not-confirmed');
  });

  it('of a device that has too little memory', () => {
    const full = step(BETWEEN, uplink([{ ...after8, memoryError: true }]), DURING).state;
    expect(told(step(full, END, DURING))).toBe('failed: memory-exhausted');
  });

  it('of one to which nothing was sent, and of one that was not there', () => {
    expect(told(step(BETWEEN, { ...END, neverSent: true }, DURING))).toBe('failed: not-sent');
    expect(told(step(SETTING_UP, { ...END, hasJoined: false }))).toBe('failed: never-joined');
    expect(told(step(READY, { ...END, hasJoined: false }))).toBe('failed: never-joined');
    expect(told(step({ ...BETWEEN, isUnconfirmed: true }, END, DURING))).toBe('unverified: no-answer');
  });

  it('of a Dot whose counts are open and that owes its check value', () => {
    const dot = { ...DURING, traits: DOT_TRAITS };
    const undecided = step(BETWEEN, uplink([STATUS_COMPLETE]), dot).state;
    expect(undecided).toMatchObject({ kind: 'between', heard: { found: { kind: 'undecided' } }, mayProve: true });
    expect(told(step(undecided, END, dot))).toBe('unverified: not-verified');
  });

  it('keeps until when the device may listen', () => {
    expect(step(BETWEEN, END, DURING).state).toMatchObject({ freeAt: BETWEEN.freeAt });
    expect(step(RECEIVING, EVENTS.abort, DURING).state).toMatchObject({ freeAt: LAUNCHED.endsAt });
    expect(step(SETTING_UP, EVENTS.abort).state).toMatchObject({ freeAt: undefined });
  });
});

describe('a further session', () => {
  const lacking = (missing: number): DeviceState => {
    const status = { ...STATUS_COMPLETE, nbFragReceived: NB_FRAG - missing, missingFrag: missing };
    return step(BETWEEN, uplink([status]), DURING).state;
  };

  it('sends parity to those that hold a part, and everything to the others', () => {
    expect(wantsAnother(lacking(1), NB_FRAG)).toBe('parity');
    expect(wantsAnother(lacking(8), NB_FRAG)).toBe('parity');
    expect(wantsAnother(lacking(9), NB_FRAG)).toBe('everything');
  });

  it('is for devices that are there, unless they said nothing in two of them', () => {
    expect(wantsAnother(BETWEEN, NB_FRAG)).toBe('no');
    const silent = (vainSessions: number): DeviceState => ({
      ...BETWEEN,
      isAlive: true,
      heard: { ...BETWEEN.heard, vainSessions },
    });
    expect(wantsAnother(silent(1), NB_FRAG)).toBe('everything');
    expect(wantsAnother(silent(2), NB_FRAG)).toBe('no');
  });
});
