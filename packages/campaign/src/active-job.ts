import { type BlockChecksums, blockChecksums, FragmentEncoder } from '@airlift/applayer';
import { BugError, type Eui64, type SteadyMs, steadyMs, type Timer } from '@airlift/kernel';
import type { DirectoryEntry } from './device-directory.ts';
import { mayBeListening } from './device-machine.ts';
import type { DeviceState } from './device-state.ts';
import type { DevicesView } from './job-machine.ts';
import type { JobPlan } from './job-plan.ts';
import type { JobState } from './job-state.ts';
import { believedComplete, nextGoal, SILENT_LIMIT } from './parity-policy.ts';
import type { JobDevice, JobRecord } from './stores.ts';
import type { DeviceTraits } from './traits.ts';

/** What a running job needs beside its state; loaded when its set-up begins and after a restart. */
export interface JobMaterial {
  readonly image: Uint8Array;
  /** Undefined for messages. */
  readonly encoder: FragmentEncoder | undefined;
  readonly checksums: BlockChecksums | undefined;
  /** Devices of the job that are provisioned and understand its frames. */
  readonly entries: ReadonlyMap<Eui64, DirectoryEntry>;
  /** What the frames to the group follow. */
  readonly traits: DeviceTraits;
}

/** How often devices that listen all the time are looked through for one that is to be asked again. */
const QUESTION_ROUND_MS = 1_000;

/**
 * A job in memory: what is stored of it, and what is not. Devices change in two steps: what is `put` counts at once, but
 * only until `rollback`, unless `commit` came first.
 */
export class ActiveJob {
  readonly plan: JobPlan;
  state: JobState;
  material: JobMaterial | undefined;
  timer: Timer | undefined;
  /** The link knows the group of the session. */
  groupIsOpen = false;
  readonly #devices: Map<Eui64, DeviceState>;
  /** What the devices changed since the last `commit` were before. */
  readonly #before = new Map<Eui64, DeviceState>();
  /** How many devices stand where, so that a step need not look at all of them. */
  readonly #counts = { ready: 0, receiving: 0, awaited: 0, joining: 0 };
  /** No device is to be asked again before this. */
  #questionAt: SteadyMs | undefined;

