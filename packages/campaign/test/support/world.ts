import { byTheBookV1, byTheBookV2, loramacNode, multitechDot4, type RowRule } from '@airlift/applayer';
import {
  type Eui64,
  HeldDeviceTime,
  OffsetCalendar,
  Rng,
  type SteadyMs,
  steadyMs,
  VirtualClock,
} from '@airlift/kernel';
import {
  CampaignEngine,
  type CampaignLogEntry,
  type DeviceTraits,
  type JobPlan,
  type JobRecord,
  type JobReport,
  type JobStore,
  type JobWish,
  planJob,
  reportJob,
} from '../../src/index.ts';
import {
  MemoryImageStore,
  MemoryJobStore,
  MemoryLink,
  MemoryProvisioning,
  sampleEui,
} from '../../src/testing/index.ts';
import { FakeDevice, type Habits, ZERO_KEY } from './fake-device.ts';

export const START = steadyMs(Date.UTC(2026, 0, 1));

/** Traits of a device whose profile nobody chose. */
export const COMMON_TRAITS: DeviceTraits = { profile: multitechDot4, isAssigned: false };
/** Traits of one that an operator said to be a MultiTech Dot. */
export const DOT_TRAITS: DeviceTraits = { profile: multitechDot4, isAssigned: true };

/** Traits of one that counts as the specification says, and of one like LoRaMac-node. */
export const BOOK_TRAITS: DeviceTraits = { profile: byTheBookV1, isAssigned: true };
export const NODE_TRAITS: DeviceTraits = { profile: loramacNode, isAssigned: true };
/** Traits of one that does what version 2 of the packages says. */
export const SECOND_TRAITS: DeviceTraits = { profile: byTheBookV2, isAssigned: true };

/** Traits of a Dot whose erasure code has other rows, so that it needs frames of its own. */
export function withRule(rowRule: RowRule): DeviceTraits {
  const { profile } = DOT_TRAITS;
  return { profile: { ...profile, fragmentation: { ...profile.fragmentation, rowRule } }, isAssigned: true };
}

export interface WorldOptions {
  readonly seed?: string;
  readonly jobs?: JobStore;
}

/** A server's campaigns with fake devices around them, all on one virtual clock. */
export class World {
  readonly clock = new VirtualClock(START);
  readonly calendar = new OffsetCalendar();
  readonly deviceTime = new HeldDeviceTime(this.calendar);
  readonly link = new MemoryLink(this.clock);
  readonly provisioning = new MemoryProvisioning();
  readonly images = new MemoryImageStore();
  readonly jobs: JobStore;
  readonly traits = new Map<Eui64, DeviceTraits>();
  readonly devices: FakeDevice[] = [];
  readonly log: CampaignLogEntry[] = [];
  /** Every progress that a client could have seen, by job. */
  readonly progress = new Map<string, number[]>();
  engine: CampaignEngine;
  readonly #rng: Rng;
  #jobNumber = 0;
  #processes = 0;

  constructor(options: WorldOptions = {}) {
    this.#rng = new Rng(options.seed ?? 'campaign');
    this.jobs = options.jobs ?? new MemoryJobStore();
    this.engine = this.#newEngine(this.jobs);
  }

  /** A provisioned device, number 1 and up. */
  device(habits: Partial<Habits> = {}, traits: DeviceTraits = DOT_TRAITS): FakeDevice {
    const devEui = sampleEui(this.devices.length + 1);
    const { clock, link } = this;
    const device = new FakeDevice({ devEui, clock, link, rng: this.#rng.fork(devEui), habits });
    this.devices.push(device);
    this.traits.set(devEui, traits);
    return device;
  }

  /** Another server process on the same network, with this store if given. */
  async restart(jobs: JobStore = this.jobs): Promise<void> {
    this.engine = this.#newEngine(jobs);
    await this.engine.start();
  }

  imageOf(octetCount: number): Uint8Array {
    return this.#rng.fork(`image ${octetCount}`).octets(octetCount);
  }

  /** Plans an image job for all devices, 100 octets a packet. */
  async fotaPlan(more: Partial<Extract<JobWish, { kind: 'FOTA' }>> = {}, image = this.imageOf(960)): Promise<JobPlan> {
    const sha256 = await this.images.keep(image);
    return this.#plan({
      ...this.#wish(),
      kind: 'FOTA',
      descriptor: 0,
      parityFragments: undefined,
      maxPacketSize: 99,
      image: { sha256, sizeBytes: image.length, name: 'firmware.bin' },
      ...more,
    });
  }

