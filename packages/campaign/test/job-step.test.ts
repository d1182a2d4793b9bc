import { steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { JobControl, JobState, RunningJob } from '../src/job/job-state.ts';
import {
  type FormatView,
  type JobCommand,
  type JobEvent,
  type JobStep,
  type JobView,
  jobStep,
  MOST_ROUNDS,
} from '../src/job/job-step.ts';
import type { JobPlan } from '../src/job-plan.ts';
import { lastGoal } from '../src/session/limits.ts';
import type { MessageFormat } from '../src/session/session-format.ts';
import {
  SAMPLE_AT,
  SAMPLE_JOB_STATES,
  sampleFotaPlan,
  sampleImageFormat,
  sampleMessagePlan,
} from '../src/testing/index.ts';

const NOW = SAMPLE_AT;
const after = (ms: number) => steadyMs(NOW + ms);
const CARRIER = { region: 'US915', frequencyHz: 923_300_000, dataRate: 8, airtimeMs: 100, dutyCycle: 1 };
const FORMAT = sampleImageFormat({ carrier: CARRIER, nbFrag: 10 });
const MESSAGE: MessageFormat = { kind: 'message', key: 'message', carrier: CARRIER, fPort: 3 };

const FOTA = sampleFotaPlan();
const IN_WAVES = sampleFotaPlan({ waves: { sizes: [1, 1], leastSuccess: 0.5, needsApproval: false } });
const WITH_APPROVAL = sampleFotaPlan({ waves: { sizes: [1, 1], leastSuccess: 0.5, needsApproval: true } });

/** The three devices of a format, before its first session. */
const fresh = (more: Partial<FormatView> = {}): FormatView => ({
  format: FORMAT,
  isOpen: false,
  hasNoAddress: false,
  isUnsent: false,
  rounds: 0,
  sent: 0,
  unsettled: 3,
  held: 0,
  wantEverything: 3,
  wantParity: 0,
  reachableAt: NOW,
  ...more,
});
/** The same ones when all have their verdict. */
const settled = (more: Partial<FormatView> = {}): FormatView =>
  fresh({ rounds: 1, sent: 12, unsettled: 0, wantEverything: 0, ...more });

const view = (formats: readonly FormatView[] = [fresh()], more: Partial<JobView> = {}): JobView => ({
  devices: 3,
  formats,
  wave: { devices: 3, succeeded: 0 },
  isLastWave: true,
  freeAt: after(9_000),
  ...more,
});

const running = (control: JobControl = { kind: 'going' }, more: Partial<RunningJob> = {}): RunningJob => ({
  kind: 'running',
  startedAt: SAMPLE_AT,
  control,
  wave: 0,
  formats: [FORMAT],
  percent: 0,
  ...more,
});

type Place = Exclude<JobState['kind'], 'running'> | `running/${JobControl['kind']}`;
const STATES: { readonly [P in Place]: JobState } = {
  scheduled: { kind: 'scheduled' },
  waiting: { kind: 'waiting', since: steadyMs(NOW - 1), devicesHeld: 2 },
  'running/going': running(),
  'running/paused': running({ kind: 'paused', since: NOW }),
  'running/awaiting-approval': running({ kind: 'awaiting-approval', since: NOW }),
  complete: {
    kind: 'complete',
    startedAt: NOW,
    completedAt: NOW,
    outcome: 'served',
    freeAt: NOW,
    formats: [FORMAT],
  },
  cancelled: { kind: 'cancelled', at: NOW },
};

type EventName = Exclude<JobEvent['kind'], 'due'> | 'due' | 'due, devices held';
const EVENTS: { readonly [N in EventName]: JobEvent } = {
  due: { kind: 'due', devicesHeld: 0 },
  'due, devices held': { kind: 'due', devicesHeld: 1 },
  begin: { kind: 'begin', formats: [FORMAT] },
  look: { kind: 'look' },
  pause: { kind: 'pause' },
  resume: { kind: 'resume' },
  approve: { kind: 'approve' },
  abort: { kind: 'abort' },
};

const inWords = (command: JobCommand): string => {
  switch (command.kind) {
    case 'open-session':
      return `opens ${command.isFresh ? 'a fresh session' : 'a session of parity'}`;
    case 'give-verdicts':
      return `verdicts: ${command.limit}`;
    case 'stop':
      return `stops: ${command.reason}`;
    case 'prepare':
    case 'pause-sessions':
    case 'resume-sessions':
      return command.kind;
  }
};

/** What a step came to, in a few words. */
function told({ state, commands }: JobStep): string {
  const place = state.kind === 'running' ? `running/${state.control.kind}` : state.kind;
  const detail =
    state.kind === 'running' && state.wave > 0
      ? `, wave ${state.wave}`
      : state.kind === 'complete'
        ? `: ${state.outcome}`
        : '';
  return [`${place}${detail}`, ...commands.map(inWords)].join(', ');
}

const step = (state: JobState, event: JobEvent, more: { view?: JobView; plan?: JobPlan; now?: number } = {}): JobStep =>
  jobStep(state, event, more.plan ?? FOTA, more.view ?? view(), after(more.now ?? 0));

/** What a job that goes on does when it looks at its devices. */
const look = (formats: readonly FormatView[], plan: JobPlan = FOTA, more: Partial<JobView> = {}): string =>
  told(step(running(), EVENTS.look, { view: view(formats, more), plan }));

type Row = { readonly [N in EventName]?: string };

/** What each event makes of a job with three free devices; those that are left out change nothing. */
const TABLE: { readonly [P in Place]: Row } = {
  scheduled: {
    due: 'scheduled, prepare',
    'due, devices held': 'waiting',
    begin: 'running/going',
  },
  waiting: {
    due: 'waiting, prepare',
    'due, devices held': 'waiting',
    begin: 'running/going',
    abort: 'complete: aborted, stops: aborted',
  },
  'running/going': {
    look: 'running/going, opens a fresh session',
    pause: 'running/paused, pause-sessions',
    abort: 'complete: aborted, stops: aborted',
  },
  'running/paused': {
    resume: 'running/going, resume-sessions',
    abort: 'complete: aborted, stops: aborted',
  },
  'running/awaiting-approval': {
    approve: 'running/going, wave 1',
    abort: 'complete: aborted, stops: aborted',
  },
  complete: {},
  cancelled: {},
};

describe('the table of a job', () => {
  it.each(Object.keys(STATES) as Place[])('%s goes where it is written', (place) => {
    const state = STATES[place];
    const row: Record<string, string> = {};
    for (const [name, event] of Object.entries(EVENTS)) {
      const next = step(state, event);
      // The engine tells an order that meant nothing by the state's being the very same.
      if (next.state !== state || next.commands.length > 0) row[name] = told(next);
    }
    expect(row).toEqual(TABLE[place]);
  });

  it('takes every event in every sample state, and what is over stays over', () => {
    const views = [
      view([]),
      view(),
      view([fresh({ isOpen: true })]),
      view([settled()], { isLastWave: false }),
      view([fresh({ held: 3 })]),
      view([fresh({ hasNoAddress: true }), fresh({ isUnsent: true })]),
    ];
    let steps = 0;
    for (const state of SAMPLE_JOB_STATES) {
      for (const event of Object.values(EVENTS)) {
        for (const one of views) {
          for (const plan of [FOTA, IN_WAVES, WITH_APPROVAL, sampleMessagePlan()]) {
            const next = step(state, event, { view: one, plan });
            steps += 1;
            if (state.kind === 'complete' || state.kind === 'cancelled') expect(next).toEqual({ state, commands: [] });
            if (next.state.kind === 'complete' && state.kind !== 'complete') {
              expect(next.state).toMatchObject({ completedAt: NOW, freeAt: one.freeAt });
            }
          }
        }
      }
    }
    expect(steps).toBeGreaterThan(1_000);
  });
});

describe('a job that is due', () => {
  const due = (devicesHeld: number, devices: number, state: JobState = { kind: 'scheduled' }): string =>
    told(step(state, { kind: 'due', devicesHeld }, { view: view([], { devices }) }));

  it('begins when nine in ten of its devices are free', () => {
    expect(due(10, 100)).toBe('scheduled, prepare');
    expect(due(11, 100)).toBe('waiting');
    expect(due(1, 1)).toBe('waiting');
    expect(due(0, 1)).toBe('scheduled, prepare');
  });

  it('waits since when it first did, and changes only when the number of devices does', () => {
    const { state } = step({ kind: 'scheduled' }, { kind: 'due', devicesHeld: 3 });
    expect(state).toEqual({ kind: 'waiting', since: NOW, devicesHeld: 3 });
    expect(step(state, { kind: 'due', devicesHeld: 3 }, { now: 5 }).state).toBe(state);
    const fewer = step(state, { kind: 'due', devicesHeld: 2 }, { now: 5 }).state;
    expect(fewer).toEqual({ kind: 'waiting', since: NOW, devicesHeld: 2 });
    expect(told(step(fewer, { kind: 'due', devicesHeld: 0 }))).toBe('waiting, prepare');
  });

  it('has the formats that it began with', () => {
    expect(step({ kind: 'scheduled' }, EVENTS.begin, { now: 7 }).state).toEqual({
      kind: 'running',
      startedAt: after(7),
      control: { kind: 'going' },
      wave: 0,
      formats: [FORMAT],
      percent: 0,
    });
  });
});

describe('the sessions of a job', () => {
  it('are one for each kind of devices, side by side', () => {
    const other = { ...FORMAT, key: 'image/2' };
    expect(look([fresh(), fresh({ format: other })])).toBe(
      'running/going, opens a fresh session, opens a fresh session',
    );
    expect(look([fresh({ isOpen: true }), fresh({ format: other })])).toBe('running/going, opens a fresh session');
    expect(look([fresh({ isOpen: true })])).toBe('running/going');
  });

  it('go on with parity for those that hold a part; the image begins anew for the others after that', () => {
    const again = { rounds: 1, sent: 14, wantEverything: 1, wantParity: 1 };
    expect(look([fresh(again)])).toBe('running/going, opens a session of parity');
    expect(look([fresh({ ...again, wantParity: 0 })])).toBe('running/going, opens a fresh session');
    expect(look([fresh({ ...again, sent: lastGoal(FORMAT.nbFrag) })])).toBe('running/going, opens a fresh session');
  });

  it('wait until devices of an earlier one can be reached', () => {
    const later = step(running(), EVENTS.look, { view: view([fresh({ reachableAt: after(5_000) })]), now: 1_000 });
    expect(later.commands).toMatchObject([{ kind: 'open-session', notBefore: after(5_000) }]);
    const past = step(running(), EVENTS.look, { view: view([fresh({ reachableAt: after(500) })]), now: 1_000 });
    expect(past.commands).toMatchObject([{ kind: 'open-session', notBefore: after(1_000) }]);
  });

  it('end with verdicts, and these say why no further one comes', () => {
    const again = { rounds: 1, sent: 14, wantEverything: 0, wantParity: 1 };
    const spent = lastGoal(FORMAT.nbFrag);
    expect(look([fresh({ ...again, wantParity: 0 })])).toBe('running/going, verdicts: none');
    expect(look([fresh({ ...again, isUnsent: true })])).toBe('running/going, verdicts: none');
    expect(look([fresh({ ...again, hasNoAddress: true })])).toBe('running/going, verdicts: no-address');
    expect(look([fresh({ ...again, sent: spent })])).toBe('running/going, verdicts: fragments');
    expect(look([fresh({ ...again, sent: spent - 1 })])).toBe('running/going, opens a session of parity');
    expect(MOST_ROUNDS).toBe(8);
    expect(look([fresh({ ...again, rounds: MOST_ROUNDS - 1 })])).toBe('running/going, opens a session of parity');
    expect(look([fresh({ ...again, rounds: MOST_ROUNDS })])).toBe('running/going, verdicts: sessions');
  });

  it('are one only where a caller fixed the parity, and for messages', () => {
    const fixed = sampleFotaPlan({ parityFragments: 4 });
    const again = fresh({ rounds: 1, sent: 14, wantEverything: 1, wantParity: 2 });
    expect(look([fresh()], fixed)).toBe('running/going, opens a fresh session');
    expect(look([again], fixed)).toBe('running/going, verdicts: parity-fixed');
    const message = { format: MESSAGE, sent: 1 };
    expect(look([fresh(message)], sampleMessagePlan())).toBe('running/going, opens a fresh session');
    expect(look([{ ...again, ...message }], sampleMessagePlan())).toBe('running/going, verdicts: parity-fixed');
  });

  it('are not opened, and no verdict is given, while only devices are left that other jobs have', () => {
    expect(look([fresh({ held: 3 })])).toBe('running/going');
    expect(look([settled({ unsettled: 1, held: 1 })])).toBe('running/going');
    expect(look([settled({ unsettled: 2, held: 1 })])).toBe('running/going, verdicts: none');
  });
});

describe('the end of a job', () => {
  it('comes when every device has its verdict', () => {
    expect(look([settled()])).toBe('complete: served');
    expect(look([settled(), fresh({ isOpen: true })])).toBe('running/going');
    expect(look([])).toBe('complete: served');
  });

  it('does not come while the job is paused', () => {
    const paused = running({ kind: 'paused', since: NOW });
    expect(step(paused, EVENTS.look, { view: view([settled()]) }).state).toBe(paused);
  });

  it('tells until when devices may be listening', () => {
    expect(step(running(), EVENTS.look, { view: view([settled()]), now: 3 }).state).toEqual({
      kind: 'complete',
      startedAt: SAMPLE_AT,
      completedAt: after(3),
      outcome: 'served',
      freeAt: after(9_000),
      formats: [FORMAT],
    });
  });
});

describe('a wave that is over', () => {
  const over = (devices: number, succeeded: number, plan: JobPlan): string =>
    look([settled()], plan, { isLastWave: false, wave: { devices, succeeded } });

  it('is followed by the next when enough devices succeeded', () => {
    expect(over(4, 2, IN_WAVES)).toBe('running/going, wave 1');
    expect(over(4, 1, IN_WAVES)).toBe('complete: halted, stops: halted');
    expect(over(0, 0, IN_WAVES)).toBe('running/going, wave 1');
  });

  it('has just enough of them when the share is exactly the one that is wanted', () => {
    for (const percent of [7, 29, 55, 57, 95, 100]) {
      const waves = { sizes: [100, 100], leastSuccess: percent / 100, needsApproval: false };
      const plan = sampleFotaPlan({ waves });
      expect(over(100, percent, plan)).toBe('running/going, wave 1');
      expect(over(100, percent - 1, plan)).toBe('complete: halted, stops: halted');
    }
  });

  it('waits for approval where a caller wants that, but not to halt', () => {
    expect(over(4, 2, WITH_APPROVAL)).toBe('running/awaiting-approval');
    expect(over(4, 1, WITH_APPROVAL)).toBe('complete: halted, stops: halted');
    const waits = running({ kind: 'awaiting-approval', since: NOW }, { wave: 1 });
    expect(step(waits, EVENTS.look).state).toBe(waits);
    expect(told(step(waits, EVENTS.approve))).toBe('running/going, wave 2');
  });

  it('is not judged when it is the last', () => {
    expect(look([settled()], WITH_APPROVAL, { wave: { devices: 4, succeeded: 0 } })).toBe('complete: served');
  });

  it('is not over while another job has one of its devices', () => {
    expect(look([settled({ unsettled: 1, held: 1 })], IN_WAVES, { isLastWave: false })).toBe('running/going');
  });
});

describe('an abort', () => {
  it('of a job that waits ends it as one that never had formats', () => {
    expect(step(STATES.waiting, EVENTS.abort, { now: 4 })).toEqual({
      state: {
        kind: 'complete',
        startedAt: after(4),
        completedAt: after(4),
        outcome: 'aborted',
        freeAt: after(9_000),
        formats: [],
      },
      commands: [{ kind: 'stop', reason: 'aborted' }],
    });
  });
});
