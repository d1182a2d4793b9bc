import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobResultJson, ProgressJson, ResultsJson, ScheduleJson } from '@airlift/contract';
import type { BehaviourName, DeviceBehaviour, Fleet } from '@airlift/fleet';
import { type Eui64, formatEui64, Rng, type SteadyMs, steadyMs } from '@airlift/kernel';
import { type DemoInstance, type ServerSettings, startDemoInstance } from '@airlift/server';
import { AirMonitor, type LossRule } from './air-monitor.ts';
import { HttpClient, type Reply } from './http-client.ts';

/** Where multicast sessions are by default: what TS005 calls DLFreq, and the data rate as forwarders spell it. */
const MULTICAST = {
  US915: { frequencyHz: 923_300_000, dataRate: 'SF10BW500' },
  EU868: { frequencyHz: 869_525_000, dataRate: 'SF7BW125' },
} as const;

/** Virtual time of every instance begins here unless it continues another: runs with equal seeds are equal. */
const START = steadyMs(Date.UTC(2026, 0, 15, 12));
const JOIN_LIMIT_MS = 2 * 3_600_000;
const JOB_LIMIT_MS = 6 * 3_600_000;
/** Devices confirm and store what they received a little after the end of the job. */
const STORE_LIMIT_MS = 60_000;

export interface InstanceOptions {
  readonly seed: string;
  readonly devices: number;
  readonly loss?: number;
  readonly region?: keyof typeof MULTICAST;
  readonly behaviour?: (index: number) => BehaviourName | DeviceBehaviour;
  readonly server?: ServerSettings;
  /** Changes the fate of single frames. */
  readonly fate?: LossRule;
  /** A folder that outlives the instance. */
  readonly data?: string;
  /** An instance on the same folder, stopped before, which this one continues. */
  readonly continues?: TestInstance;
  /** Where multicast frames are listened for; those of the region unless the settings move them. */
  readonly multicastDataRate?: string;
}

/** What a watched job looked like from outside, from its acceptance to its end. */
export interface WatchedJob {
  readonly result: JobResultJson;
  /** Every answer to `GET /api/lora/fotaprogress` on the way. */
  readonly polls: readonly { readonly text: string; readonly progress: ProgressJson }[];
}

/** The real server with a simulated fleet, over real sockets, in virtual time that passes only inside `advance`. */
export class TestInstance {
  readonly http: HttpClient;
  readonly air: AirMonitor;
  /** Where the devices put what they received. */
  readonly received: string;
  readonly #instance: DemoInstance;

  private constructor(instance: DemoInstance, air: AirMonitor) {
    this.#instance = instance;
    this.air = air;
    this.received = instance.receivedDir;
    this.http = new HttpClient(instance.server.httpsPort);
  }

  /** Starts an instance, logs in, and lets every device join. */
  static async start(options: InstanceOptions): Promise<TestInstance> {
    const { seed, devices, behaviour } = options;
    const region = options.region ?? 'US915';
    const startAt = options.continues?.now ?? START;
    const air = new AirMonitor(options.fate, options.continues?.air);
    const instance = await startDemoInstance({
      devices,
      loss: options.loss ?? 0,
      region,
      seed,
      logLevel: process.env.AIRLIFT_TEST_LOG ?? 'silent',
      startAt,
      entropy: new Rng(`${seed}/server/${startAt}`),
      ...(options.data === undefined ? {} : { data: options.data }),
      ...(options.server === undefined ? {} : { server: options.server }),
      fleet: { ...(behaviour === undefined ? {} : { behaviour }), radio: { lossOf: air.lossOf } },
    });
    const tuning = MULTICAST[region];
    air.watch(instance.fleet, { ...tuning, dataRate: options.multicastDataRate ?? tuning.dataRate });
    const test = new TestInstance(instance, air);
    try {
      await test.http.login('admin', instance.adminPassword);
      const joined = await test.until(
        () => test.fleet.snapshot().every((device) => device.joined),
        JOIN_LIMIT_MS,
        5_000,
      );
      if (!joined) throw new Error(`not every device joined (seed ${seed})`);
      return test;
    } catch (error) {
      await test.stop();
      throw error;
    }
  }

  /** What a client of its own needs to log in. */
  get access(): { readonly httpsPort: number; readonly adminPassword: string } {
    const { server, adminPassword } = this.#instance;
    return { httpsPort: server.httpsPort, adminPassword };
  }

  get fleet(): Fleet {
    return this.#instance.fleet;
  }

  get now(): SteadyMs {
    return this.#instance.time.clock.now();
  }

  /** Virtual time in whole seconds, as schedules count it. */
  get nowS(): number {
    return Math.floor(this.now / 1000);
  }

  /** EUIs of the fleet as the HTTP contract spells them. */
  get deveuis(): readonly string[] {
    return this.fleet.whitelist().map((device) => device.deveui);
  }

  /** The n-th device, counted from 0. */
  device(index: number): { readonly devEui: Eui64; readonly deveui: string } {
    const device = this.fleet.devices[index];
    if (device === undefined) throw new Error(`there is no device ${index}`);
    return { devEui: device.devEui, deveui: formatEui64(device.devEui) };
  }

