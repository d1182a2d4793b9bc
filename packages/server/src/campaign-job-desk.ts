import { createHash } from 'node:crypto';
import type { JobDesk, StoredFile, UploadStore } from '@airlift/api';
import {
  type CampaignEngine,
  type ImageStore,
  type JobPlan,
  type JobRecord,
  type JobStore,
  type JobWish,
  type PlanSettings,
  planJob,
  reportJob,
} from '@airlift/campaign';
import {
  contractError,
  type FrameEntry,
  type JobOrder,
  type JobProgress,
  type JobRequest,
  type JobResult,
  type LogEntry,
  type PlannedJob,
  type ScheduledJob,
} from '@airlift/contract';
import {
  BugError,
  type Calendar,
  CallerError,
  type Clock,
  type Entropy,
  type Eui64,
  toHex,
  type UtcMs,
} from '@airlift/kernel';
import { logEntryOf } from './job-log-entry.ts';
import { plannedView } from './planned-view.ts';

const MOST_RESULTS = 1000;
/** Names tried for a job whose own is taken. */
const MOST_NAMES = 1000;

type PlanImage = JobPlan['image'];

/** The jobs of the HTTP contract on top of the campaign engine. */
export class CampaignJobDesk implements JobDesk {
  readonly #engine: CampaignEngine;
  readonly #jobs: JobStore;
  readonly #images: ImageStore;
  readonly #uploads: UploadStore;
  readonly #clock: Clock;
  readonly #calendar: Calendar;
  readonly #entropy: Entropy;
  readonly #radio: () => Omit<PlanSettings, 'jobId' | 'now' | 'today'>;

  constructor(options: {
    readonly engine: CampaignEngine;
    readonly jobs: JobStore;
    readonly images: ImageStore;
    readonly uploads: UploadStore;
    readonly clock: Clock;
    readonly calendar: Calendar;
    readonly entropy: Entropy;
    /** What the network fixes about every plan. */
    readonly radio: () => Omit<PlanSettings, 'jobId' | 'now' | 'today'>;
  }) {
    this.#engine = options.engine;
    this.#jobs = options.jobs;
    this.#images = options.images;
    this.#uploads = options.uploads;
    this.#clock = options.clock;
    this.#calendar = options.calendar;
    this.#entropy = options.entropy;
    this.#radio = options.radio;
  }

  async schedule(request: JobRequest): Promise<ScheduledJob> {
    const { settings, image, multicastEui, name } = await this.#prepared(request, (octets) =>
      this.#images.keep(octets),
    );
    for (let attempt = 1; attempt <= MOST_NAMES; attempt++) {
      const filename = attempt === 1 ? name : `${name}_${attempt}`;
      const plan = planJob(wishOf(request, { image, multicastEui, filename }), settings);
      if (await this.#accepted(plan)) return scheduledView(plan);
      if (request.scheduleName !== undefined) break;
    }
    throw contractError('schedule-name-taken');
  }

