import { BugError, type Eui64, type SteadyMs, steadyMs } from '@airlift/kernel';
import { type DeviceState, isSettled, type JobDevice } from '../device/device-state.ts';
import { mayBeListening } from '../device/set-up.ts';
import type { CampaignEvent } from '../events.ts';
import type { JobState } from '../job/job-state.ts';
import type { JobPlan } from '../job-plan.ts';
import type { SessionState } from '../session/session-state.ts';
import type { JobChange, JobRecord, LedgerFrame } from '../stores.ts';
import { freshCounts, type MemberCounts, tally } from './member-counts.ts';

/** How often devices that listen all the time are looked through for one that is to be asked again. */
const QUESTION_ROUND_MS = 1_000;

/**
 * A job in memory. A step changes it in two stages: what is `put` counts at once, but only until `rollback`, unless
 * `commit` came first. In between `change` tells what is to be stored.
 */
export class JobDraft {
  readonly plan: JobPlan;
  #version: number;
  #state: JobState;
  readonly #sessions: Map<number, SessionState>;
  readonly #devices: Map<Eui64, DeviceState>;
  /** What was changed since the last `commit`, as it was before. */
  #stateBefore: JobState;
  readonly #sessionsBefore = new Map<number, SessionState | undefined>();
  readonly #devicesBefore = new Map<Eui64, DeviceState>();
  /** Changed since it was last stored, though not worth a write of its own. */
  readonly #unstored = new Set<number>();
  readonly #counts = new Map<number, MemberCounts>();
  #settled = 0;
  #held = 0;
  #frames: LedgerFrame[] = [];
  #events: { readonly at: SteadyMs; readonly event: CampaignEvent }[] = [];
  /** No device is to be asked again before this. */
  #askAgainAt: SteadyMs | undefined;

