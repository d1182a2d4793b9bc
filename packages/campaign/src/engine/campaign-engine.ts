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
  type UtcMs,
} from '@airlift/kernel';
import type { CampaignLog } from '../campaign-log.ts';
import { CampaignReporter } from '../campaign-reporter.ts';
import { isSettled } from '../device/device-state.ts';
import type { DeviceDirectory } from '../device-directory.ts';
import type { JobEvent } from '../job/job-step.ts';
import type { JobPlan } from '../job-plan.ts';
import type { DeviceLink, LinkNews, UnicastDownlink, UplinkEvent } from '../link/device-link.ts';
import { type JobPreview, previewJob } from '../preview/preview-job.ts';
import type { Provisioning } from '../provisioning.ts';
import { sessionDueAt } from '../session/session-step.ts';
import type { ImageStore, JobRecord, JobStore } from '../stores.ts';
import { ActiveJob } from './active-job.ts';
import { CheckDesk } from './check-desk.ts';
import { type Command, conduct, type Input } from './conduct.ts';
import type { StepTime } from './contexts.ts';
import { jobDueAt } from './job-due.ts';
import { Occupancy } from './occupancy.ts';
import { Performer } from './performer.ts';
import { prepareJob, type Sources, surveyJob } from './prepare.ts';
import { TaskQueue } from './task-queue.ts';
import { readUplinkFor, saidEvent } from './uplink-inputs.ts';

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
  readonly provisioning: Pick<Provisioning, 'reserveSessionCnt'>;
  readonly clock: Clock;
  /** What callers mean by the instant for which they schedule. */
  readonly calendar: Calendar;
  readonly deviceTime: DeviceTime;
  readonly entropy: Entropy;
  readonly log: CampaignLog;
}

/** What may be told a job by its schedule name. */
export type JobOrder = 'pause' | 'resume' | 'approve' | 'abort';

/**
 * Runs the jobs: feeds the machines with what happens, stores what they decide and then does it. Everything goes through
 * one queue, so that a step always sees the result of the one before.
 */
export class CampaignEngine {
  readonly #ports: CampaignPorts;
  readonly #reporter: CampaignReporter;
  readonly #jobs = new Map<string, ActiveJob>();
  readonly #occupancy = new Occupancy();
  readonly #checks = new CheckDesk(REMEMBERED_JOBS);
  readonly #performer: Performer;
  /** Where what a job needs is looked up. */
  readonly #sources: Sources;
  readonly #queue = new TaskQueue();
  #unsubscribe: () => void = () => undefined;
  #ignoreSteps: () => void = () => undefined;

