import { createHash } from 'node:crypto';
import type {
  FrameEntry,
  JobOrder,
  JobProgress,
  JobRequest,
  JobResult,
  LogEntry,
  PlannedJob,
  ScheduledJob,
} from '@airlift/contract';
import { CallerError, type Clock, type Eui64, type RealMs, utcMs } from '@airlift/kernel';
import type { JobDesk, UploadStore } from '../src/ports.ts';

interface Job {
  readonly request: JobRequest;
  readonly listed: ScheduledJob;
  progress: JobProgress;
  result: JobResult | undefined;
}

/** `JobDesk` in memory, for tests: jobs move only when a test calls `start`, `report` or `finish`. */
export class MemoryJobs implements JobDesk {
  /** Orders that were obeyed, in order. */
  readonly orders: { readonly filename: string; readonly order: JobOrder }[] = [];
  /** Frames that every job has sent. */
  frameCount = 1;
  readonly #clock: Clock<RealMs>;
  readonly #uploads: UploadStore;
  // In the order of acceptance.
  readonly #jobs = new Map<string, Job>();

  constructor(clock: Clock<RealMs>, uploads: UploadStore) {
    this.#clock = clock;
    this.#uploads = uploads;
  }

  async schedule(request: JobRequest): Promise<ScheduledJob> {
    const inputFilename = await this.#inputFilename(request);
    const scheduledAt = request.scheduledAt ?? this.#clock.now();
    const filename = request.scheduleName ?? this.#freeName(request, Math.floor(scheduledAt / 1000));
    if (request.scheduleName !== undefined && this.#jobs.has(filename)) {
      throw new CallerError('schedule-name-taken', 'Schedule filename already exists');
    }
    const multicastEui =
      request.multicastEui ?? (`008000${createHash('sha256').update(filename).digest('hex').slice(0, 10)}` as Eui64);
    const type = request.kind;
    const listed: ScheduledJob = {
      filename,
      type,
      scheduledAt: utcMs(Math.max(scheduledAt, this.#clock.now())),
      deviceCount: request.devEuis.length,
      multicastEui,
      inputFilename,
      scheduleSource: request.scheduleSource,
    };
    this.#jobs.set(filename, {
      request,
      listed,
      progress: {
        filename,
        type,
        multicastEui,
        inputFilename,
        phase: 'SCHEDULED',
        percentComplete: 0,
        waitsFor: undefined,
        devices: request.devEuis.map((devEui) => ({ devEui, percentComplete: 0, status: 'pending' })),
      },
      result: undefined,
    });
    return listed;
  }

  async scheduled(): Promise<readonly ScheduledJob[]> {
    return this.#all()
      .filter((job) => job.progress.phase === 'SCHEDULED')
      .map((job) => job.listed);
  }

  async cancel(filename: string): Promise<'cancelled' | 'unknown' | 'started'> {
    const job = this.#jobs.get(filename);
    if (job === undefined) return 'unknown';
    if (job.progress.phase !== 'SCHEDULED') return 'started';
    this.#jobs.delete(filename);
    return 'cancelled';
  }

  async progress(filename?: string): Promise<JobProgress | undefined> {
    if (filename !== undefined) return this.#jobs.get(filename)?.progress;
    const jobs = this.#all().map((job) => job.progress);
    const started = jobs.filter((progress) => progress.phase !== 'SCHEDULED' && progress.phase !== 'COMPLETE');
    return started.at(-1) ?? jobs.at(-1);
  }

  async operations(): Promise<readonly JobProgress[]> {
    const named = await this.progress();
    return this.#all()
      .map((job) => job.progress)
      .filter((progress) => progress.phase !== 'COMPLETE' || progress === named);
  }

  async results(): Promise<readonly JobResult[]> {
    return this.#all()
      .flatMap((job) => (job.result === undefined ? [] : [job.result]))
      .reverse();
  }

  async deleteResult(filename: string): Promise<boolean> {
    const job = this.#jobs.get(filename);
    if (job?.result === undefined) return false;
    job.result = undefined;
    return true;
  }

  async plan(request: JobRequest): Promise<PlannedJob> {
    const filename = request.scheduleName ?? 'planned';
    return { filename, assumedLoss: 0.1, sessions: [], warnings: [], refused: [] };
  }

  async order(filename: string, order: JobOrder): Promise<'done' | 'unknown' | 'meaningless'> {
    const job = this.#jobs.get(filename);
    if (job === undefined) return 'unknown';
    if (job.result !== undefined || job.progress.phase === 'SCHEDULED') return 'meaningless';
    this.orders.push({ filename, order });
    return 'done';
  }