  /** Lets so much virtual time pass, and stands still again. */
  async advance(spanMs: number): Promise<void> {
    const { time, server } = this.#instance;
    await new Promise<void>((resolve) => {
      time.clock.setTimer(steadyMs(this.now + spanMs), () => {
        time.pause();
        resolve();
      });
      time.resume();
    });
    await server.idle();
  }

  /** Lets time pass until the condition holds; false when it does not within the limit. */
  async until(condition: () => boolean | Promise<boolean>, limitMs: number, everyMs = 1_000): Promise<boolean> {
    for (let passed = 0; ; passed += everyMs) {
      if (await condition()) return true;
      if (passed >= limitMs) return false;
      await this.advance(everyMs);
    }
  }

  async progress(filename?: string): Promise<{ readonly text: string; readonly progress: ProgressJson }> {
    const query = filename === undefined ? '' : `?filename=${encodeURIComponent(filename)}`;
    const reply = await this.http.get(`/api/lora/fotaprogress${query}`);
    return { text: reply.text, progress: resultOf<ProgressJson>(reply) };
  }

  async results(): Promise<readonly JobResultJson[]> {
    return resultOf<ResultsJson>(await this.http.get('/api/lora/fotaresults')).operations;
  }

  async scheduled(): Promise<ScheduleJson['scheduled']> {
    return resultOf<ScheduleJson>(await this.http.get('/api/lora/fotaschedule')).scheduled;
  }

  /** Cancels whatever has not started yet. */
  async cancelAll(): Promise<void> {
    for (const { filename } of await this.scheduled()) await this.http.delete(`/api/lora/fotaschedule/${filename}`);
  }

  /** Schedules and follows a firmware job to its end. */
  runFota(members: Readonly<Record<string, unknown>>): Promise<WatchedJob> {
    return this.#run('/api/lora/fota', { transmission_type: 'FOTA', multicastGroupID: 0, ...members });
  }

  /** Schedules and follows a message job to its end. */
  runMessage(
    message: Readonly<Record<string, unknown>>,
    members: Readonly<Record<string, unknown>> = {},
  ): Promise<WatchedJob> {
    const multicastMessage = { messagePort: 10, multicastSessionTimeout: 5, ...message };
    const body = { transmission_type: 'Message', multicastGroupID: 0, ...members, multicastMessage };
    return this.#run('/api/lora/mcm', body);
  }

  /** Follows a job that is accepted already to its end, asking as often as the documents recommend. */
  async follow(filename: string, everyMs = 5_000): Promise<WatchedJob> {
    const polls: { text: string; progress: ProgressJson }[] = [];
    const ended = await this.until(
      async () => {
        const poll = await this.progress(filename);
        polls.push(poll);
        return poll.progress.overall_percent_complete === 100;
      },
      JOB_LIMIT_MS,
      everyMs,
    );
    const result = (await this.results()).find((operation) => operation.filename === filename);
    if (!ended || result === undefined) throw new Error(`the job ${filename} did not end`);
    return { result, polls };
  }

  /** Lets time pass until so many devices hold an image; the images by DevEUI as the contract spells it. */
  async images(wanted: number): Promise<ReadonlyMap<string, Uint8Array>> {
    const read = async (): Promise<Map<string, Uint8Array>> => {
      const images = new Map<string, Uint8Array>();
      for (const { devEui } of this.fleet.devices) {
        const image = await readFile(join(this.received, devEui, 'image.bin')).catch(() => undefined);
        if (image !== undefined) images.set(formatEui64(devEui), new Uint8Array(image));
      }
      return images;
    };
    await this.until(async () => (await read()).size >= wanted, STORE_LIMIT_MS, 5_000);
    return read();
  }

  /**
   * Lets time pass until every device has gone back to its own class. In a session a device sends nothing of its own, so
   * that a device of class A cannot be reached.
   */
  async sessionsOver(): Promise<void> {
    const over = await this.until(
      () => this.fleet.snapshot().every(({ inSession }) => !inSession),
      JOB_LIMIT_MS,
      20_000,
    );
    if (!over) throw new Error('a session does not end');
  }

  /** Multicast messages that a device received, oldest first. */
  async messages(index: number): Promise<readonly { readonly port: number; readonly payload: string }[]> {
    const text = await readFile(join(this.received, this.device(index).devEui, 'messages.jsonl'), 'utf8').catch(
      () => '',
    );
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { port: number; payload: string });
  }

  async stop(): Promise<void> {
    this.http.close();
    await this.#instance.stop();
  }

  async #run(path: string, members: Readonly<Record<string, unknown>>): Promise<WatchedJob> {
    const filename = typeof members.schedule_filename === 'string' ? members.schedule_filename : `job_${this.now}`;
    const body = { endDeviceDeveuis: this.deveuis, schedule_filename: filename, ...members };
    const reply = await this.http.post(path, body);
    if (reply.status !== 200) throw new Error(`the job was not accepted: ${reply.text}`);
    return this.follow(filename);
  }
}

/** The `result` of a success. */
export function resultOf<T>(reply: Reply): T {
  if (reply.status !== 200) throw new Error(`expected a success: ${reply.text}`);
  return (reply.json as { result: T }).result;
}