  constructor(ports: CampaignPorts) {
    this.#ports = ports;
    this.#reporter = new CampaignReporter(ports.log);
    this.#sources = { ...ports, reporter: this.#reporter };
    this.#performer = new Performer({
      ...ports,
      reporter: this.#reporter,
      tell: (job, inputs) => this.#later(job, inputs),
    });
  }

  /** Takes up all unfinished jobs where they were left, and listens to the link. */
  async start(): Promise<void> {
    const { link, jobs, calendar } = this.#ports;
    this.#unsubscribe = link.subscribe({
      uplink: (event) => this.#uplink(event),
      news: (news) => this.#news(news),
    });
    this.#ignoreSteps = calendar.onStep(() => {
      // What is under way goes on; only what is yet to begin is meant by the date.
      for (const job of this.#jobs.values()) if (job.draft.state.kind === 'scheduled') this.#arm(job);
    });
    await this.#queue.run(async () => {
      for (const record of [...(await jobs.complete(REMEMBERED_JOBS))].reverse()) await this.#remember(record);
      for (const record of await jobs.unfinished()) this.#jobs.set(record.plan.jobId, new ActiveJob(record));
      for (const job of this.#jobs.values()) if (job.isRunning) await this.#resume(job);
      for (const job of this.#jobs.values()) this.#arm(job);
    });
    // The job that had their devices may have ended with the process, before it could tell them.
    for (const job of this.#jobs.values()) {
      if (job.draft.state.kind === 'waiting' || job.draft.held > 0) this.#wake(job);
    }
  }

  /** Lets the step under way finish and takes no further one. */
  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#ignoreSteps();
    for (const job of this.#jobs.values()) job.timer?.cancel();
    await this.#queue.stop();
  }

  /** Resolves when no step is under way. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  /**
   * Accepts a job durably.
   * @throws CallerError `schedule-name-taken`
   */
  async accept(plan: JobPlan): Promise<void> {
    await this.#queue.run(async () => {
      const record: JobRecord = {
        plan,
        version: 1,
        state: { kind: 'scheduled' },
        sessions: [],
        devices: plan.devEuis.map((devEui) => ({ devEui, state: { kind: 'pending' } })),
      };
      const event = { kind: 'job', to: 'scheduled', outcome: undefined } as const;
      if (!(await this.#ports.jobs.insert(record, [{ at: this.#now(), event }]))) {
        throw new CallerError('schedule-name-taken', 'A schedule with this filename already exists');
      }
      const job = new ActiveJob(record);
      this.#jobs.set(plan.jobId, job);
      this.#reporter.job('info', 'job accepted', plan.filename, { devices: plan.devEuis.length });
      this.#arm(job);
    });
  }

  /** Cancels a job whose set-up has not begun. */
  cancel(filename: string): Promise<'cancelled' | 'unknown' | 'started'> {
    return this.#queue.run(async () => {
      const job = this.#find(filename);
      if (job === undefined) return (await this.#ports.jobs.job(filename)) === undefined ? 'unknown' : 'started';
      if (job.isRunning) return 'started';
      await this.#ports.jobs.remove(job.plan.jobId);
      job.timer?.cancel();
      this.#jobs.delete(job.plan.jobId);
      this.#reporter.job('info', 'job cancelled', job.plan.filename);
      return 'cancelled';
    });
  }

  /** Tells a job that is under way what to do; `not-running` when there is nothing that the order could mean. */
  order(filename: string, order: JobOrder): Promise<'done' | 'unknown' | 'not-running'> {
    return this.#queue.run(async () => {
      const job = this.#find(filename);
      if (job === undefined) {
        return (await this.#ports.jobs.job(filename)) === undefined ? 'unknown' : 'not-running';
      }
      const before = job.draft.state;
      const event: JobEvent = { kind: order };
      await this.#step(job, [{ to: 'job', event }]);
      return job.draft.state === before ? 'not-running' : 'done';
    });
  }

  /**
   * What would happen to a job if it were accepted now; nothing is stored, and no step waits for the look-ups.
   * @param wantedAt the start as the caller wished it, which the plan may have moved
   * @throws CallerError `stopping`
   */
  async preview(plan: JobPlan, wantedAt?: UtcMs): Promise<JobPreview> {
    if (this.#queue.isStopped) throw new CallerError('stopping', 'The server is stopping');
    const provisioning = { reserveSessionCnt: async () => 0 };
    const survey = await surveyJob(plan, undefined, { ...this.#sources, provisioning });
    const now = this.#now();
    const holdOf = (devEui: Eui64) => this.#occupancy.holdOf(devEui, plan.jobId, now);
    return previewJob({ plan, survey, holdOf, now, today: this.#ports.calendar.dateOf(now), wantedAt });
  }

  /** Jobs that are scheduled or running, oldest acceptance first. */
  unfinished(): readonly JobRecord[] {
    return [...this.#jobs.values()].map(({ draft }) => draft.record());
  }

  #find(filename: string): ActiveJob | undefined {
    return [...this.#jobs.values()].find((job) => job.plan.filename === filename);
  }

  // ---- what happens -------------------------------------------------------------------------------------------------

  /** Takes an uplink; what is returned goes into its receive windows. Never rejects. */
  async #uplink(event: UplinkEvent): Promise<UnicastDownlink | undefined> {
    try {
      return await this.#queue.run(() => this.#onUplink(event));
    } catch (cause) {
      // A device whose uplink came to nothing is asked again.
      if (!this.#queue.isStopped) this.#reporter.failure('an uplink could not be dealt with', {}, cause);
      return undefined;
    }
  }

  async #onUplink(event: UplinkEvent): Promise<UnicastDownlink | undefined> {
    const job = this.#jobs.get(this.#occupancy.jobOf(event.devEui) ?? '');
    const entry = job?.entries.get(event.devEui) ?? (await this.#ports.directory.find(event.devEui));
    if (entry === undefined) return undefined;
    const heard = readUplinkFor(event, entry, job, this.#checks);
    if (heard.problem !== undefined) this.#reporter.warning('an uplink could not be read to its end', heard.problem);
    this.#performer.beginAnswer(event, heard.timeAnswer);
    try {
      if (job !== undefined) {
        const { devEui } = event;
        if (heard.answers.length > 0) job.draft.addEvent(this.#now(), saidEvent(devEui, heard.answers));
        await this.#step(job, [{ to: 'device', devEui, event: heard.event }]);
      }
      // Answered when the verdict is stored: a device that hears no answer asks again.
      return await this.#performer.endAnswer(job, heard.checkAnswer, heard.blockAnswer);
    } finally {
      this.#performer.dropAnswer();
    }
  }

  /** Takes news of the link. Never rejects. */
  async #news(news: LinkNews, attempt = 1): Promise<void> {
    try {
      await this.#queue.run(() => this.#onNews(news));
    } catch (cause) {
      if (this.#queue.isStopped) return;
      this.#reporter.failure('an event could not be dealt with', { event: news.kind }, cause);
      // The fate of a frame is told only once. A full disk is waited for however long it takes: the job goes on where it is
      // as soon as there is room.
      if (attempt > MOST_RETRIES && !isStorageFull(cause)) return;
      after(this.#ports.clock, RETRY_MS, () => void this.#news(news, attempt + 1));
    }
  }

  async #onNews(news: LinkNews): Promise<void> {
    if (news.kind === 'joined') {
      const job = this.#jobs.get(this.#occupancy.jobOf(news.devEui) ?? '');
      if (job?.isRunning === true) {
        await this.#step(job, [{ to: 'device', devEui: news.devEui, event: { kind: 'joined' } }]);
      }
      return;
    }
    const ticket = this.#performer.ticket(news.ticketId);
    const job = ticket === undefined ? undefined : this.#jobs.get(ticket.jobId);
    if (ticket === undefined) return;
    if (job?.isRunning === true) await this.#step(job, this.#performer.inputsOf(job, ticket, news));
    this.#performer.forget(news);
  }

  /** What the performer finds out while it acts comes as a step of its own. */
  #later(job: ActiveJob, inputs: readonly Input[]): void {
    this.#queue
      .run(() => this.#step(job, inputs))
      .catch((cause: unknown) => this.#failed(job, cause, () => this.#later(job, inputs)));
  }

  /** Does what has become due of a job; a step that fails is tried again. */
  #wake(job: ActiveJob): void {
    this.#queue.run(() => this.#onDue(job)).catch((cause: unknown) => this.#failed(job, cause, () => this.#wake(job)));
  }

  #failed(job: ActiveJob, cause: unknown, again: () => void): void {
    if (this.#queue.isStopped) return;
    this.#reporter.failure('a campaign step failed', { job: job.plan.filename }, cause);
    if (this.#jobs.get(job.plan.jobId) === job) this.#setTimer(job, steadyMs(this.#now() + RETRY_MS), again);
  }

  async #onDue(job: ActiveJob): Promise<void> {
    if (this.#jobs.get(job.plan.jobId) !== job) return;
    const { draft } = job;
    const now = this.#now();
    if (draft.state.kind === 'scheduled' || draft.state.kind === 'waiting') {
      const holds = this.#holdsOf(job);
      return this.#step(job, [...holds, { to: 'job', event: { kind: 'due', devicesHeld: countHeld(holds) } }]);
    }
    const inputs: Input[] = draft
      .takeQuestions(now)
      .map((devEui) => ({ to: 'device', devEui, event: { kind: 'ask-again' } }));
    inputs.push(...this.#holdsOf(job));
    for (const session of draft.sessions.values()) {
      const due = sessionDueAt(session);
      if (due !== undefined && due <= now) {
        inputs.push({ to: 'session', session: session.number, event: { kind: 'due' } });
      }
    }
    await this.#step(job, inputs);
  }

  /** What has changed for devices of the job that other jobs have, or had. */
  #holdsOf({ plan, draft }: ActiveJob): readonly Input[] {
    const inputs: Input[] = [];
    if (draft.state.kind === 'running' && draft.held === 0) return inputs;
    for (const [devEui, state] of draft.devices) {
      if (state.kind !== 'held' && state.kind !== 'pending') continue;
      const hold = this.#occupancy.holdOf(devEui, plan.jobId, this.#now());
      if (hold !== undefined) inputs.push({ to: 'device', devEui, event: { kind: 'hold', ...hold } });
      else if (state.kind === 'held') inputs.push({ to: 'device', devEui, event: { kind: 'free' } });
    }
    return inputs;
  }

  // ---- steps --------------------------------------------------------------------------------------------------------

  /** One step of the job with all that follows from it: stored in one piece, then done. If it cannot be stored, nothing has happened. */
  async #step(job: ActiveJob, inputs: readonly Input[]): Promise<void> {
    const { draft } = job;
    let commands: readonly Command[];
    try {
      commands = conduct(draft, job.entries, inputs, this.#time());
      const change = draft.change(this.#now());
      if (change !== undefined && !(await this.#ports.jobs.save(job.plan.jobId, draft.version, change))) {
        throw new BugError(`the job ${job.plan.jobId} was changed by somebody else`);
      }
      const moves = draft.commit(change !== undefined);
      for (const event of [...moves, ...(change?.events ?? []).map(({ event }) => event).filter(isNoMove)]) {
        this.#reporter.event(job.plan.filename, event);
      }
      for (const move of moves) if (move.kind === 'device') this.#occupy(job, move.devEui);
    } catch (error) {
      draft.rollback();
      throw error;
    }
    for (const command of commands) await this.#perform(job, command);
    if (job.isOver && this.#jobs.get(job.plan.jobId) === job) await this.#finish(job);
    this.#arm(job);
  }

  async #perform(job: ActiveJob, command: Command): Promise<void> {
    if (command.kind !== 'prepare') return this.#performer.perform(job, command);
    if (job.isPreparing) return;
    job.isPreparing = true;
    try {
      await this.#begin(job);
    } finally {
      job.isPreparing = false;
    }
  }

  async #begin(job: ActiveJob): Promise<void> {
    const preparation = await prepareJob(job.plan, undefined, this.#sources);
    this.#ports.deviceTime.keepFor(job.plan.jobId);
    job.entries = preparation.entries;
    job.material = preparation.material;
    const refusals = [...preparation.refused].map(
      ([devEui, reason]): Input => ({ to: 'device', devEui, event: { kind: 'refuse', reason } }),
    );
    for (const [devEui, state] of job.draft.devices) {
      if (state.kind === 'pending' && !preparation.refused.has(devEui)) {
        this.#occupancy.claim(devEui, job.plan.jobId, job.plan.filename);
      }
    }
    await this.#step(job, [...refusals, { to: 'job', event: { kind: 'begin', formats: preparation.formats } }]);
  }

  async #resume(job: ActiveJob): Promise<void> {
    const { plan, draft } = job;
    if (draft.state.kind !== 'running') return;
    this.#ports.deviceTime.keepFor(plan.jobId);
    const { formats } = draft.state;
    const preparation = await prepareJob(plan, formats, this.#sources);
    job.entries = preparation.entries;
    job.material = preparation.material;
    this.#reporter.job('info', 'job resumed', plan.filename);
    const inputs: Input[] = [];
    for (const [devEui, state] of draft.devices) {
      if (state.kind !== 'held') this.#occupy(job, devEui);
      const reason = preparation.refused.get(devEui);
      if (reason !== undefined) inputs.push({ to: 'device', devEui, event: { kind: 'refuse', reason } });
      else if (!isSettled(state)) inputs.push({ to: 'device', devEui, event: { kind: 'server-restarted' } });
    }
    for (const session of draft.sessions.values()) {
      if ('plan' in session) await this.#performer.openGroup(job, session);
      inputs.push({ to: 'session', session: session.number, event: { kind: 'server-restarted' } });
    }
    await this.#step(job, [...inputs, { to: 'job', event: { kind: 'look' } }]);
  }

  /** Notes who has the device now, and lets jobs that wait for it know. */
  #occupy({ plan, draft }: ActiveJob, devEui: Eui64): void {
    const state = draft.devices.get(devEui);
    if (state === undefined || state.kind === 'held') return;
    if (!isSettled(state)) {
      if (state.kind !== 'pending' || draft.state.kind === 'running') {
        this.#occupancy.claim(devEui, plan.jobId, plan.filename);
      }
      return;
    }
    const freeAt = 'freeAt' in state ? state.freeAt : undefined;
    this.#occupancy.letGo(devEui, plan.jobId, plan.filename, freeAt);
    for (const other of this.#jobs.values()) {
      if (other.plan.jobId !== plan.jobId && other.draft.devices.get(devEui)?.kind === 'held') this.#wake(other);
    }
  }

  // ---- the end ------------------------------------------------------------------------------------------------------

  async #finish(job: ActiveJob): Promise<void> {
    const { plan, draft, material } = job;
    job.timer?.cancel();
    this.#jobs.delete(plan.jobId);
    this.#ports.deviceTime.letGo(plan.jobId);
    this.#performer.forgetJob(plan.jobId);
    if (material !== undefined) this.#checks.remember(plan.filename, draft.devices.keys(), material.allChecks());
    await this.#performer.closeGroups(job);
    await this.#tidyLedger(plan);
    for (const other of this.#jobs.values()) if (other.draft.state.kind === 'waiting') this.#wake(other);
  }

  async #tidyLedger(plan: JobPlan): Promise<void> {
    if (plan.keepLog) return;
    await this.#ports.jobs.clearLedger(plan.jobId).catch((cause: unknown) => {
      this.#reporter.failure('the frames of a job could not be forgotten', { job: plan.filename }, cause);
    });
  }

  /** Takes up a job that is over. The crash may have come before everything of it was tidied up. */
  async #remember(record: JobRecord): Promise<void> {
    const { plan } = record;
    const job = new ActiveJob(record);
    for (const devEui of job.draft.devices.keys()) this.#occupy(job, devEui);
    await this.#performer.closeGroups(job);
    await this.#tidyLedger(plan);
    const formats = record.state.kind === 'complete' ? record.state.formats : [];
    const checks = await this.#performer.checksOf(plan, formats);
    if (checks !== undefined) this.#checks.remember(plan.filename, plan.devEuis, checks);
  }

  // ---- time ---------------------------------------------------------------------------------------------------------

  #arm(job: ActiveJob): void {
    job.timer?.cancel();
    if (this.#queue.isStopped || this.#jobs.get(job.plan.jobId) !== job) return;
    const at = jobDueAt(job, this.#ports.calendar.instantOf(job.plan.setupAt));
    if (at !== undefined) this.#setTimer(job, at, () => this.#wake(job));
  }

  #setTimer(job: ActiveJob, at: SteadyMs, wake: () => void): void {
    job.timer?.cancel();
    job.timer = this.#ports.clock.setTimer(at, wake);
  }

  #time(): StepTime {
    const now = this.#now();
    return { now, gpsNowMs: this.#ports.deviceTime.gpsOf(now) };
  }

  #now(): SteadyMs {
    return this.#ports.clock.now();
  }
}

function countHeld(inputs: readonly Input[]): number {
  return inputs.filter((input) => input.to === 'device' && input.event.kind === 'hold').length;
}

/** Moves are told of already. */
function isNoMove({ kind }: { readonly kind: string }): boolean {
  return kind === 'frame-refused' || kind === 'waits';
}

function isStorageFull(cause: unknown): boolean {
  return cause instanceof CallerError && cause.code === 'storage-full';
}