  constructor({ plan, version, state, sessions, devices }: JobRecord) {
    this.plan = plan;
    this.#version = version;
    this.#state = state;
    this.#stateBefore = state;
    this.#sessions = new Map(sessions.map((session) => [session.number, session]));
    this.#devices = new Map(devices.map((device) => [device.devEui, device.state]));
    for (const device of this.#devices.values()) this.#count(device, 1);
  }

  get version(): number {
    return this.#version;
  }

  get state(): JobState {
    return this.#state;
  }

  get sessions(): ReadonlyMap<number, SessionState> {
    return this.#sessions;
  }

  get devices(): ReadonlyMap<Eui64, DeviceState> {
    return this.#devices;
  }

  /** Devices that another job has. */
  get held(): number {
    return this.#held;
  }

  /** Devices with a verdict. */
  get settled(): number {
    return this.#settled;
  }

  counts(session: number): Readonly<MemberCounts> {
    return this.#counts.get(session) ?? freshCounts();
  }

  record(): JobRecord {
    return {
      plan: this.plan,
      version: this.#version,
      state: this.#state,
      sessions: [...this.#sessions.values()],
      devices: [...this.#devices].map(([devEui, state]) => ({ devEui, state })),
    };
  }

  putState(state: JobState): void {
    this.#state = state;
  }

  putSession(session: SessionState): void {
    const { number } = session;
    if (!this.#sessionsBefore.has(number)) this.#sessionsBefore.set(number, this.#sessions.get(number));
    this.#sessions.set(number, session);
  }

  putDevice(devEui: Eui64, state: DeviceState): void {
    const before = this.#devices.get(devEui);
    if (before === undefined) throw new BugError('a device that is not in the job changed');
    if (!this.#devicesBefore.has(devEui)) this.#devicesBefore.set(devEui, before);
    this.#replace(devEui, before, state);
  }

  addFrame(frame: LedgerFrame): void {
    this.#frames.push(frame);
  }

  addEvent(at: SteadyMs, event: CampaignEvent): void {
    this.#events.push({ at, event });
  }

  /** What must survive a crash of the changes since the last `commit`; undefined when nothing does. */
  change(at: SteadyMs): JobChange | undefined {
    const moves = this.#moves().map((event) => ({ at, event }));
    const numbers = new Set([...this.#sessionsBefore.keys(), ...this.#unstored]);
    const sessions = [...numbers].flatMap((number) => this.#sessions.get(number) ?? []);
    const devices = [...this.#devicesBefore].flatMap(([devEui, before]): readonly JobDevice[] => {
      const state = this.#devices.get(devEui);
      return state !== undefined && isWorthStoring(before, state) ? [{ devEui, state }] : [];
    });
    const isMoved = [...this.#sessionsBefore].some(([number, before]) => {
      const session = this.#sessions.get(number);
      return session !== undefined && isSessionWorthStoring(before, session);
    });
    const events = [...moves, ...this.#events];
    const isWorthIt =
      isMoved || this.#state !== this.#stateBefore || devices.length + events.length + this.#frames.length > 0;
    return isWorthIt ? { state: this.#state, sessions, devices, frames: this.#frames, events } : undefined;
  }

  /** Lets the changes stand; returns what has moved. `isStored`: they were written, as the next version. */
  commit(isStored: boolean): readonly CampaignEvent[] {
    const moves = this.#moves();
    if (isStored) {
      this.#version += 1;
      this.#unstored.clear();
    } else {
      for (const number of this.#sessionsBefore.keys()) this.#unstored.add(number);
    }
    this.#forget();
    return moves;
  }

  /** Takes back what could not be stored. */
  rollback(): void {
    this.#state = this.#stateBefore;
    for (const [number, before] of this.#sessionsBefore) {
      if (before === undefined) this.#sessions.delete(number);
      else this.#sessions.set(number, before);
    }
    for (const [devEui, before] of this.#devicesBefore) {
      const now = this.#devices.get(devEui);
      if (now !== undefined) this.#replace(devEui, now, before);
    }
    this.#forget();
  }

  /** When to see whether a device that listens all the time is to be asked again; a little early or late does not matter. */
  get askAgainAt(): SteadyMs | undefined {
    return this.#askAgainAt;
  }

  /** The devices to be asked again by now. */
  takeQuestions(now: SteadyMs): readonly Eui64[] {
    if (this.#askAgainAt === undefined || this.#askAgainAt > now) return [];
    const due: Eui64[] = [];
    let next: number | undefined;
    for (const [devEui, state] of this.#devices) {
      const at = questionAt(state);
      if (at === undefined) continue;
      if (at <= now) due.push(devEui);
      else next = Math.min(next ?? at, at);
    }
    this.#askAgainAt = next === undefined ? undefined : steadyMs(Math.max(next, now + QUESTION_ROUND_MS));
    return due;
  }

  #forget(): void {
    this.#stateBefore = this.#state;
    this.#sessionsBefore.clear();
    this.#devicesBefore.clear();
    this.#frames = [];
    this.#events = [];
  }

  /** The moves from one kind of state to another, in the order job, sessions, devices. */
  #moves(): readonly CampaignEvent[] {
    const moves: CampaignEvent[] = [];
    const [from, to] = [this.#stateBefore, this.#state];
    if (from.kind !== to.kind) {
      moves.push({ kind: 'job', to: to.kind, outcome: to.kind === 'complete' ? to.outcome : undefined });
    }
    if (to.kind === 'running' && from.kind === 'running') {
      if (from.control.kind !== to.control.kind || from.wave !== to.wave) {
        moves.push({ kind: 'control', to: to.control.kind, wave: to.wave });
      }
    }
    for (const [number, before] of this.#sessionsBefore) {
      const session = this.#sessions.get(number);
      if (session === undefined || session.kind === before?.kind) continue;
      const { round, sent } = session;
      moves.push({ kind: 'session', session: number, to: session.kind, round, sent });
    }
    for (const [devEui, before] of this.#devicesBefore) {
      const state = this.#devices.get(devEui);
      if (state === undefined || state.kind === before.kind) continue;
      moves.push({
        kind: 'device',
        devEui,
        to: state.kind,
        evidence: state.kind === 'done' ? state.evidence : undefined,
        reason: 'reason' in state ? state.reason : undefined,
      });
    }
    return moves;
  }

  #replace(devEui: Eui64, from: DeviceState, to: DeviceState): void {
    this.#count(from, -1);
    this.#devices.set(devEui, to);
    this.#count(to, 1);
  }

  #count(state: DeviceState, by: 1 | -1): void {
    if (isSettled(state)) this.#settled += by;
    if (state.kind === 'held') this.#held += by;
    if ('session' in state) {
      const counts = this.#counts.get(state.session) ?? freshCounts();
      tally(counts, state, by);
      this.#counts.set(state.session, counts);
    }
    const at = by === 1 ? questionAt(state) : undefined;
    if (at !== undefined && !(this.#askAgainAt !== undefined && this.#askAgainAt <= at)) this.#askAgainAt = at;
  }
}

function questionAt(state: DeviceState): SteadyMs | undefined {
  return state.kind === 'setting-up' || state.kind === 'between' ? state.askAgainAt : undefined;
}

/** Where a question stands need not survive a crash: it is asked anew after a restart. */
function isWorthStoring(before: DeviceState, after: DeviceState): boolean {
  if (before.kind === 'setting-up' && after.kind === 'setting-up') {
    if (before.todo.join() !== after.todo.join() || mayBeListening(before) !== mayBeListening(after)) return true;
    const facts = ['session', 'resyncs', 'refusals', 'isHeard', 'mayListen', 'heard', 'startGpsS'] as const;
    return facts.some((fact) => before[fact] !== after[fact]);
  }
  if (before.kind === 'between' && after.kind === 'between') {
    const facts = ['heard', 'isAlive', 'isUnconfirmed', 'freeAt', 'session'] as const;
    return facts.some((fact) => before[fact] !== after[fact]);
  }
  return before !== after;
}

/** A frame that is being sent is not worth a write: after a crash its fragment is simply sent once more. */
function isSessionWorthStoring(before: SessionState | undefined, after: SessionState): boolean {
  if (before === after) return false;
  if (before?.kind !== 'broadcasting' || after.kind !== 'broadcasting') return true;
  const isTransient = after.phase.kind === 'sending' || after.phase.kind === 'holding';
  return !isTransient || before.isPaused !== after.isPaused;
}