  /** False when the name of the job is taken. */
  async #accepted(plan: JobPlan): Promise<boolean> {
    try {
      await this.#engine.accept(plan);
      return true;
    } catch (error) {
      if (error instanceof CallerError && error.code === 'schedule-name-taken') return false;
      throw error;
    }
  }

  /** What a request leaves to the server. `keepMessage`: the payload of a message is stored as the content of a job. */
  async #prepared(
    request: JobRequest,
    keepMessage: (octets: Uint8Array) => Promise<string>,
  ): Promise<{
    readonly settings: PlanSettings;
    readonly image: PlanImage;
    readonly multicastEui: Eui64;
    readonly name: string;
  }> {
    const now = this.#clock.now();
    const today = this.#calendar.dateOf(now);
    return {
      image: await this.#imageOf(request, keepMessage),
      settings: { ...this.#radio(), jobId: toHex(this.#entropy.octets(12)), now, today },
      multicastEui: request.multicastEui ?? this.#freshMulticastEui(),
      name: request.scheduleName ?? generatedName(request, today),
    };
  }

  async plan(request: JobRequest): Promise<PlannedJob> {
    const { settings, image, multicastEui, name } = await this.#prepared(request, async (octets) => sha256Of(octets));
    for (let attempt = 1; attempt <= MOST_NAMES; attempt++) {
      const filename = attempt === 1 ? name : `${name}_${attempt}`;
      if ((await this.#jobs.job(filename)) === undefined) {
        const plan = planJob(wishOf(request, { image, multicastEui, filename }), settings);
        return plannedView(filename, await this.#engine.preview(plan, request.scheduledAt), this.#calendar);
      }
      if (request.scheduleName !== undefined) break;
    }
    throw contractError('schedule-name-taken');
  }

  async order(filename: string, order: JobOrder): Promise<'done' | 'unknown' | 'meaningless'> {
    const outcome = await this.#engine.order(filename, order);
    return outcome === 'not-running' ? 'meaningless' : outcome;
  }

  async retry(filename: string): Promise<ScheduledJob | 'unknown' | 'meaningless'> {
    const record = await this.#jobs.job(filename);
    if (record === undefined) return 'unknown';
    if (record.state.kind !== 'complete') return 'meaningless';
    const failed = reportJob(record).devices.filter(({ outcome }) => outcome === 'failed' || outcome === 'unverified');
    if (failed.length === 0) return 'meaningless';
    await this.#checkImage(record.plan);
    const now = this.#clock.now();
    const today = this.#calendar.dateOf(now);
    for (let attempt = 1; attempt <= MOST_NAMES; attempt++) {
      const plan: JobPlan = {
        ...record.plan,
        jobId: toHex(this.#entropy.octets(12)),
        filename: `${filename}_retry${attempt === 1 ? '' : `_${attempt}`}`,
        createdAt: now,
        scheduledAt: today,
        setupAt: today,
        devEuis: failed.map(({ devEui }) => devEui),
        waves: undefined,
      };
      if (await this.#accepted(plan)) return scheduledView(plan);
    }
    throw contractError('schedule-name-taken');
  }

  async log(filename: string, from: number, limit: number): Promise<readonly LogEntry[] | undefined> {
    const record = await this.#jobs.job(filename);
    if (record === undefined) return undefined;
    const events = await this.#jobs.events(record.plan.jobId, from, limit);
    return events.map((event) => logEntryOf(event, this.#calendar));
  }

  async frames(filename: string, from: number, limit: number): Promise<readonly FrameEntry[] | undefined> {
    const record = await this.#jobs.job(filename);
    if (record === undefined) return undefined;
    const frames = await this.#jobs.frames(record.plan.jobId, from, limit);
    return frames.map((frame) => ({ ...frame, at: this.#calendar.dateOf(frame.at) }));
  }

  async scheduled(): Promise<readonly ScheduledJob[]> {
    return this.#engine
      .unfinished()
      .filter(({ state }) => state.kind === 'scheduled' || state.kind === 'waiting')
      .map(({ plan }) => scheduledView(plan));
  }

  cancel(filename: string): Promise<'cancelled' | 'unknown' | 'started'> {
    return this.#engine.cancel(filename);
  }

  async progress(filename?: string): Promise<JobProgress | undefined> {
    const record = filename === undefined ? await this.#current() : await this.#jobs.job(filename);
    return record === undefined ? undefined : progressView(this.#live(record));
  }

  async operations(): Promise<readonly JobProgress[]> {
    const records = [...this.#engine.unfinished()];
    const current = await this.#current();
    const known = records.some(({ plan }) => plan.jobId === current?.plan.jobId);
    if (current !== undefined && !known) records.push(current);
    return records.map(progressView);
  }

  async results(): Promise<readonly JobResult[]> {
    const records = await this.#jobs.complete(MOST_RESULTS);
    return Promise.all(records.map((record) => this.#resultView(record)));
  }

  async deleteResult(filename: string): Promise<boolean> {
    const record = await this.#jobs.job(filename);
    if (record?.state.kind !== 'complete') return false;
    return this.#jobs.remove(record.plan.jobId);
  }

  /**
   * The job that `fotaprogress` speaks of: the running one; else the one accepted last, if that was after the last job
   * ended; else the one that ended last, so that a client who waits for 100 gets to see it.
   */
  async #current(): Promise<JobRecord | undefined> {
    const unfinished = this.#engine.unfinished();
    const running = unfinished.find(({ state }) => state.kind === 'running');
    if (running !== undefined) return running;
    const waiting = unfinished.at(-1);
    const [ended] = await this.#jobs.complete(1);
    if (waiting === undefined || ended?.state.kind !== 'complete') return waiting ?? ended;
    return waiting.plan.createdAt >= ended.state.completedAt ? waiting : ended;
  }

  /** What the engine holds is ahead of what is stored. */
  #live(record: JobRecord): JobRecord {
    return this.#engine.unfinished().find(({ plan }) => plan.jobId === record.plan.jobId) ?? record;
  }

  /**
   * The content of an ended job is kept for a while only.
   * @throws CallerError `job-content-gone`
   */
  async #checkImage({ image }: JobPlan): Promise<void> {
    try {
      await this.#images.load(image.sha256);
    } catch (error) {
      throw error instanceof BugError ? contractError('job-content-gone') : error;
    }
  }

  async #imageOf(request: JobRequest, keepMessage: (octets: Uint8Array) => Promise<string>): Promise<PlanImage> {
    if (request.kind === 'FOTA') {
      const { fotaFile } = request;
      const file =
        fotaFile === undefined ? await this.#uploads.latest('fota') : await this.#uploads.file('fota', fotaFile);
      if (file === undefined) throw contractError('fota-file-missing');
      return imageOfFile(file);
    }
    if (request.payload.from === 'file') {
      const file = await this.#uploads.file('message', request.payload.name);
      if (file === undefined) throw contractError('message-file-missing');
      return imageOfFile(file);
    }
    const { octets } = request.payload;
    return { sha256: await keepMessage(octets), sizeBytes: octets.length, name: 'N/A' };
  }

  async #resultView(record: JobRecord): Promise<JobResult> {
    const { plan, state } = record;
    const completedAt = state.kind === 'complete' ? state.completedAt : plan.createdAt;
    const { firstAt, lastAt, ...totals } = await this.#jobs.ledger(plan.jobId);
    return {
      filename: plan.filename,
      type: plan.kind,
      multicastEui: plan.multicastEui,
      inputFilename: plan.image.name,
      scheduleSource: plan.scheduleSource,
      completedAt: this.#calendar.dateOf(completedAt),
      devices: reportJob(record).devices.map((device) => ({
        devEui: device.devEui,
        status: device.outcome === 'success' || device.outcome === 'skipped' ? device.outcome : 'failed',
        isUnverified: device.outcome === 'unverified',
        ...(device.reason === undefined ? {} : { reason: { code: device.reason.code, text: device.reason.text } }),
        ...(device.evidence === undefined ? {} : { verifiedBy: device.evidence }),
        ...(device.fragmentsHeard === undefined ? {} : { fragmentsHeard: device.fragmentsHeard }),
        ...(device.fragmentsMissing === undefined ? {} : { fragmentsMissing: device.fragmentsMissing }),
        ...(device.settledAt === undefined ? {} : { completedAt: this.#calendar.dateOf(device.settledAt) }),
      })),
      ...(firstAt === undefined || lastAt === undefined
        ? {}
        : { frames: { ...totals, sessionSeconds: Math.round((completedAt - firstAt) / 1000) } }),
    };
  }

  /** An EUI of the range that MultiTech's gateways show groups under. */
  #freshMulticastEui(): Eui64 {
    return `008000${toHex(this.#entropy.octets(5))}` as Eui64;
  }
}

function sha256Of(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex');
}

/** `fota_<scheduled>_<setup>`, both in seconds. */
function generatedName(request: JobRequest, today: UtcMs): string {
  const scheduledS = Math.floor((request.scheduledAt ?? today) / 1000);
  return `${request.kind === 'FOTA' ? 'fota' : 'mcm'}_${scheduledS}_${request.setupDelayS}`;
}

function imageOfFile(file: StoredFile): PlanImage {
  return { sha256: file.sha256, sizeBytes: file.sizeBytes, name: file.name };
}

function wishOf(
  request: JobRequest,
  fixed: { readonly image: PlanImage; readonly multicastEui: Eui64; readonly filename: string },
): JobWish {
  const base = {
    devEuis: request.devEuis,
    multicastGroupId: request.multicastGroupId,
    scheduledAt: request.scheduledAt,
    setupDelayS: request.setupDelayS,
    launchDelayS: request.launchDelayS,
    keepLog: request.keepLog,
    scheduleSource: request.scheduleSource,
    waves: request.waves,
    ...request.pacing,
    ...fixed,
  };
  if (request.kind === 'Message') {
    const { messagePort, sessionTimeoutExponent, transmissions, confirmPort } = request;
    return { ...base, kind: 'Message', messagePort, sessionTimeoutExponent, transmissions, confirmPort };
  }
  const { descriptor, parityFragments, maxPacketSize } = request;
  return { ...base, kind: 'FOTA', descriptor, parityFragments, maxPacketSize };
}

function scheduledView(plan: JobPlan): ScheduledJob {
  return {
    filename: plan.filename,
    type: plan.kind,
    scheduledAt: plan.scheduledAt,
    deviceCount: plan.devEuis.length,
    multicastEui: plan.multicastEui,
    inputFilename: plan.image.name,
    scheduleSource: plan.scheduleSource,
  };
}

function progressView(record: JobRecord): JobProgress {
  const { plan } = record;
  const { phase, percentComplete, waitsFor, devices } = reportJob(record);
  return {
    filename: plan.filename,
    type: plan.kind,
    multicastEui: plan.multicastEui,
    inputFilename: plan.image.name,
    phase,
    percentComplete,
    waitsFor,
    devices: devices.map((device) => ({
      devEui: device.devEui,
      percentComplete: device.percentComplete,
      // The documented states know no other word for it; the results tell the difference.
      status: device.outcome === 'unverified' ? 'failed' : device.outcome,
      ...(device.reason === undefined ? {} : { reason: { code: device.reason.code, text: device.reason.text } }),
    })),
  };
}
