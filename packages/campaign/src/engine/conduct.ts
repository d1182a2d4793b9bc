import { BugError, type Eui64, type SteadyMs } from '@airlift/kernel';
import type { AskStep, DeviceEvent, VerdictLimit } from '../device/device-event.ts';
import { type DeviceState, isSettled } from '../device/device-state.ts';
import { deviceStep } from '../device/device-step.ts';
import { wantsAnother } from '../device/ending.ts';
import type { JobState } from '../job/job-state.ts';
import { type JobCommand, type JobEvent, jobStep } from '../job/job-step.ts';
import { decidesNow } from '../session/broadcast.ts';
import type { SessionEvent, SessionNews } from '../session/session-event.ts';
import { nbFragOf } from '../session/session-format.ts';
import type { GroupFrame, SessionState } from '../session/session-state.ts';
import { sessionStep } from '../session/session-step.ts';
import { deviceContext, formatOf, jobView, type StepTime, sessionContext } from './contexts.ts';
import type { Entries } from './entries.ts';
import type { JobDraft } from './job-draft.ts';
import { waveOf, waveSizes } from './waves.ts';

/** Something that happened, for the machine that it concerns. */
export type Input =
  | { readonly to: 'job'; readonly event: JobEvent }
  | { readonly to: 'session'; readonly session: number; readonly event: SessionEvent }
  | { readonly to: 'device'; readonly devEui: Eui64; readonly event: DeviceEvent };

/** What is to be done when the step is stored. */
export type Command =
  | { readonly kind: 'prepare' }
  | { readonly kind: 'open-group'; readonly session: number; readonly notBefore: SteadyMs }
  | { readonly kind: 'close-group'; readonly groupId: string }
  | { readonly kind: 'send'; readonly session: number; readonly frame: GroupFrame }
  | { readonly kind: 'ask'; readonly devEui: Eui64; readonly steps: readonly AskStep[] }
  /** Find out what is known of the devices; it comes back as the event `end`. */
  | {
      readonly kind: 'look-up';
      readonly devEuis: readonly Eui64[];
      readonly limit: VerdictLimit;
    };

const SETUP_END = 10;
const BROADCAST_END = 90;

/**
 * Lets the three machines of a job take what happened and what follows from it, one event after the other, until nothing
 * follows any more. Changes the draft and returns what is to be done; has no effects itself, so that a recorded input can
 * be replayed.
 */
export function conduct(
  draft: JobDraft,
  entries: Entries,
  inputs: readonly Input[],
  time: StepTime,
): readonly Command[] {
  return new Conductor(draft, entries, time).run(inputs);
}

class Conductor {
  readonly #draft: JobDraft;
  readonly #entries: Entries;
  readonly #time: StepTime;
  readonly #queue: Input[] = [];
  readonly #commands: Command[] = [];
  /** Sessions whose devices have moved since they were last told so. */
  readonly #moved = new Set<number>();
  #mustLook = false;

  constructor(draft: JobDraft, entries: Entries, time: StepTime) {
    this.#draft = draft;
    this.#entries = entries;
    this.#time = time;
  }

  run(inputs: readonly Input[]): readonly Command[] {
    this.#queue.push(...inputs);
    for (;;) {
      const input = this.#queue.shift();
      if (input !== undefined) {
        this.#take(input);
        continue;
      }
      if (this.#tellSessions()) continue;
      if (!this.#mustLook) break;
      this.#mustLook = false;
      if (this.#isWorthALook()) this.#take({ to: 'job', event: { kind: 'look' } });
    }
    this.#showProgress();
    return this.#commands;
  }

  /** As long as every format has an open session, nothing follows for the job. */
  #isWorthALook(): boolean {
    const { state, sessions } = this.#draft;
    if (state.kind !== 'running') return false;
    const open = new Set<string>();
    for (const session of sessions.values()) if (session.kind !== 'ended') open.add(session.formatKey);
    return state.formats.length === 0 || state.formats.some(({ key }) => !open.has(key));
  }

  #take(input: Input): void {
    switch (input.to) {
      case 'job':
        this.#stepJob(input.event);
        return;
      case 'session':
        this.#stepSession(input.session, input.event);
        return;
      case 'device':
        this.#stepDevice(input.devEui, input.event);
        return;
    }
  }

  /** True when a session was told that its devices have moved. */
  #tellSessions(): boolean {
    const [number] = this.#moved;
    if (number === undefined) return false;
    this.#moved.delete(number);
    this.#stepSession(number, { kind: 'member-moved' });
    return true;
  }

  // ---- job ----------------------------------------------------------------------------------------------------------