  async messagePlan(more: Partial<Extract<JobWish, { kind: 'Message' }>> = {}): Promise<JobPlan> {
    const octets = Uint8Array.of(1, 2, 3);
    const sha256 = await this.images.keep(octets);
    return this.#plan({
      ...this.#wish(),
      kind: 'Message',
      messagePort: 10,
      sessionTimeoutExponent: 5,
      transmissions: 1,
      confirmPort: undefined,
      image: { sha256, sizeBytes: octets.length, name: 'N/A' },
      ...more,
    });
  }

  async record(plan: JobPlan): Promise<JobRecord> {
    const live = this.engine.unfinished().find((record) => record.plan.jobId === plan.jobId);
    const record = live ?? (await this.jobs.job(plan.filename));
    if (record === undefined) throw new Error(`no job ${plan.filename}`);
    return record;
  }

  async report(plan: JobPlan): Promise<JobReport> {
    return reportJob(await this.record(plan));
  }

  /** Outcomes of the devices, in the order of the plan, failures with their reason. */
  async outcomes(plan: JobPlan): Promise<readonly string[]> {
    return (await this.report(plan)).devices.map(({ outcome, reason, evidence }) =>
      [outcome, reason?.code ?? evidence].filter((word) => word !== undefined).join(' '),
    );
  }

  /** Lets time pass until the job is complete, looking at its progress all the time. */
  async untilComplete(plan: JobPlan, limitS = 40_000): Promise<void> {
    const limit = this.clock.now() + limitS * 1000;
    while ((await this.record(plan)).state.kind !== 'complete') {
      if (this.clock.now() > limit)
        throw new Error(`not complete after ${limitS} s: ${JSON.stringify(await this.record(plan))}`);
      await this.pass(1_000);
      await this.look(plan);
    }
  }

  async look(plan: JobPlan): Promise<void> {
    const seen = this.progress.get(plan.jobId) ?? [];
    seen.push((await this.report(plan)).percentComplete);
    this.progress.set(plan.jobId, seen);
  }

  pass(spanMs: number): Promise<void> {
    return this.clock.advance(spanMs);
  }

  until(instant: SteadyMs): Promise<void> {
    return this.clock.runUntil(instant);
  }

  errors(): readonly string[] {
    return this.log
      .filter((entry) => entry.level === 'error')
      .map((entry) => `${entry.message}: ${String(entry.cause)}`);
  }

  #newEngine(jobs: JobStore): CampaignEngine {
    this.#processes += 1;
    return new CampaignEngine({
      link: this.link,
      jobs,
      images: this.images,
      directory: {
        find: async (devEui) => {
          const traits = this.traits.get(devEui);
          const genAppKey = this.devices.find((device) => device.devEui === devEui)?.habits.genAppKey ?? ZERO_KEY;
          return traits === undefined ? undefined : { devEui, traits, genAppKey };
        },
      },
      provisioning: this.provisioning,
      clock: this.clock,
      calendar: this.calendar,
      deviceTime: this.deviceTime,
      // No process draws what another one drew.
      entropy: this.#rng.fork(`keys ${this.#processes}`),
      log: (entry) => this.log.push(entry),
    });
  }

  #wish() {
    return {
      devEuis: this.devices.map((device) => device.devEui),
      multicastGroupId: 0,
      multicastEui: sampleEui(0xff00),
      scheduledAt: undefined,
      setupDelayS: 0,
      launchDelayS: 120,
      keepLog: true,
      filename: `job_${this.#jobNumber + 1}`,
      scheduleSource: 'test',
      sleepMs: undefined,
      shortSleepMs: undefined,
      paritySleepMs: undefined,
      waves: undefined,
    };
  }

  #plan(wish: JobWish): JobPlan {
    this.#jobNumber += 1;
    return planJob(wish, {
      jobId: `id-${this.#jobNumber}`,
      now: this.clock.now(),
      today: this.calendar.dateOf(this.clock.now()),
      radio: { frequencyHz: 923_300_000, dataRate: 10 },
      maxPayload: 242,
      expectedUplinkIntervalS: 20,
    });
  }
}
