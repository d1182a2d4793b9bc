import { blockChecksums } from '@airlift/applayer';
import {
  after,
  BugError,
  type Calendar,
  CallerError,
  type Clock,
  type DeviceTime,
  type Entropy,
  type Eui64,
  type SteadyMs,
  steadyMs,
} from '@airlift/kernel';
import { ActiveJob } from './active-job.ts';
import type { DeviceAnswer } from './answers.ts';
import type { CampaignLog } from './campaign-log.ts';
import { CampaignReporter } from './campaign-reporter.ts';
import { ChecksumDesk, type ChecksumFinding } from './checksum-desk.ts';
import { answerClock } from './clock-answer.ts';
import { deviceContexts } from './device-contexts.ts';
import type { DeviceDirectory } from './device-directory.ts';
import type { DeviceLink, LinkEvent, LinkFacts, TicketEvent, UnicastDownlink, UplinkEvent } from './device-link.ts';
import { type DeviceEvent, deviceStep, mayBeListening, QUIET_BEFORE_LAUNCH_MS, receptionOf } from './device-machine.ts';
import { type DeviceState, isSettled, type SetupStep } from './device-state.ts';
import { framePayload, groupIdOf, groupOf, pacingOf } from './group-frames.ts';
import { dueAt, type JobEffect, type JobEvent, type JobStep, jobStep, MOST_ROUNDS } from './job-machine.ts';
import type { JobPlan } from './job-plan.ts';
import type { GroupFrame, JobState, SessionPlan } from './job-state.ts';
import { prepareJob } from './prepare-job.ts';
import { buildChecksumAnswer, buildQuestion } from './questions.ts';
import { readUplink } from './read-uplink.ts';
import type { ReasonCode } from './reasons.ts';
import { lateSession, planSession, sessionEnd } from './session-plan.ts';
import type { ImageStore, JobRecord, JobStore, LedgerFrame } from './stores.ts';
import { broadcastKey } from './traits.ts';

/** Answers that fit into the receive windows of the uplink they belong to must leave at once. */
const ANSWER_BEFORE_MS = 30_000;
/** A question to a device that is late is sent by then. */
const LATE_ANSWER_MS = 3_000;
/** How many finished jobs are kept at hand to answer devices that still ask for their check value. */
const REMEMBERED_JOBS = 20;
/** After a step that failed, as it does when the disk is full. */
const RETRY_MS = 5_000;
const MOST_RETRIES = 20;

export interface CampaignPorts {
  readonly link: DeviceLink;
  readonly jobs: JobStore;
  readonly images: ImageStore;
  readonly directory: DeviceDirectory;
  readonly clock: Clock;
  /** What callers mean by the instant for which they schedule. */
  readonly calendar: Calendar;
  readonly deviceTime: DeviceTime;
  readonly entropy: Entropy;
  readonly log: CampaignLog;
}

type Ticket =
  | { readonly kind: 'question'; readonly jobId: string; readonly devEui: Eui64 }
  | { readonly kind: 'frame'; readonly jobId: string; readonly groupId: string; readonly frame: GroupFrame };

interface Question {
  readonly devEui: Eui64;
  readonly steps: readonly SetupStep[];
  /** SessionTime for a device that is late, GPS seconds. */
  readonly startGpsS: number | undefined;
}

/**
 * Runs the jobs: keeps their state, feeds the machines with what happens, stores what they decide and then does it.
 * Everything goes through one queue, so that a step always sees the result of the one before. One job is on the air at
 * a time, since a device can be in one session only and the group has one channel.
 */
export class CampaignEngine {
  readonly #ports: CampaignPorts;
  readonly #reporter: CampaignReporter;
  readonly #jobs = new Map<string, ActiveJob>();
  readonly #checksums = new ChecksumDesk(REMEMBERED_JOBS);
  readonly #tickets = new Map<string, Ticket>();
  #queue: Promise<unknown> = Promise.resolve();
  #stopped = false;
  #ignoreSteps: () => void = () => undefined;

  constructor(ports: CampaignPorts) {
    this.#ports = ports;
    this.#reporter = new CampaignReporter(ports.log);
  }