  #stepJob(event: JobEvent): void {
    const { plan, state } = this.#draft;
    const view = jobView(this.#draft, this.#entries, this.#time);
    const step = jobStep(state, event, plan, view, this.#time.now);
    // Sessions and devices are stopped as parts of a job that is still there.
    const isEnd = step.state.kind === 'complete';
    if (!isEnd) this.#draft.putState(step.state);
    for (const command of step.commands) this.#obey(command);
    if (isEnd) this.#draft.putState(this.#withFreeAt(step.state));
    if (step.state !== state) this.#mustLook = true;
  }

  /** Devices that were just stopped may still be listening. */
  #withFreeAt(state: JobState): JobState {
    if (state.kind !== 'complete') return state;
    const { freeAt } = jobView(this.#draft, this.#entries, this.#time);
    return { ...state, freeAt };
  }

  #obey(command: JobCommand): void {
    switch (command.kind) {
      case 'prepare':
        this.#commands.push({ kind: 'prepare' });
        return;
      case 'open-session':
        this.#openSession(command);
        return;
      case 'give-verdicts': {
        const devEuis = this.#open(command.formatKey);
        if (devEuis.length > 0) this.#commands.push({ kind: 'look-up', devEuis, limit: command.limit });
        return;
      }
      case 'pause-sessions':
        this.#tellAllSessions({ kind: 'pause' });
        return;
      case 'resume-sessions':
        this.#tellAllSessions({ kind: 'resume' });
        return;
      case 'stop':
        for (const [devEui, state] of this.#draft.devices) {
          if (!isSettled(state)) this.#stepDevice(devEui, { kind: 'abort', reason: command.reason });
        }
        this.#tellAllSessions({ kind: 'stop' });
        return;
    }
  }

  #tellAllSessions(event: SessionEvent): void {
    for (const number of this.#draft.sessions.keys()) this.#stepSession(number, event);
  }

