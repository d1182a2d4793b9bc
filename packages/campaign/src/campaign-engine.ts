import { matchCrc64, mcSessionKeys } from '@airlift/applayer';
import {
  BugError,
  CallerError,
  type Clock,
  type Entropy,
  type Eui64,
  fromHex,
  type UtcMs,
  utcMs,
} from '@airlift/kernel';
import { ActiveJob, type JobMaterial, prepareImage } from './active-job.ts';
import type { CrcVerdict, DeviceAnswer } from './answers.ts';
import type { CampaignLog } from './campaign-log.ts';
import { answerClock } from './clock-answer.ts';
import type { DeviceDirectory, DirectoryEntry } from './device-directory.ts';
import type { DeviceLink, LinkEvent, TicketEvent, UplinkEvent } from './device-link.ts';
import { type DeviceContext, type DeviceEvent, deviceStep } from './device-machine.ts';
import { type DeviceState, isSettled, type SetupStep } from './device-state.ts';
import { dueAt, type JobEffect, type JobEvent, type JobPacing, jobStep } from './job-machine.ts';
import type { JobPlan } from './job-plan.ts';
import type { GroupFrame, SessionPlan } from './job-state.ts';
import { believedComplete } from './parity-policy.ts';
import { answerSpanMs, buildChecksumAnswer, buildFragment, buildQuestion, buildStatusRequest } from './questions.ts';
import { readUplink } from './read-uplink.ts';
import type { ReasonCode } from './reasons.ts';
import { planSession } from './session-plan.ts';
import type { ImageStore, JobDevice, JobRecord, JobStore, LedgerFrame } from './stores.ts';
import { broadcastKey } from './traits.ts';

/** Answers that fit into the receive windows of the uplink they belong to must leave at once. */
const ANSWER_BEFORE_MS = 30_000;
/** Room between two frames of one transmitter. */
const FRAME_GAP_MS = 100;
/** How many finished jobs are kept at hand to answer devices that still ask for their check value. */
const REMEMBERED_JOBS = 20;

export interface CampaignPorts {
  readonly link: DeviceLink;
  readonly jobs: JobStore;
  readonly images: ImageStore;
  readonly directory: DeviceDirectory;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: CampaignLog;
}

type Ticket =
  | { readonly kind: 'question'; readonly jobId: string; readonly devEui: Eui64 }
  | { readonly kind: 'frame'; readonly jobId: string; readonly frame: GroupFrame };

/**
 * Runs the jobs: keeps their state, feeds the machines with what happens, stores what they decide and then does it.
 * Everything goes through one queue, so that a step always sees the result of the one before. One job is on the air at
 * a time, since a device can be in one session only and the group has one channel.
 */