  async retry(filename: string): Promise<ScheduledJob | 'unknown' | 'meaningless'> {
    const job = this.#jobs.get(filename);
    if (job === undefined) return 'unknown';
    const failed = job.result?.devices.filter(({ status }) => status === 'failed') ?? [];
    if (failed.length === 0) return 'meaningless';
    const devEuis = failed.map(({ devEui }) => devEui);
    return this.schedule({ ...job.request, devEuis, scheduleName: `${filename}_retry` });
  }

  /** One entry for each order that the job got. */
  async log(filename: string, from: number, limit: number): Promise<readonly LogEntry[] | undefined> {
    if (!this.#jobs.has(filename)) return undefined;
    const at = utcMs(this.#clock.now());
    return this.orders
      .filter((one) => one.filename === filename)
      .map(({ order }, n) => ({ sequence: n + 1, at, kind: 'control', devEui: undefined, members: { to: order } }))
      .filter(({ sequence }) => sequence >= from)
      .slice(0, limit);
  }

  /** As many plain fragments as a test asked for. */
  async frames(filename: string, from: number, limit: number): Promise<readonly FrameEntry[] | undefined> {
    if (!this.#jobs.has(filename)) return undefined;
    const at = utcMs(this.#clock.now());
    const count = Math.max(0, Math.min(limit, this.frameCount - from));
    return Array.from({ length: count }, (_, index) => {
      const number = from + index + 1;
      return { session: 1, kind: 'plain', number, fCnt: number, at, airtimeMs: 100, gateways: [] };
    });
  }

  /** What was asked for, or undefined when no such job was accepted. */
  request(filename: string): JobRequest | undefined {
    return this.#jobs.get(filename)?.request;
  }

  /** Names of all accepted jobs, oldest first. */
  names(): string[] {
    return [...this.#jobs.keys()];
  }

  /** Moves a job to a phase and a percentage; every device follows. */
  report(filename: string, phase: JobProgress['phase'], percentComplete: number): void {
    const job = this.#job(filename);
    const status = phase === 'SCHEDULED' ? 'pending' : 'in_progress';
    job.progress = {
      ...job.progress,
      phase,
      percentComplete,
      devices: job.progress.devices.map((device) => ({ ...device, percentComplete, status })),
    };
  }

  /** Ends a job; `outcomes` name devices that did not succeed. */
  finish(filename: string, outcomes: Readonly<Record<string, 'failed' | 'skipped'>> = {}): void {
    const job = this.#job(filename);
    const { multicastEui, inputFilename, scheduleSource, type } = job.listed;
    const statusOf = (devEui: Eui64) => outcomes[devEui] ?? 'success';
    job.progress = {
      ...job.progress,
      phase: 'COMPLETE',
      percentComplete: 100,
      devices: job.request.devEuis.map((devEui) => ({ devEui, percentComplete: 100, status: statusOf(devEui) })),
    };
    job.result = {
      filename,
      type,
      multicastEui,
      inputFilename,
      scheduleSource,
      completedAt: utcMs(this.#clock.now()),
      devices: job.request.devEuis.map((devEui) => ({ devEui, status: statusOf(devEui), isUnverified: false })),
    };
  }

  async #inputFilename(request: JobRequest): Promise<string> {
    if (request.kind === 'FOTA') {
      const stored =
        request.fotaFile === undefined
          ? await this.#uploads.latest('fota')
          : await this.#uploads.file('fota', request.fotaFile);
      if (stored === undefined) throw new CallerError('fota-file-missing', 'FOTA file not found. Upload file first.');
      return stored.name;
    }
    if (request.payload.from === 'body') return '';
    const stored = await this.#uploads.file('message', request.payload.name);
    if (stored === undefined) {
      throw new CallerError('message-file-missing', 'Message file not found. Upload file first.');
    }
    return stored.name;
  }

  #freeName(request: JobRequest, scheduledS: number): string {
    const base = `${request.kind === 'FOTA' ? 'fota' : 'mcm'}_${scheduledS}_${request.setupDelayS}`;
    let name = base;
    for (let n = 2; this.#jobs.has(name); n++) name = `${base}_${n}`;
    return name;
  }

  #all(): Job[] {
    return [...this.#jobs.values()];
  }

  #job(filename: string): Job {
    const job = this.#jobs.get(filename);
    if (job === undefined) throw new Error(`no job ${filename}`);
    return job;
  }
}