  #openSession({ format, isFresh, notBefore }: Extract<JobCommand, { kind: 'open-session' }>): void {
    const sessions = [...this.#draft.sessions.values()];
    const earlier = sessions.filter(({ formatKey }) => formatKey === format.key);
    const number = sessions.length + 1;
    const sent = isFresh ? 0 : Math.max(0, ...earlier.map((session) => session.sent));
    const repeats = isFresh ? 0 : Math.max(0, ...earlier.map((session) => session.repeats));
    this.#draft.putSession({
      kind: 'opening',
      number,
      formatKey: format.key,
      round: earlier.length + 1,
      began: { sent, repeats },
      sent,
      repeats,
      askedAt: isFresh ? undefined : earlier.at(-1)?.askedAt,
      isFresh,
      since: this.#time.now,
      notBefore,
    });
    this.#commands.push({ kind: 'open-group', session: number, notBefore });
  }

  /** Devices of the format, in the waves so far, that wait for nothing any more but a verdict. */
  #open(formatKey: string): readonly Eui64[] {
    return this.#candidates(formatKey).filter((devEui) => this.#draft.devices.get(devEui)?.kind !== 'held');
  }

  #candidates(formatKey: string): readonly Eui64[] {
    const { plan, state, devices } = this.#draft;
    const wave = state.kind === 'running' ? state.wave : 0;
    const sizes = waveSizes(plan);
    const found: Eui64[] = [];
    let place = 0;
    for (const [devEui, device] of devices) {
      const own = waveOf(place++, sizes);
      if (own > wave || isSettled(device)) continue;
      if (this.#entries.get(devEui)?.formatKey === formatKey) found.push(devEui);
    }
    return found;
  }

  // ---- sessions -----------------------------------------------------------------------------------------------------

  #stepSession(number: number, event: SessionEvent): void {
    const before = this.#draft.sessions.get(number);
    if (before === undefined) return;
    const format = formatOf(this.#draft, before.formatKey);
    // The job is over: nothing that comes late matters to it.
    if (format === undefined) return;
    const isDeciding = decidesNow(before, event, this.#time.now);
    const step = sessionStep(before, event, sessionContext(this.#draft, before, format, isDeciding, this.#time));
    if (step.state !== before) this.#draft.putSession(step.state);
    if (step.state.kind !== before.kind) this.#mustLook = true;
    for (const effect of step.effects) {
      switch (effect.kind) {
        case 'open':
          this.#commands.push({ kind: 'open-group', session: number, notBefore: notBeforeOf(before, this.#time.now) });
          break;
        case 'send':
          this.#commands.push({ kind: 'send', session: number, frame: effect.frame });
          break;
        case 'close':
          this.#closeGroup(before);
          break;
      }
    }
    for (const news of step.news) this.#tellDevices(step.state, news);
  }

  #closeGroup(session: SessionState): void {
    if ('plan' in session) this.#commands.push({ kind: 'close-group', groupId: session.plan.groupId });
  }

  /** What a step of a session means for its devices. */
  #tellDevices(session: SessionState, news: SessionNews): void {
    switch (news) {
      case 'opened':
        for (const devEui of this.#candidates(session.formatKey)) this.#invite(devEui, session);
        return;
      case 'launch':
      case 'status-requested':
      case 'broadcast-over':
        for (const [devEui, state] of this.#draft.devices) {
          if ('session' in state && state.session === session.number) this.#stepDevice(devEui, { kind: news });
        }
        return;
    }
  }

  #invite(devEui: Eui64, session: SessionState): void {
    const state = this.#draft.devices.get(devEui);
    const { isFresh, number } = session;
    if (state === undefined || state.kind === 'held') return;
    if (state.kind === 'pending') {
      if (!isFresh) return;
      const sessionCnt = this.#entries.get(devEui)?.sessionCnt;
      this.#stepDevice(devEui, { kind: 'begin', sessionCnt }, number);
      return;
    }
    const wants = wantsAnother(state, nbFragOf(formatOf(this.#draft, session.formatKey)));
    // One that was not heard yet may be heard now.
    const isWelcome = isFresh && state.kind === 'setting-up';
    if (isWelcome || wants === (isFresh ? 'everything' : 'parity')) {
      this.#stepDevice(devEui, { kind: 'again', fresh: isFresh }, number);
    }
  }

  // ---- devices ------------------------------------------------------------------------------------------------------

  /** @param into number of the session that the device is asked into; its own unless given */
  #stepDevice(devEui: Eui64, event: DeviceEvent, into?: number): void {
    const before = this.#draft.devices.get(devEui);
    if (before === undefined) throw new BugError('a device that is not in the job was stepped');
    const number = into ?? ('session' in before ? before.session : undefined);
    const context = deviceContext(this.#draft, this.#entries, devEui, before, number, this.#time);
    const step = deviceStep(before, event, context);
    if (step.state !== before) this.#put(devEui, before, step.state);
    if (step.ask.length === 0) return;
    this.#commands.push({ kind: 'ask', devEui, steps: step.ask });
    this.#draft.addEvent(this.#time.now, { kind: 'asked', devEui, steps: step.ask });
  }

  #put(devEui: Eui64, before: DeviceState, state: DeviceState): void {
    this.#draft.putDevice(devEui, state);
    if ('session' in before) this.#moved.add(before.session);
    if ('session' in state) this.#moved.add(state.session);
    if (isSettled(state) || before.kind === 'held') this.#mustLook = true;
    if (state.kind === 'pending' || this.#isBack(before, state)) this.#takeIn(devEui);
  }

  /** The device is heard for the first time since its session ended. */
  #isBack(before: DeviceState, state: DeviceState): boolean {
    if (state.kind !== 'setting-up' || !state.isHeard || before.kind !== 'setting-up' || before.isHeard) return false;
    return this.#draft.sessions.get(state.session)?.kind === 'ended';
  }

  /** A device that has just become free joins the session that is under way, if it still may. */
  #takeIn(devEui: Eui64): void {
    const formatKey = this.#entries.get(devEui)?.formatKey;
    for (const session of this.#draft.sessions.values()) {
      const isJoinable = session.kind === 'setup' || session.kind === 'broadcasting';
      if (isJoinable && session.formatKey === formatKey) this.#invite(devEui, session);
    }
  }

  // ---- progress -----------------------------------------------------------------------------------------------------

  #showProgress(): void {
    const { state, devices, settled } = this.#draft;
    if (state.kind !== 'running' || devices.size === 0) return;
    let sum = settled * 100;
    for (const session of this.#draft.sessions.values()) sum += this.#percentOf(session);
    const percent = Math.min(99.9, Math.floor((sum / devices.size) * 10) / 10);
    if (percent > state.percent) this.#draft.putState({ ...state, percent });
  }

  /** What the devices of a session that have no verdict add up to. */
  #percentOf(session: SessionState): number {
    const { ready, receiving, between } = this.#draft.counts(session.number);
    const format = formatOf(this.#draft, session.formatKey);
    if (format === undefined) return 0;
    const wanted = nbFragOf(format);
    const goal = session.kind === 'broadcasting' ? Math.max(wanted, session.goal) : wanted;
    const onAir = Math.min(1, (session.sent + session.repeats) / goal);
    const listening = SETUP_END + (BROADCAST_END - SETUP_END) * onAir;
    return ready * SETUP_END + receiving * listening + between * BROADCAST_END;
  }
}

/** Devices of an earlier session may not be reached before. */
function notBeforeOf(session: SessionState, now: SteadyMs): SteadyMs {
  return session.kind === 'opening' && session.notBefore > now ? session.notBefore : now;
}