export class CampaignEngine {
  readonly #ports: CampaignPorts;
  readonly #jobs = new Map<string, ActiveJob>();
  /** Finished jobs whose devices may still ask for their check value; oldest first. */
  readonly #finished: ActiveJob[] = [];
  readonly #tickets = new Map<string, Ticket>();
  #queue: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(ports: CampaignPorts) {
    this.#ports = ports;
  }

  /** Takes up all unfinished jobs where they were left, and listens to the link. */
  async start(): Promise<void> {
    const { link, jobs } = this.#ports;
    link.subscribe((event) => this.#enqueue(() => this.#onLinkEvent(event)));
    await this.#enqueue(async () => {
      for (const record of [...(await jobs.complete(REMEMBERED_JOBS))].reverse()) await this.#remember(record);
      for (const record of await jobs.unfinished()) {
        const job = new ActiveJob(record);
        this.#jobs.set(job.plan.jobId, job);
        if (job.running) await this.#resume(job);
      }
      for (const job of this.#jobs.values()) this.#arm(job);
    });
  }

  /** Lets the step under way finish and takes no further one. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const job of this.#jobs.values()) job.timer?.cancel();
    await this.#queue;
  }

  /** Resolves when no step is under way. */
  async idle(): Promise<void> {
    for (let queue = this.#queue; ; queue = this.#queue) {
      await queue;
      if (queue === this.#queue) return;
    }
  }

  /**
   * Accepts a job durably.
   * @throws CallerError `schedule-name-taken`
   */
  async accept(plan: JobPlan): Promise<void> {
    await this.#enqueue(async () => {
      const record: JobRecord = {
        plan,
        state: { kind: 'scheduled' },
        devices: plan.devEuis.map((devEui) => ({ devEui, state: { kind: 'pending' } })),
      };
      if (!(await this.#ports.jobs.insert(record))) {
        throw new CallerError('schedule-name-taken', 'A schedule with this filename already exists');
      }
      const job = new ActiveJob(record);
      this.#jobs.set(plan.jobId, job);
      this.#report('info', 'job accepted', job, { devices: plan.devEuis.length });
      this.#arm(job);
    });
  }

  /** Cancels a job whose set-up has not begun. */
  cancel(filename: string): Promise<'cancelled' | 'unknown' | 'started'> {
    return this.#enqueue(async () => {
      const job = [...this.#jobs.values()].find((candidate) => candidate.plan.filename === filename);
      if (job === undefined) return (await this.#ports.jobs.job(filename)) === undefined ? 'unknown' : 'started';
      if (job.running) return 'started';
      job.timer?.cancel();
      this.#jobs.delete(job.plan.jobId);
      await this.#ports.jobs.remove(job.plan.jobId);
      this.#report('info', 'job cancelled', job, {});
      return 'cancelled';
    });
  }

  /** Jobs that are scheduled or running, oldest acceptance first. */
  unfinished(): readonly JobRecord[] {
    return [...this.#jobs.values()].map((job) => job.record());
  }

  /** The running job, if there is one. */
  running(): JobRecord | undefined {
    return [...this.#jobs.values()].find((job) => job.running)?.record();
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(() => {
      if (this.#stopped) throw new CallerError('stopping', 'The server is stopping');
      return task();
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** Runs a step that nobody waits for. */
  #background(task: () => Promise<void>): void {
    this.#enqueue(task).catch((cause: unknown) => {
      if (this.#stopped) return;
      this.#ports.log({ level: 'error', message: 'a campaign step failed', fields: {}, cause });
    });
  }

  // ---- what happens -------------------------------------------------------------------------------------------------

  async #onLinkEvent(event: LinkEvent): Promise<void> {
    switch (event.kind) {
      case 'uplink':
        return this.#onUplink(event);
      case 'joined':
        for (const job of this.#jobs.values()) {
          if (job.running) await this.#stepDevices(job, [event.devEui], () => ({ kind: 'joined' }));
        }
        return;
      case 'ticket':
        return this.#onTicket(event);
    }
  }

  async #onUplink(event: UplinkEvent): Promise<void> {
    const { devEui } = event;
    const job = [...this.#jobs.values()].find((candidate) => candidate.running && candidate.devices.has(devEui));
    const entry = job?.material?.entries.get(devEui) ?? (await this.#ports.directory.find(devEui));
    if (entry === undefined) return;
    const { answers, error } = readUplink(event.fPort, event.payload, entry.traits);
    if (error !== undefined) {
      this.#ports.log({
        level: 'warn',
        message: 'an uplink could not be read to its end',
        fields: { devEui, fPort: event.fPort, code: error.code },
      });
    }
    const toldTime = await this.#answerTime(event, answers);
    const crc = await this.#answerChecksum(event, answers, job);
    if (job === undefined) return;
    await this.#stepDevices(job, [devEui], () => ({
      kind: 'uplink',
      answers,
      receivedGps: event.receivedGps,
      getsTime: toldTime || event.asksDeviceTime,
      crc,
    }));
  }

  /** Tells the time to a device that asks for it; true when a frame carries the answer. */
  async #answerTime(event: UplinkEvent, answers: readonly DeviceAnswer[]): Promise<boolean> {
    const request = answers.find((answer) => answer.kind === 'time-request');
    if (request === undefined || event.fPort === undefined) return false;
    const answer = answerClock(request, event.receivedGps, event.asksDeviceTime);
    if (answer.kind === 'leave-to-mac') return false;
    await this.#ports.link.send(event.devEui, {
      fPort: event.fPort,
      payload: answer.payload,
      before: this.#in(ANSWER_BEFORE_MS),
      replacesDeviceTime: answer.replacesDeviceTime,
    });
    return true;
  }

  /** Answers a device that asks whether its check value is right, as often as it asks. */
  async #answerChecksum(
    event: UplinkEvent,
    answers: readonly DeviceAnswer[],
    job: ActiveJob | undefined,
  ): Promise<CrcVerdict | undefined> {
    const request = answers.find((answer) => answer.kind === 'crc64');
    if (request === undefined || event.fPort === undefined) return undefined;
    const asker = job ?? this.#finished.findLast((candidate) => candidate.devices.has(event.devEui));
    const checksums = asker?.material?.checksums;
    if (asker === undefined || checksums === undefined) return undefined;
    const match = matchCrc64(request.octets, checksums);
    this.#report(match === undefined ? 'warn' : 'info', 'device checks its image', asker, {
      devEui: event.devEui,
      match: match === undefined ? 'none' : `${match.span} ${match.order}`,
    });
    await this.#ports.link.send(event.devEui, {
      fPort: event.fPort,
      payload: buildChecksumAnswer(match !== undefined),
      before: this.#in(ANSWER_BEFORE_MS),
    });
    return match === undefined ? 'mismatch' : 'match';
  }

  async #onTicket(event: TicketEvent): Promise<void> {
    const ticket = this.#tickets.get(event.ticketId);
    if (ticket === undefined) return;
    this.#tickets.delete(event.ticketId);
    const job = this.#jobs.get(ticket.jobId);
    if (job === undefined) return;
    if (ticket.kind === 'question') {
      const fate = event.fate === 'on-air' ? 'on-air' : 'lost';
      return this.#stepDevices(job, [ticket.devEui], () => ({ kind: 'question', fate }));
    }
    const { frame } = ticket;
    if (event.fate !== 'on-air') {
      this.#report('warn', 'frame refused', job, { frame: frame.kind, number: frame.number, error: event.error });
      return this.#stepJob(job, { kind: 'frame', frame, fate: 'refused', at: event.at }, [], []);
    }
    const row: LedgerFrame = { ...frame, fCnt: event.fCnt, at: event.at, airtimeMs: event.airtimeMs };
    return this.#stepJob(job, { kind: 'frame', frame, fate: 'on-air', at: event.at }, [], [row]);
  }

  async #onDue(job: ActiveJob): Promise<void> {
    if (this.#jobs.get(job.plan.jobId) !== job) return;
    if (job.state.kind === 'scheduled') {
      await this.#startDueJobs();
      return;
    }
    const now = this.#now();
    const questionAt = job.nextQuestionAt();
    if (questionAt !== undefined && questionAt <= now) {
      await this.#stepDevices(job, [...job.devices.keys()], () => ({ kind: 'ask-again' }));
    }
    await this.#stepJob(job, { kind: 'due' }, [], []);
  }

  // ---- steps --------------------------------------------------------------------------------------------------------

  async #stepDevices(
    job: ActiveJob,
    devEuis: readonly Eui64[],
    eventFor: (devEui: Eui64) => DeviceEvent | Promise<DeviceEvent>,
  ): Promise<void> {
    const { session } = sessionOf(job);
    const changed: JobDevice[] = [];
    const questions: { readonly devEui: Eui64; readonly steps: readonly SetupStep[] }[] = [];
    let kindChanged = false;
    for (const devEui of devEuis) {
      const before = job.devices.get(devEui);
      if (before === undefined) continue;
      const step = deviceStep(before, await eventFor(devEui), await this.#contextOf(job, devEui, session));
      if (step.state === before && step.ask.length === 0) continue;
      job.devices.set(devEui, step.state);
      if (isWorthStoring(before, step.state)) changed.push({ devEui, state: step.state });
      if (before.kind !== step.state.kind) {
        kindChanged = true;
        this.#reportDevice(job, devEui, step.state);
      }
      if (step.ask.length > 0) questions.push({ devEui, steps: step.ask });
    }
    if (kindChanged || changed.length > 0) await this.#stepJob(job, { kind: 'device-settled' }, changed, []);
    for (const { devEui, steps } of questions) await this.#ask(job, session, devEui, steps);
    this.#arm(job);
  }

  async #stepJob(
    job: ActiveJob,
    event: JobEvent,
    devices: readonly JobDevice[],
    frames: readonly LedgerFrame[],
  ): Promise<void> {
    const before = job.state;
    const { state, effects } = jobStep(before, event, job.view(), job.plan, this.#pacing(job.plan), this.#now());
    job.state = state;
    // A frame that is being sent is not worth a write: after a crash its fragment is simply sent once more.
    const passing = state.kind === 'broadcasting' && (state.phase.kind === 'sending' || state.phase.kind === 'holding');
    const stateChanged = state !== before && !(passing && before.kind === state.kind);
    if (state.kind === 'complete') await this.#giveVerdicts(job, before);
    const settled = state.kind === 'complete' ? job.record().devices : devices;
    if (stateChanged || settled.length > 0 || frames.length > 0) {
      await this.#ports.jobs.save(job.plan.jobId, { state, devices: settled, frames });
    }
    if (before.kind !== state.kind) this.#report('info', `job is in ${state.kind}`, job, {});
    for (const effect of effects) await this.#perform(job, effect);
    this.#arm(job);
  }

  async #perform(job: ActiveJob, effect: JobEffect): Promise<void> {
    const devEuis = [...job.devices.keys()];
    switch (effect.kind) {
      case 'launch':
        return this.#launchDevices(job, devEuis);
      case 'send':
        return this.#sendFrame(job, effect.frame);
      case 'status-requested':
        return this.#stepDevices(job, devEuis, () => ({ kind: 'status-requested' }));
      case 'message-sent':
        return this.#stepDevices(job, devEuis, () => ({ kind: 'message-sent' }));
      case 'end':
        return this.#finish(job);
    }
  }

  #launchDevices(job: ActiveJob, devEuis: readonly Eui64[]): Promise<void> {
    return this.#stepDevices(job, devEuis, async (devEui) => ({
      kind: 'launch',
      joined: (await this.#ports.link.facts(devEui))?.joinedAt !== undefined,
    }));
  }

  async #ask(job: ActiveJob, session: SessionPlan, devEui: Eui64, steps: readonly SetupStep[]): Promise<void> {
    const entry = job.material?.entries.get(devEui);
    if (entry === undefined) throw new BugError('a device without an entry was asked');
    const { traits, genAppKey } = entry;
    const question = buildQuestion(steps, { plan: job.plan, session, traits, genAppKey, now: this.#now() });
    const ticketId = await this.#ports.link.send(devEui, { ...question, before: session.launchAt });
    this.#tickets.set(ticketId, { kind: 'question', jobId: job.plan.jobId, devEui });
  }

  async #sendFrame(job: ActiveJob, frame: GroupFrame): Promise<void> {
    const { session } = sessionOf(job);
    const { fPort, payload } = this.#framePayload(job, frame);
    const ticketId = await this.#ports.link.sendToGroup(session.groupId, fPort, payload, this.#now());
    this.#tickets.set(ticketId, { kind: 'frame', jobId: job.plan.jobId, frame });
  }

  #framePayload(job: ActiveJob, frame: GroupFrame): { readonly fPort: number; readonly payload: Uint8Array } {
    const { material, plan } = job;
    if (material === undefined) throw new BugError('a frame was due before its job was prepared');
    if (plan.kind === 'Message') return { fPort: plan.messagePort, payload: material.image };
    const fPort = material.traits.ports.fragmentation;
    if (frame.kind === 'status') return { fPort, payload: buildStatusRequest(true) };
    if (material.encoder === undefined) throw new BugError('an image job without an encoder');
    return { fPort, payload: buildFragment(frame.number, material.encoder.fragment(frame.number), material.traits) };
  }

  // ---- beginning and end --------------------------------------------------------------------------------------------

  async #startDueJobs(): Promise<void> {
    if ([...this.#jobs.values()].some((job) => job.running)) return;
    const now = this.#now();
    const due = [...this.#jobs.values()]
      .filter((job) => job.state.kind === 'scheduled' && job.plan.setupAt <= now)
      .sort((a, b) => a.plan.setupAt - b.plan.setupAt || a.plan.createdAt - b.plan.createdAt);
    const [next] = due;
    if (next !== undefined) await this.#beginSetup(next);
  }

  async #beginSetup(job: ActiveJob): Promise<void> {
    const { link, jobs, entropy } = this.#ports;
    const now = this.#now();
    const refused = await this.#prepare(job);
    const session = planSession(job.plan, this.#pacing(job.plan), await link.freshMcAddr(), entropy, now);
    job.state = { kind: 'setup', startedAt: now, session, percent: 0 };
    await jobs.save(job.plan.jobId, { state: job.state, devices: [], frames: [] });
    this.#report('info', 'job is in setup', job, { launchAt: session.launchAt });
    await this.#openGroup(job, session);
    await this.#stepDevices(job, [...job.devices.keys()], (devEui) => {
      const reason = refused.get(devEui);
      return reason === undefined ? { kind: 'begin' } : { kind: 'refuse', reason };
    });
    this.#arm(job);
  }

  /** Loads what the job needs; returns the devices that cannot take part, and why. */
  async #prepare(job: ActiveJob): Promise<ReadonlyMap<Eui64, ReasonCode>> {
    const refused = new Map<Eui64, ReasonCode>();
    const entries = new Map<Eui64, DirectoryEntry>();
    for (const devEui of job.devices.keys()) {
      const entry = await this.#ports.directory.find(devEui);
      if (entry === undefined) refused.set(devEui, 'unknown-device');
      else entries.set(devEui, entry);
    }
    const traits = [...entries.values()][0]?.traits;
    if (traits === undefined) return refused;
    for (const [devEui, entry] of entries) {
      if (broadcastKey(entry.traits) === broadcastKey(traits)) continue;
      entries.delete(devEui);
      refused.set(devEui, 'profile-mismatch');
    }
    let image: Uint8Array;
    try {
      image = await this.#ports.images.load(job.plan.image.sha256);
    } catch (cause) {
      this.#ports.log({
        level: 'error',
        message: 'the image of a job is gone',
        fields: { job: job.plan.filename },
        cause,
      });
      for (const devEui of entries.keys()) refused.set(devEui, 'image-missing');
      return refused;
    }
    job.material = { image, entries, traits, ...prepareImage(job.plan, image, traits) } satisfies JobMaterial;
    return refused;
  }

  async #resume(job: ActiveJob): Promise<void> {
    await this.#prepare(job);
    const { session } = sessionOf(job);
    await this.#openGroup(job, session);
    this.#report('info', 'job resumed', job, {});
    const devEuis = [...job.devices.keys()];
    // The crash may have come between the launch of the job and that of its devices.
    if (job.state.kind !== 'setup') await this.#launchDevices(job, devEuis);
    await this.#stepDevices(job, devEuis, () => ({ kind: 'server-restarted' }));
    await this.#stepJob(job, { kind: 'server-restarted' }, [], []);
  }

  async #openGroup(job: ActiveJob, session: SessionPlan): Promise<void> {
    await this.#ports.link.openGroup({
      groupId: session.groupId,
      mcAddr: session.mcAddr,
      ...mcSessionKeys(fromHex(session.mcKey), session.mcAddr),
      frequencyHz: job.plan.radio.frequencyHz,
      dataRate: job.plan.radio.dataRate,
      firstFCnt: session.firstFCnt,
      devEuis: job.plan.devEuis,
    });
  }

  /** Ends every device that has no verdict yet; called before the end of the job is stored. */
  async #giveVerdicts(job: ActiveJob, before: JobRecord['state']): Promise<void> {
    if (before.kind !== 'teardown') return;
    const { plan } = job;
    const { session, sent } = before;
    for (const [devEui, state] of job.devices) {
      if (isSettled(state)) continue;
      const presumedComplete =
        plan.kind === 'FOTA' && state.kind === 'receiving' && believedComplete(state.reception, plan.nbFrag, sent);
      const event: DeviceEvent = {
        kind: 'end',
        presumedComplete,
        needsCrc64: job.material?.entries.get(devEui)?.traits.confirmsByCrc64 ?? false,
        neverSent: sent === 0,
      };
      const step = deviceStep(state, event, await this.#contextOf(job, devEui, session));
      job.devices.set(devEui, step.state);
      this.#reportDevice(job, devEui, step.state);
    }
  }

  async #finish(job: ActiveJob): Promise<void> {
    const { link, jobs } = this.#ports;
    job.timer?.cancel();
    this.#jobs.delete(job.plan.jobId);
    if (!job.plan.keepLog) await jobs.clearLedger(job.plan.jobId);
    await link.closeGroup(job.plan.jobId);
    this.#pushFinished(job);
    await this.#startDueJobs();
  }

  async #remember(record: JobRecord): Promise<void> {
    const job = new ActiveJob(record);
    // The crash may have come before the group was closed.
    await this.#ports.link.closeGroup(record.plan.jobId);
    if (record.plan.kind !== 'FOTA') return;
    const refused = await this.#prepare(job);
    if (![...refused.values()].includes('image-missing')) this.#pushFinished(job);
  }

  #pushFinished(job: ActiveJob): void {
    // Only the check values are needed from now on; the image is not.
    if (job.material !== undefined) job.material = { ...job.material, image: new Uint8Array(0), encoder: undefined };
    this.#finished.push(job);
    if (this.#finished.length > REMEMBERED_JOBS) this.#finished.shift();
  }

  // ---- helpers ------------------------------------------------------------------------------------------------------

  #arm(job: ActiveJob): void {
    job.timer?.cancel();
    if (this.#stopped || this.#jobs.get(job.plan.jobId) !== job) return;
    const due = dueAt(job.state, job.plan);
    // A scheduled job that is due waits for the running one, whose end starts it.
    if (job.state.kind === 'scheduled' && due !== undefined && due <= this.#now() && this.running() !== undefined)
      return;
    const questionAt = job.nextQuestionAt();
    const at = due === undefined || (questionAt !== undefined && questionAt < due) ? questionAt : due;
    if (at === undefined) return;
    job.timer = this.#ports.clock.setTimer(at, () => this.#background(() => this.#onDue(job)));
  }

  async #contextOf(job: ActiveJob, devEui: Eui64, session: SessionPlan): Promise<DeviceContext> {
    const traits = job.material?.entries.get(devEui)?.traits;
    const facts = await this.#ports.link.facts(devEui);
    return {
      now: this.#now(),
      launchAt: session.launchAt,
      sessionTimeGpsS: session.sessionTimeGpsS,
      kind: job.plan.kind,
      severalCommands: traits?.severalCommands ?? false,
      checksClock: traits?.sessionTime === 'gps',
      listensAlways: facts?.deviceClass === 'C',
      sent: job.state.kind === 'broadcasting' || job.state.kind === 'teardown' ? job.state.sent : 0,
    };
  }

  #pacing(plan: JobPlan): JobPacing {
    const { radio, pacing, devEuis } = plan;
    const octets = plan.kind === 'FOTA' ? plan.fragSize + 3 : plan.image.sizeBytes;
    const { airtimeMs, dutyCycle } = this.#ports.link.groupTiming(radio.frequencyHz, radio.dataRate, octets);
    const shortestMs = airtimeMs + FRAME_GAP_MS;
    return {
      plainMs: Math.max(pacing.sleepMs, shortestMs),
      parityMs: Math.max(pacing.paritySleepMs, shortestMs),
      shortMs: Math.max(pacing.shortSleepMs, shortestMs),
      listenMs: answerSpanMs(devEuis.length),
      sustainedMs: airtimeMs / dutyCycle,
    };
  }

  #now(): UtcMs {
    return this.#ports.clock.now();
  }

  #in(spanMs: number): UtcMs {
    return utcMs(this.#now() + spanMs);
  }

  #reportDevice(job: ActiveJob, devEui: Eui64, state: DeviceState): void {
    const reason = state.kind === 'failed' || state.kind === 'skipped' ? state.reason : undefined;
    this.#report(reason === undefined ? 'info' : 'warn', `device is ${state.kind}`, job, { devEui, reason });
  }

  #report(
    level: 'info' | 'warn',
    message: string,
    job: ActiveJob,
    fields: Readonly<Record<string, string | number | undefined>>,
  ): void {
    this.#ports.log({ level, message, fields: { job: job.plan.filename, ...fields } });
  }
}

function sessionOf(job: ActiveJob): { readonly session: SessionPlan } {
  const { state } = job;
  if (state.kind === 'setup' || state.kind === 'broadcasting' || state.kind === 'teardown')
    return { session: state.session };
  throw new BugError(`a job that is ${state.kind} has no session`);
}

/** Whether a change must survive a crash: where a question stands need not, since it is asked anew after a restart. */
function isWorthStoring(before: DeviceState, after: DeviceState): boolean {
  if (before.kind !== 'setting-up' || after.kind !== 'setting-up') return before !== after;
  return before.todo.join() !== after.todo.join() || before.resyncs !== after.resyncs;
}