  constructor(record: JobRecord) {
    this.plan = record.plan;
    this.state = record.state;
    this.#devices = new Map(record.devices.map(({ devEui, state }) => [devEui, state]));
    for (const state of this.#devices.values()) this.#count(state, 1);
  }

  get devices(): ReadonlyMap<Eui64, DeviceState> {
    return this.#devices;
  }

  /** Set-up has begun and the end is not reached. */
  get running(): boolean {
    return this.state.kind === 'setup' || this.state.kind === 'broadcasting' || this.state.kind === 'teardown';
  }

  record(): JobRecord {
    return { plan: this.plan, state: this.state, devices: this.#list(this.#devices.keys()) };
  }

  put(devEui: Eui64, state: DeviceState): void {
    const before = this.#devices.get(devEui);
    if (before === undefined) throw new BugError('a device that is not in the job changed');
    if (!this.#before.has(devEui)) this.#before.set(devEui, before);
    this.#replace(devEui, before, state);
  }

  /** The devices whose change since the last `commit` must survive a crash. */
  changes(): readonly JobDevice[] {
    const changed = [...this.#before].filter(([devEui, before]) => isWorthStoring(before, this.#devices.get(devEui)));
    return this.#list(changed.map(([devEui]) => devEui));
  }

  /** Lets the changes stand; returns the devices of which another kind of state is known now. */
  commit(): readonly JobDevice[] {
    const moved = [...this.#before].filter(([devEui, before]) => this.#devices.get(devEui)?.kind !== before.kind);
    this.#before.clear();
    return this.#list(moved.map(([devEui]) => devEui));
  }

  /** Takes back what could not be stored. */
  rollback(): void {
    for (const [devEui, before] of this.#before) {
      const now = this.#devices.get(devEui);
      if (now !== undefined) this.#replace(devEui, now, before);
    }
    this.#before.clear();
  }

  view(): DevicesView {
    const { plan } = this;
    const devices = this.#devices;
    const count = (isSuch: (state: DeviceState) => boolean): number => [...devices.values()].filter(isSuch).length;
    const worthAnotherRound = (): number => count((state) => this.isWorthAnotherRound(state));
    const unheard = (): number => count((state) => this.#isUnheard(state));
    return {
      total: devices.size,
      ...this.#counts,
      get unheard() {
        return unheard();
      },
      get worthAnotherRound() {
        return worthAnotherRound();
      },
      nextGoal: (sent, statusRequests) =>
        plan.kind === 'FOTA' ? nextGoal(devices.values(), plan.nbFrag, sent, statusRequests) : sent,
    };
  }

  /** Without the image, but heard from in this round, so that it can be reached. */
  isWorthAnotherRound(state: DeviceState): boolean {
    if (state.kind === 'setting-up') {
      // One that says nothing in two sessions will not do so in a third.
      const saidNothing = state.invited === true && state.holding?.reception === undefined;
      if (saidNothing && 'round' in this.state && this.state.round > 1) return false;
      return state.heard === true || state.holding !== undefined;
    }
    if (state.kind !== 'receiving') return false;
    return state.unconfirmed === true || (state.reception !== undefined && !this.isBelievedComplete(state));
  }

  #isUnheard(state: DeviceState): boolean {
    if (state.kind !== 'receiving' || state.silentFor === 0 || state.silentFor >= SILENT_LIMIT) return false;
    return !this.isBelievedComplete(state);
  }

  /** Whether the device can be believed to hold the whole image although it reported no check value. */
  isBelievedComplete(state: DeviceState): boolean {
    const { plan } = this;
    if (plan.kind !== 'FOTA' || state.kind !== 'receiving' || !('sent' in this.state)) return false;
    return believedComplete(state.reception, plan.nbFrag, this.state.sent ?? 0, state.from);
  }

  /** The last plain fragment is on its way or was sent, so that a device may have the whole image. */
  get allPlainSent(): boolean {
    const { plan, state } = this;
    if (plan.kind !== 'FOTA' || !('session' in state)) return false;
    if (state.round > 1) return true;
    if (!('sent' in state) || state.kind === 'setup' || state.sent === undefined) return false;
    const underWay = state.kind === 'broadcasting' && state.phase.kind === 'sending' ? state.phase.frame.number : 0;
    return Math.max(state.sent, underWay) >= plan.nbFrag;
  }

  /** When to see whether a device that listens all the time is to be asked again; a little early or late does not matter. */
  nextQuestionAt(): SteadyMs | undefined {
    return this.state.kind === 'setup' || this.state.kind === 'broadcasting' ? this.#questionAt : undefined;
  }

  /** The devices to be asked again by now. */
  takeQuestions(now: SteadyMs): readonly Eui64[] {
    if (this.#questionAt === undefined || this.#questionAt > now) return [];
    const due: Eui64[] = [];
    let next: number | undefined;
    for (const [devEui, state] of this.#devices) {
      if (state.kind !== 'setting-up' || state.askAgainAt === undefined) continue;
      if (state.askAgainAt <= now) due.push(devEui);
      else next = Math.min(next ?? state.askAgainAt, state.askAgainAt);
    }
    this.#questionAt = next === undefined ? undefined : steadyMs(Math.max(next, now + QUESTION_ROUND_MS));
    return due;
  }

  #replace(devEui: Eui64, from: DeviceState, to: DeviceState): void {
    this.#count(from, -1);
    this.#devices.set(devEui, to);
    this.#count(to, 1);
    const askAgainAt = to.kind === 'setting-up' ? to.askAgainAt : undefined;
    if (askAgainAt !== undefined && !(this.#questionAt !== undefined && this.#questionAt <= askAgainAt)) {
      this.#questionAt = askAgainAt;
    }
  }

  #count(state: DeviceState, by: 1 | -1): void {
    if (state.kind === 'ready') this.#counts.ready += by;
    if (state.kind === 'setting-up' && state.heard === true) this.#counts.joining += by;
    if (mayBeListening(state)) this.#counts.receiving += by;
    if (state.kind !== 'receiving') return;
    this.#counts.receiving += by;
    if (state.silentFor > 0 && state.silentFor <= SILENT_LIMIT) this.#counts.awaited += by;
  }

  #list(devEuis: Iterable<Eui64>): readonly JobDevice[] {
    const list: JobDevice[] = [];
    for (const devEui of devEuis) {
      const state = this.#devices.get(devEui);
      if (state !== undefined) list.push({ devEui, state });
    }
    return list;
  }
}

/** Whether a change must survive a crash: where a question stands need not, since it is asked anew after a restart. */
function isWorthStoring(before: DeviceState, after: DeviceState | undefined): boolean {
  if (before.kind !== 'setting-up' || after?.kind !== 'setting-up') return before !== after;
  if (before.todo.join() !== after.todo.join()) return true;
  const facts = ['resyncs', 'refusals', 'heard', 'mayListen'] as const;
  return facts.some((fact) => before[fact] !== after[fact]);
}

/** Cuts the image of a job and computes the values that devices check it with. */
export function prepareImage(
  plan: JobPlan,
  image: Uint8Array,
  traits: DeviceTraits,
): Pick<JobMaterial, 'encoder' | 'checksums'> {
  if (plan.kind === 'Message') return { encoder: undefined, checksums: undefined };
  return {
    encoder: new FragmentEncoder({ block: image, fragSize: plan.fragSize, rule: traits.codeRule }),
    checksums: blockChecksums(image, plan.padding),
  };
}