  /** Takes up all unfinished jobs where they were left, and listens to the link. */
  async start(): Promise<void> {
    const { link, jobs, calendar } = this.#ports;
    link.subscribe((event) => this.#hear(event));
    this.#ignoreSteps = calendar.onStep(() => {
      // What is under way goes on; only what is yet to begin is meant by the date.
      for (const job of this.#jobs.values()) if (job.state.kind === 'scheduled') this.#arm(job);
    });
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
    this.#ignoreSteps();
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
      this.#reporter.job('info', 'job accepted', job.plan.filename, { devices: plan.devEuis.length });
      this.#arm(job);
    });
  }

  /** Cancels a job whose set-up has not begun. */
  cancel(filename: string): Promise<'cancelled' | 'unknown' | 'started'> {
    return this.#enqueue(async () => {
      const job = [...this.#jobs.values()].find((candidate) => candidate.plan.filename === filename);
      if (job === undefined) return (await this.#ports.jobs.job(filename)) === undefined ? 'unknown' : 'started';
      if (job.running) return 'started';
      await this.#ports.jobs.remove(job.plan.jobId);
      job.timer?.cancel();
      this.#jobs.delete(job.plan.jobId);
      this.#reporter.job('info', 'job cancelled', job.plan.filename);
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

  /** Does what has become due of a job; a step that fails is tried again. */
  #wake(job: ActiveJob): void {
    this.#enqueue(() => this.#onDue(job)).catch((cause: unknown) => {
      if (this.#stopped) return;
      this.#reporter.failure('a campaign step failed', { job: job.plan.filename }, cause);
      if (this.#jobs.get(job.plan.jobId) === job) this.#setTimer(job, this.#in(RETRY_MS));
    });
  }

  /** Takes an event of the link; never rejects. */
  async #hear(event: LinkEvent, attempt = 1): Promise<void> {
    try {
      await this.#enqueue(() => this.#onLinkEvent(event));
    } catch (cause) {
      if (this.#stopped) return;
      this.#reporter.failure('an event could not be dealt with', { event: event.kind }, cause);
      // A device whose uplink came to nothing is asked again; the fate of a frame is told only once. A full disk is waited
      // for however long it takes: the job goes on where it is as soon as there is room.
      if (event.kind === 'uplink' || (attempt > MOST_RETRIES && !isStorageFull(cause))) return;
      after(this.#ports.clock, RETRY_MS, () => void this.#hear(event, attempt + 1));
    }
  }

  // ---- what happens -------------------------------------------------------------------------------------------------

  async #onLinkEvent(event: LinkEvent): Promise<void> {
    switch (event.kind) {
      case 'uplink':
        return this.#onUplink(event);
      case 'joined':
        for (const job of this.#jobs.values()) {
          if (job.running) await this.#stepDevices(job, [event.devEui], { kind: 'joined' });
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
      this.#reporter.warning('an uplink could not be read to its end', {
        devEui,
        fPort: event.fPort,
        code: error.code,
      });
    }
    const toldTime = await this.#answerTime(event, answers);
    const finding = this.#checkImage(event, answers, job);
    if (job !== undefined) {
      await this.#stepDevices(job, [devEui], {
        kind: 'uplink',
        answers,
        receivedGps: event.receivedGps,
        getsTime: toldTime || event.asksDeviceTime,
        crc: finding?.verdict,
      });
    }
    // Answered when the verdict is stored: a device that hears no answer asks again.
    if (finding !== undefined && event.fPort !== undefined) {
      await this.#answer(devEui, { fPort: event.fPort, payload: buildChecksumAnswer(finding.match !== undefined) });
    }
  }

  /** Tells the time to a device that asks for it; true when a frame carries the answer. */
  async #answerTime(event: UplinkEvent, answers: readonly DeviceAnswer[]): Promise<boolean> {
    const request = answers.find((answer) => answer.kind === 'time-request');
    if (request === undefined || event.fPort === undefined) return false;
    const answer = answerClock(request, event.receivedGps, event.asksDeviceTime);
    if (answer.kind === 'leave-to-mac') return false;
    const { payload, replacesDeviceTime } = answer;
    return this.#answer(event.devEui, { fPort: event.fPort, payload, replacesDeviceTime });
  }

  #checkImage(
    { devEui, fPort }: UplinkEvent,
    answers: readonly DeviceAnswer[],
    job: ActiveJob | undefined,
  ): ChecksumFinding | undefined {
    const request = answers.find((answer) => answer.kind === 'crc64');
    if (request === undefined || fPort === undefined) return undefined;
    const finding = this.#checksums.find(request.octets, devEui, job);
    if (finding === undefined) return undefined;
    const { filename, match } = finding;
    const words = match === undefined ? 'none' : `${match.span} ${match.order}`;
    const level = match === undefined ? 'warn' : 'info';
    this.#reporter.job(level, 'device checks its image', filename, { devEui, match: words });
    return finding;
  }

  /** Answers into the receive windows of an uplink; false when that cannot be: the device asks again. */
  async #answer(devEui: Eui64, downlink: Omit<UnicastDownlink, 'before'>): Promise<boolean> {
    try {
      await this.#ports.link.send(devEui, { ...downlink, before: this.#in(ANSWER_BEFORE_MS) });
      return true;
    } catch (cause) {
      this.#reporter.failure('a device could not be answered', { devEui }, cause);
      return false;
    }
  }

  async #onTicket(event: TicketEvent): Promise<void> {
    const ticket = this.#tickets.get(event.ticketId);
    if (ticket === undefined) return;
    const job = this.#jobs.get(ticket.jobId);
    if (job?.running === true) await this.#onFate(job, ticket, event);
    this.#tickets.delete(event.ticketId);
  }

  async #onFate(job: ActiveJob, ticket: Ticket, event: TicketEvent): Promise<void> {
    if (ticket.kind === 'question') {
      const fate = event.fate === 'on-air' ? 'on-air' : 'lost';
      return this.#questionLeft(job, ticket.devEui, fate);
    }
    const { frame } = ticket;
    if (event.fate !== 'on-air') {
      this.#reporter.job('warn', 'frame refused', job.plan.filename, {
        frame: frame.kind,
        number: frame.number,
        error: event.error,
      });
    }
    const row: LedgerFrame = { ...frame, fCnt: event.fCnt, at: event.at, airtimeMs: event.airtimeMs };
    const rows = event.fate === 'on-air' ? [row] : [];
    // A frame of an earlier session is only counted.
    if (ticket.groupId !== sessionOf(job).groupId) {
      return this.#ports.jobs.save(job.plan.jobId, { state: job.state, devices: [], frames: rows });
    }
    const fate = event.fate === 'on-air' ? 'on-air' : 'refused';
    return this.#stepJob(job, { kind: 'frame', frame, fate, at: event.at }, rows);
  }

  async #questionLeft(job: ActiveJob, devEui: Eui64, fate: 'on-air' | 'lost'): Promise<void> {
    const listensAlways = (await this.#facts(devEui))?.deviceClass === 'C';
    return this.#stepDevices(job, [devEui], { kind: 'question', fate, listensAlways });
  }

  async #onDue(job: ActiveJob): Promise<void> {
    if (this.#jobs.get(job.plan.jobId) !== job) return;
    if (job.state.kind === 'scheduled') {
      await this.#startDueJobs();
      return;
    }
    const due = job.takeQuestions(this.#now());
    if (due.length > 0) await this.#stepDevices(job, due, { kind: 'ask-again' });
    await this.#stepJob(job, { kind: 'due' });
  }

  // ---- steps --------------------------------------------------------------------------------------------------------

  async #stepDevices(
    job: ActiveJob,
    devEuis: Iterable<Eui64>,
    event: DeviceEvent | ((devEui: Eui64) => DeviceEvent),
  ): Promise<void> {
    const session = sessionOf(job);
    const questions = this.#putDevices(job, session, devEuis, event);
    if (job.changes().length > 0) await this.#stepJob(job, { kind: 'device-settled' });
    else job.commit();
    for (const question of questions) await this.#ask(job, session, question);
    this.#arm(job);
  }

  /** Steps the devices, to be stored with the step of the job; returns what is to be asked then. */
  #putDevices(
    job: ActiveJob,
    session: SessionPlan,
    devEuis: Iterable<Eui64>,
    event: DeviceEvent | ((devEui: Eui64) => DeviceEvent),
  ): readonly Question[] {
    const contextOf = deviceContexts(job, session, this.#ports.deviceTime, this.#now());
    const questions: Question[] = [];
    for (const devEui of devEuis) {
      const before = job.devices.get(devEui);
      if (before === undefined) continue;
      const step = deviceStep(before, typeof event === 'function' ? event(devEui) : event, contextOf(devEui));
      if (step.state !== before) job.put(devEui, step.state);
      if (step.ask.length === 0) continue;
      const startGpsS = step.state.kind === 'setting-up' ? step.state.startGpsS : undefined;
      questions.push({ devEui, steps: step.ask, startGpsS });
    }
    return questions;
  }

  /**
   * One step of the job, with what it means for its devices and what was `put` before: stored in one piece, then done. If
   * it cannot be stored, nothing has happened.
   */
  async #stepJob(job: ActiveJob, event: JobEvent, frames: readonly LedgerFrame[] = []): Promise<void> {
    const before = job.state;
    let step: JobStep;
    try {
      step = jobStep(before, event, job.view(), job.plan, pacingOf(job.plan, this.#ports.link), this.#now());
      const { state, effects } = step;
      for (const effect of effects) await this.#tellDevices(job, effect);
      const devices = job.changes();
      if (isStepWorthStoring(before, state) || devices.length > 0 || frames.length > 0) {
        await this.#ports.jobs.save(job.plan.jobId, { state, devices, frames });
      }
    } catch (error) {
      job.rollback();
      throw error;
    }
    const { state, effects } = step;
    job.state = state;
    this.#commit(job);
    if (before.kind !== state.kind) this.#reporter.job('info', `job is in ${state.kind}`, job.plan.filename);
    for (const effect of effects) await this.#perform(job, effect, before);
    this.#arm(job);
  }

  /** What an effect means for the devices. */
  async #tellDevices(job: ActiveJob, effect: JobEffect): Promise<void> {
    const session = sessionOf(job);
    const devEuis = job.devices.keys();
    switch (effect.kind) {
      case 'launch':
      case 'status-requested':
      case 'message-sent':
        this.#putDevices(job, session, devEuis, { kind: effect.kind });
        return;
      case 'end':
        await this.#giveVerdicts(job, () => true);
        return;
      case 'send':
      case 'another-round':
        return;
    }
  }

  /** Devices that are not ready and have never joined the network. */
  async #strangers(job: ActiveJob): Promise<ReadonlySet<Eui64>> {
    const strangers = new Set<Eui64>();
    for (const [devEui, state] of job.devices) {
      if (state.kind !== 'setting-up' && state.kind !== 'pending') continue;
      const facts = await this.#facts(devEui);
      if (facts !== undefined && facts.joinedAt === undefined) strangers.add(devEui);
    }
    return strangers;
  }

  async #perform(job: ActiveJob, effect: JobEffect, before: JobState): Promise<void> {
    switch (effect.kind) {
      case 'send':
        return this.#sendFrame(job, effect.frame);
      case 'another-round':
        return this.#beginAnotherRound(job);
      case 'end':
        return this.#finish(job, 'session' in before ? before.session.groupId : job.plan.jobId);
      default:
        return;
    }
  }

  async #ask(job: ActiveJob, planned: SessionPlan, { devEui, steps, startGpsS }: Question): Promise<void> {
    const entry = job.material?.entries.get(devEui);
    if (entry === undefined) throw new BugError('a device without an entry was asked');
    const { traits, genAppKey } = entry;
    try {
      const now = this.#now();
      const session = startGpsS === undefined ? planned : lateSession(planned, startGpsS, this.#ports.deviceTime);
      const question = buildQuestion(steps, { plan: job.plan, session, traits, genAppKey, now });
      // Into the receive windows of the uplink that is being answered, or not at all: the start is a matter of seconds.
      const before = steadyMs(
        now < planned.launchAt ? planned.launchAt - QUIET_BEFORE_LAUNCH_MS : now + LATE_ANSWER_MS,
      );
      const ticketId = await this.#ports.link.send(devEui, { ...question, before });
      this.#tickets.set(ticketId, { kind: 'question', jobId: job.plan.jobId, devEui });
    } catch (cause) {
      this.#reporter.failure('a device could not be asked', { job: job.plan.filename, devEui }, cause);
      await this.#questionLeft(job, devEui, 'lost');
    }
  }

  async #sendFrame(job: ActiveJob, frame: GroupFrame): Promise<void> {
    const session = sessionOf(job);
    const { groupId } = session;
    try {
      const { fPort, payload } = framePayload(job.plan, job.material, frame);
      if (!job.groupIsOpen) await this.#openGroup(job, session);
      const ticketId = await this.#ports.link.sendToGroup(groupId, fPort, payload, this.#now());
      this.#tickets.set(ticketId, { kind: 'frame', jobId: job.plan.jobId, groupId, frame });
    } catch (cause) {
      this.#reporter.failure('a frame could not be sent', { job: job.plan.filename, number: frame.number }, cause);
      await this.#stepJob(job, { kind: 'frame', frame, fate: 'refused', at: this.#now() });
    }
  }

  // ---- beginning and end --------------------------------------------------------------------------------------------

  async #startDueJobs(): Promise<void> {
    if ([...this.#jobs.values()].some((job) => job.running)) return;
    const today = this.#ports.calendar.dateOf(this.#now());
    const due = [...this.#jobs.values()]
      .filter((job) => job.state.kind === 'scheduled' && job.plan.setupAt <= today)
      .sort((a, b) => a.plan.setupAt - b.plan.setupAt || a.plan.createdAt - b.plan.createdAt);
    for (const job of due) {
      try {
        return await this.#beginSetup(job);
      } catch (cause) {
        if (job.running) throw cause;
        if (isExhausted(cause)) {
          await this.#refuse(job, 'no-multicast-address');
          continue;
        }
        // Others need not wait for what is wrong with this one.
        this.#reporter.failure('a job could not begin', { job: job.plan.filename }, cause);
        this.#setTimer(job, this.#in(RETRY_MS));
      }
    }
  }

  async #beginSetup(job: ActiveJob): Promise<void> {
    const refused = await prepareJob(job, { ...this.#ports, reporter: this.#reporter });
    await this.#openRound(job, { startedAt: this.#now(), round: 1, percent: 0, sent: 0 }, (devEui) => {
      const reason = refused.get(devEui);
      return reason === undefined ? { kind: 'begin' } : { kind: 'refuse', reason };
    });
  }

  /** Another session, with a group of its own, for the devices that the one before did not serve. */
  async #beginAnotherRound(job: ActiveJob): Promise<void> {
    const { state } = job;
    if (state.kind !== 'teardown') return;
    const { startedAt, round, percent, session } = state;
    await this.#closeGroup(job.plan, session.groupId);
    await this.#giveVerdicts(job, (device) => !job.isWorthAnotherRound(device));
    // A device in the session keeps silent until it is over, so that there is no reaching it before.
    const ends = [...job.devices.values()].flatMap((device) => this.#sessionEndOf(device, session) ?? []);
    const reachableAt = Math.max(this.#now(), ...ends);
    try {
      // Parity goes on where it stopped as long as somebody holds a part of the image; else it is sent from the beginning.
      const fresh = ![...job.devices.values()].some(holdsPart);
      const sent = fresh ? 0 : state.sent;
      await this.#openRound(
        job,
        { startedAt, round: round + 1, percent, sent },
        () => ({ kind: 'again', fresh }),
        steadyMs(reachableAt),
      );
    } catch (cause) {
      if (!isExhausted(cause)) throw cause;
      await this.#refuse(job, 'no-multicast-address');
    }
  }

  /** When a device that listens, or may, leaves the session. */
  #sessionEndOf(device: DeviceState, session: SessionPlan): SteadyMs | undefined {
    if (device.kind !== 'receiving' && !mayBeListening(device)) return undefined;
    const startGpsS = 'startGpsS' in device ? device.startGpsS : undefined;
    const own = startGpsS === undefined ? session : lateSession(session, startGpsS, this.#ports.deviceTime);
    return sessionEnd(own);
  }

  /** Ends a job for which there can be no session: every device without a verdict fails. */
  async #refuse(job: ActiveJob, reason: ReasonCode): Promise<void> {
    const { plan } = job;
    const at = this.#now();
    const startedAt = 'startedAt' in job.state ? job.state.startedAt : at;
    const groupId = 'session' in job.state ? job.state.session.groupId : plan.jobId;
    const state: JobState = { kind: 'complete', startedAt, completedAt: at };
    try {
      for (const [devEui, device] of job.devices) {
        if (isSettled(device)) continue;
        job.put(devEui, {
          kind: 'failed',
          reason,
          at,
          reception: receptionOf(device),
        });
      }
      await this.#ports.jobs.save(plan.jobId, { state, devices: job.changes(), frames: [] });
    } catch (error) {
      job.rollback();
      throw error;
    }
    job.state = state;
    this.#commit(job);
    await this.#finish(job, groupId);
  }

  async #openRound(
    job: ActiveJob,
    frame: { readonly startedAt: SteadyMs; readonly round: number; readonly percent: number; readonly sent: number },
    eventFor: (devEui: Eui64) => DeviceEvent,
    reachableAt: SteadyMs = this.#now(),
  ): Promise<void> {
    const { link, jobs, entropy, deviceTime } = this.#ports;
    const { plan } = job;
    deviceTime.keepFor(plan.jobId);
    const now = steadyMs(Math.max(this.#now(), reachableAt));
    let session: SessionPlan;
    let questions: readonly Question[];
    try {
      const address = await link.allocateMcAddr();
      const groupId = groupIdOf(plan, frame.round);
      const planned = planSession({
        plan,
        pacing: pacingOf(plan, link),
        groupId,
        ...address,
        entropy,
        deviceTime,
        now,
      });
      const { material } = job;
      session = material === undefined ? planned : { ...planned, broadcastKey: broadcastKey(material.traits) };
      const state: JobState = { kind: 'setup', ...frame, session };
      questions = this.#putDevices(job, session, job.devices.keys(), eventFor);
      await jobs.save(plan.jobId, { state, devices: job.changes(), frames: [] });
      job.state = state;
    } catch (error) {
      job.rollback();
      if (!job.running) deviceTime.letGo(plan.jobId);
      throw error;
    }
    this.#commit(job);
    this.#reporter.job('info', 'job is in setup', job.plan.filename, {
      round: frame.round,
      launchAt: session.launchAt,
    });
    await this.#openGroup(job, session).catch((cause: unknown) => {
      // Tried again when the first frame is to be sent.
      this.#reporter.failure('the group could not be opened', { job: plan.filename }, cause);
    });
    for (const question of questions) await this.#ask(job, session, question);
    this.#arm(job);
  }

  async #resume(job: ActiveJob): Promise<void> {
    this.#ports.deviceTime.keepFor(job.plan.jobId);
    const refused = await prepareJob(job, { ...this.#ports, reporter: this.#reporter });
    this.#reporter.job('info', 'job resumed', job.plan.filename);
    await this.#openGroup(job, sessionOf(job)).catch((cause: unknown) => {
      this.#reporter.failure('the group could not be opened', { job: job.plan.filename }, cause);
    });
    await this.#stepDevices(job, job.devices.keys(), (devEui) => {
      const reason = refused.get(devEui);
      return reason === undefined ? { kind: 'server-restarted' } : { kind: 'refuse', reason };
    });
    if (job.running) await this.#stepJob(job, { kind: 'server-restarted' });
  }

  async #openGroup(job: ActiveJob, session: SessionPlan): Promise<void> {
    job.groupIsOpen = false;
    await this.#ports.link.openGroup(groupOf(job.plan, session));
    job.groupIsOpen = true;
  }

  /** A group that stays open does no harm; it is closed when the server starts again. */
  async #closeGroup(plan: JobPlan, groupId: string): Promise<void> {
    await this.#ports.link.closeGroup(groupId).catch((cause: unknown) => {
      this.#reporter.failure('a group could not be closed', { job: plan.filename }, cause);
    });
  }

  /** Ends the chosen devices that have no verdict yet; whoever calls stores the result. */
  async #giveVerdicts(job: ActiveJob, chosen: (state: DeviceState) => boolean): Promise<void> {
    const { state: jobState } = job;
    if (jobState.kind !== 'teardown') return;
    const strangers = await this.#strangers(job);
    const open = [...job.devices].filter(([, state]) => !isSettled(state) && chosen(state)).map(([devEui]) => devEui);
    this.#putDevices(job, jobState.session, open, (devEui) => {
      const state = job.devices.get(devEui);
      return {
        kind: 'end',
        presumedComplete: state !== undefined && job.isBelievedComplete(state),
        needsCrc64: job.material?.entries.get(devEui)?.traits.confirmsByCrc64 ?? false,
        neverSent: jobState.sent === 0,
        joined: !strangers.has(devEui),
      };
    });
  }

  async #finish(job: ActiveJob, groupId: string): Promise<void> {
    const { plan, material } = job;
    job.timer?.cancel();
    this.#jobs.delete(plan.jobId);
    this.#ports.deviceTime.letGo(plan.jobId);
    if (material?.checksums !== undefined) {
      this.#checksums.remember(plan.filename, job.devices.keys(), material.checksums);
    }
    await this.#closeGroup(plan, groupId);
    await this.#tidyLedger(plan);
    // In a step of its own: whoever waits for this one may have an uplink to answer.
    for (const other of this.#jobs.values()) this.#arm(other);
  }

  async #tidyLedger(plan: JobPlan): Promise<void> {
    if (plan.keepLog) return;
    await this.#ports.jobs.clearLedger(plan.jobId).catch((cause: unknown) => {
      this.#reporter.failure('the frames of a job could not be forgotten', { job: plan.filename }, cause);
    });
  }

  /** Takes up a job that is over. The crash may have come before everything of it was tidied up. */
  async #remember({ plan }: JobRecord): Promise<void> {
    for (let round = 1; round <= MOST_ROUNDS; round++) await this.#closeGroup(plan, groupIdOf(plan, round));
    await this.#tidyLedger(plan);
    if (plan.kind !== 'FOTA') return;
    try {
      const image = await this.#ports.images.load(plan.image.sha256);
      this.#checksums.remember(plan.filename, plan.devEuis, blockChecksums(image, plan.padding));
    } catch {
      // Images go some time after their last job; nobody asks for their check value by then.
    }
  }

  // ---- helpers ------------------------------------------------------------------------------------------------------

  #arm(job: ActiveJob): void {
    job.timer?.cancel();
    if (this.#stopped || this.#jobs.get(job.plan.jobId) !== job) return;
    const due = dueAt(job.state, this.#ports.calendar.instantOf(job.plan.setupAt));
    // A scheduled job that is due waits for the running one, whose end starts it.
    if (job.state.kind === 'scheduled' && due !== undefined && due <= this.#now() && this.#isAnyRunning()) return;
    const questionAt = job.nextQuestionAt();
    const at = due === undefined || (questionAt !== undefined && questionAt < due) ? questionAt : due;
    if (at !== undefined) this.#setTimer(job, at);
  }

  #setTimer(job: ActiveJob, at: SteadyMs): void {
    job.timer?.cancel();
    job.timer = this.#ports.clock.setTimer(at, () => this.#wake(job));
  }

  #isAnyRunning(): boolean {
    for (const job of this.#jobs.values()) if (job.running) return true;
    return false;
  }

  /** Undefined when nothing is known, or nothing can be known now. */
  async #facts(devEui: Eui64): Promise<LinkFacts | undefined> {
    try {
      return await this.#ports.link.facts(devEui);
    } catch (cause) {
      this.#reporter.failure('a device could not be looked up', { devEui }, cause);
      return undefined;
    }
  }

  #commit(job: ActiveJob): void {
    for (const { devEui, state } of job.commit()) this.#reporter.device(job, devEui, state);
  }

  #now(): SteadyMs {
    return this.#ports.clock.now();
  }

  #in(spanMs: number): SteadyMs {
    return steadyMs(this.#now() + spanMs);
  }
}

/** A frame that is being sent is not worth a write: after a crash its fragment is simply sent once more. */
function isStepWorthStoring(before: JobState, after: JobState): boolean {
  if (after.kind !== 'broadcasting' || before.kind !== after.kind) return after !== before;
  return after !== before && after.phase.kind !== 'sending' && after.phase.kind !== 'holding';
}

/** Has fragments of the image that parity can complete. */
function holdsPart(state: DeviceState): boolean {
  if (state.kind === 'receiving') return state.unconfirmed !== true;
  return state.kind === 'setting-up' && state.holding !== undefined;
}

/** The link has no multicast address to give. */
function isExhausted(cause: unknown): boolean {
  return cause instanceof CallerError && cause.code === 'mc-addresses-exhausted';
}

function isStorageFull(cause: unknown): boolean {
  return cause instanceof CallerError && cause.code === 'storage-full';
}

function sessionOf({ state }: ActiveJob): SessionPlan {
  if ('session' in state) return state.session;
  throw new BugError(`a job that is ${state.kind} has no session`);
}
