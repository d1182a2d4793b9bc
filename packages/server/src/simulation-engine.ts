import type { ProfileRegistry } from '@airlift/applayer';
import { CampaignEngine, type CampaignLog, type DeviceOutcome, planJob, reportJob } from '@airlift/campaign';
import { MemoryImageStore, MemoryJobStore, type MemoryProvisioning } from '@airlift/campaign/memory';
import type { Calendar, Clock, DeviceTime, Entropy, Eui64 } from '@airlift/kernel';
import type { NetworkServer, NetworkStore } from '@airlift/network';
import { NetworkLink } from './network-link.ts';
import { StoredDirectory } from './stored-directory.ts';

/** What the server says of a device. */
export interface DeviceVerdict {
  readonly devEui: Eui64;
  readonly status: DeviceOutcome;
  /** How success is known. */
  readonly verifiedBy: string | undefined;
  /** Code of why it is none. */
  readonly reason: string | undefined;
}

/** What is to be sent to whom. */
export interface SimulationOrder {
  readonly devEuis: readonly Eui64[];
  readonly image: Uint8Array;
  readonly radio: { readonly frequencyHz: number; readonly dataRate: number };
  readonly uplinkIntervalS: number;
  readonly parityFragments: number | undefined;
  readonly sleepMs: number | undefined;
  readonly paritySleepMs: number | undefined;
}

const JOB = 'simulation';

/**
 * The campaign engine on stores in memory, as simulations use it: started, given one job, and asked how that stands.
 * Nothing else of the simulation knows the engine.
 */
export class SimulationEngine {
  readonly #network: NetworkServer;
  readonly #engine: CampaignEngine;
  readonly #jobs = new MemoryJobStore();
  readonly #images = new MemoryImageStore();
  readonly #clock: Clock;
  readonly #calendar: Calendar;

  constructor(parts: {
    readonly network: NetworkServer;
    readonly store: NetworkStore;
    readonly provisioning: MemoryProvisioning;
    readonly profiles: ProfileRegistry;
    readonly clock: Clock;
    readonly calendar: Calendar;
    readonly deviceTime: DeviceTime;
    readonly entropy: Entropy;
    readonly log: CampaignLog;
  }) {
    const { network, store, profiles, provisioning, ...ports } = parts;
    this.#network = network;
    this.#clock = ports.clock;
    this.#calendar = ports.calendar;
    this.#engine = new CampaignEngine({
      ...ports,
      link: new NetworkLink(network, store),
      jobs: this.#jobs,
      images: this.#images,
      directory: new StoredDirectory(store, provisioning, profiles, null),
      provisioning,
    });
  }

  start(): Promise<void> {
    return this.#engine.start();
  }

  stop(): Promise<void> {
    return this.#engine.stop();
  }

  idle(): Promise<void> {
    return this.#engine.idle();
  }

  /** Orders the one job. */
  async order({
    devEuis,
    image,
    radio,
    uplinkIntervalS,
    parityFragments,
    sleepMs,
    paritySleepMs,
  }: SimulationOrder): Promise<void> {
    const now = this.#clock.now();
    const plan = planJob(
      {
        kind: 'FOTA',
        devEuis,
        multicastGroupId: 0,
        multicastEui: '0080000000000001' as Eui64,
        scheduledAt: undefined,
        setupDelayS: 0,
        launchDelayS: undefined,
        keepLog: true,
        filename: JOB,
        scheduleSource: JOB,
        sleepMs,
        shortSleepMs: undefined,
        paritySleepMs,
        waves: undefined,
        image: { sha256: await this.#images.keep(image), sizeBytes: image.length, name: 'image' },
        descriptor: 0,
        parityFragments,
        maxPacketSize: undefined,
      },
      {
        jobId: JOB,
        now,
        today: this.#calendar.dateOf(now),
        radio,
        maxPayload: this.#network.maxPayload(radio.dataRate),
        expectedUplinkIntervalS: uplinkIntervalS,
      },
    );
    await this.#engine.accept(plan);
  }

  /** Whether the job has come to its end. */
  get ended(): boolean {
    return this.#engine.unfinished().length === 0;
  }

  async verdicts(): Promise<readonly DeviceVerdict[]> {
    const record = this.#engine.unfinished()[0] ?? (await this.#jobs.job(JOB));
    if (record === undefined) return [];
    return reportJob(record).devices.map(({ devEui, outcome, evidence, reason }) => ({
      devEui,
      status: outcome,
      verifiedBy: evidence,
      reason: reason?.code,
    }));
  }
}
