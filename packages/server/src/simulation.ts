import { createHash } from 'node:crypto';
import { minimumFrames, ProfileRegistry } from '@airlift/applayer';
import { MemoryProvisioning } from '@airlift/campaign/memory';
import {
  BEHAVIOURS,
  type BehaviourName,
  behaviour,
  type DeviceBehaviour,
  type DeviceEvent,
  mixedBehaviours,
  type Population,
  PROFILE_OF_BEHAVIOUR,
  startPopulation,
} from '@airlift/fleet';
import {
  CallerError,
  type Eui64,
  formatEui64,
  HeldDeviceTime,
  later,
  OffsetCalendar,
  parseEui64,
  Rng,
  type SteadyMs,
  steadyMs,
  utcClock,
} from '@airlift/kernel';
import { multicastProblem, parseRegion, type Region } from '@airlift/lorawan';
import { DEFAULT_NETWORK_CONFIG, NetworkServer } from '@airlift/network';
import { AirGatewayLink } from './simulation/air-gateway-link.ts';
import { attachGateway } from './simulation/attach-gateway.ts';
import { type DrawnDevice, drawFleet, gatewayEuis } from './simulation/fleet-draw.ts';
import { FrameTally, WatchedNetworkStore } from './simulation/frame-tally.ts';
import { JoinedFleet } from './simulation/joined-fleet.ts';
import { SimulatedTime } from './simulation/simulated-time.ts';
import type { SimulatedDevice, SimulationReport } from './simulation/simulation-report.ts';
import { type SimulationSettings, usualUplinkIntervalS } from './simulation/simulation-settings.ts';
import { SimulationEngine } from './simulation-engine.ts';

/** Where a simulation stands, for whoever shows it. */
export interface SimulationWatcher {
  step(text: string): void;
  /** Something on the server's side that should not be. */
  failed(message: string, cause: unknown): void;
}

/** Every simulation begins at this date, so that equal seeds give equal results. */
const START = steadyMs(Date.UTC(2026, 0, 1));
/** As `airlift serve` has it: SF9 in RX2, where the region's own rate is slow. */
const EU868_RX2_DATA_RATE = 3;
/** Fixed plans: the eight channels that gateways hear and devices begin on. */
const SUB_BAND = 2;
/** How often it is looked whether there is an end, simulated time. */
const LOOK_EVERY_MS = 60_000;
const JOB_LIMIT_MS = 30 * 86_400_000;
/** Devices whose check value was confirmed last still have to hear of it. */
const AFTERWARDS_MS = 120_000;
/** A session begins about so many uplinks after the order. */
const UPLINKS_BEFORE_LAUNCH = 2.5;
/** Devices that are late are switched on within the time that the plain fragments take, which is about so much for each. */
const FRAME_SPACING_MS = 1_500;
/** CID and Index&N of a DataFragment, and the largest FragSize. */
const FRAGMENT_HEAD_OCTETS = 3;
const LARGEST_FRAGMENT = 255;

/**
 * Runs one job on a simulated fleet: network server and campaign engine as they are, on stores in memory, with gateways in
 * the same process, in virtual time as fast as the machine can. The devices learn everything from frames.
 * @throws CallerError `option-invalid` when the region does not allow the data rate, `region-unknown`
 */
export async function simulate(settings: SimulationSettings, watcher: SimulationWatcher): Promise<SimulationReport> {
  const world = new World(settings, watcher);
  try {
    await world.begin();
    await world.run();
    return await world.report();
  } finally {
    await world.stop();
  }
}

class World {
  readonly #settings: SimulationSettings;
  readonly #uplinkIntervalS: number;
  readonly #watcher: SimulationWatcher;
  readonly #time = new SimulatedTime(START);
  readonly #store = new WatchedNetworkStore();
  readonly #provisioning = new MemoryProvisioning();
  readonly #network: NetworkServer;
  readonly #engine: SimulationEngine;
  readonly #tally: FrameTally;
  readonly #radio: { readonly frequencyHz: number; readonly dataRate: number };
  readonly #drawn: readonly DrawnDevice[];
  readonly #population: Population;
  readonly #joined: JoinedFleet;
  /** When a device had all it needed, the last time. */
  readonly #wholeAt = new Map<Eui64, number>();
  #orderedAt: SteadyMs = START;

  constructor(settings: SimulationSettings, watcher: SimulationWatcher) {
    this.#settings = settings;
    this.#watcher = watcher;
    this.#uplinkIntervalS = settings.uplinkIntervalS ?? usualUplinkIntervalS(settings);
    const region = parseRegion(settings.region);
    this.#radio = multicastRadio(settings, region);
    const rng = new Rng(settings.seed);
    const clock = this.#time.serverClock;
    const calendar = new OffsetCalendar();
    const log = (entry: { readonly level: string; readonly message: string; readonly cause?: unknown }): void => {
      if (entry.level === 'error') watcher.failed(entry.message, entry.cause);
    };
    const link = new AirGatewayLink(clock);
    this.#tally = new FrameTally(this.#store, () => clock.now());
    link.watch((request) => this.#tally.note(request));
    const parts = { clock, deviceTime: new HeldDeviceTime(calendar), entropy: rng.fork('server'), log };
    const config = {
      ...DEFAULT_NETWORK_CONFIG,
      region,
      subBand: region.channels.kind === 'fixed' ? SUB_BAND : undefined,
      rx2DataRate: region.name === 'EU868' ? EU868_RX2_DATA_RATE : undefined,
    };
    this.#network = new NetworkServer({ ...parts, store: this.#store, link, config });
    this.#joined = new JoinedFleet(config, rng.fork('joined'));
    this.#engine = new SimulationEngine({
      ...parts,
      network: this.#network,
      store: this.#store,
      provisioning: this.#provisioning,
      profiles: new ProfileRegistry(),
      calendar,
    });
    const gateways = gatewayEuis(settings.gateways);
    this.#drawn = drawFleet(settings, gateways);
    this.#population = this.#populate();
    for (const eui of gateways) {
      const own = { eui, clock: utcClock(this.#time.clock), rng: rng.fork(`gateway/${eui}`) };
      attachGateway(link, this.#population, own, () => this.#time.stir());
    }
    this.#time.waitFor(this.#network);
    this.#time.waitFor(this.#engine);
  }

  /** Provisions the devices, and stores the sessions of those that have joined. */
  async begin(): Promise<void> {
    const { devices, gateways, region } = this.#settings;
    this.#watcher.step(`${devices} devices, ${gateways} ${gateways === 1 ? 'gateway' : 'gateways'}, ${region}`);
    await this.#provision();
    await this.#network.start();
    await this.#engine.start();
  }

  /** Orders the job and lets it come to its end. */
  async run(): Promise<void> {
    const { image } = this.#settings;
    this.#watcher.step('The job begins');
    this.#orderedAt = this.#time.clock.now();
    await this.#engine.order({
      devEuis: this.#population.devices.map(({ devEui }) => devEui),
      image,
      radio: this.#radio,
      uplinkIntervalS: this.#uplinkIntervalS,
      parityFragments: this.#settings.parityFragments,
      sleepMs: this.#settings.sleepMs,
      paritySleepMs: this.#settings.paritySleepMs,
    });
    const launchMs = UPLINKS_BEFORE_LAUNCH * this.#uplinkIntervalS * 1000;
    const spanMs = this.#fragments * FRAME_SPACING_MS;
    this.#population.devices.forEach((device, index) => {
      const lateAt = this.#drawn[index]?.lateAt;
      if (lateAt !== undefined) device.start(launchMs + lateAt * spanMs);
    });
    await this.#until(() => this.#engine.ended, JOB_LIMIT_MS);
    this.#watcher.step(this.#engine.ended ? 'The job is over' : 'The job has not ended within 30 days');
    await this.#until(() => false, AFTERWARDS_MS);
  }

  async report(): Promise<SimulationReport> {
    const { image, loss, devices } = this.#settings;
    const sha256 = createHash('sha256').update(image).digest('hex');
    const verdicts = new Map((await this.#engine.verdicts()).map((verdict) => [verdict.devEui, verdict]));
    await this.#tally.counted();
    const perDevice = this.#population.devices.map((device): SimulatedDevice => {
      const verdict = verdicts.get(device.devEui);
      const identical = device.held()?.sha256 === sha256;
      const wholeAt = this.#wholeAt.get(device.devEui);
      const { heard, parityUsed } = device.snapshot();
      return {
        deveui: formatEui64(device.devEui),
        behaviour: device.behaviour.name,
        status: verdict?.status ?? 'pending',
        verifiedBy: verdict?.verifiedBy ?? null,
        reason: verdict?.reason ?? null,
        identical,
        seconds: identical && wholeAt !== undefined ? seconds(wholeAt - this.#orderedAt) : null,
        fragmentsHeard: heard,
        parityUsed,
      };
    });
    const { counts, nbFrag, sessions, firstAt = this.#orderedAt, lastAt = firstAt, airtimeMs } = this.#tally;
    const { plain, parity, status, other, setup } = counts;
    const fragments = nbFrag === 0 ? this.#fragments : nbFrag;
    return {
      devices,
      completed: perDevice.filter((device) => device.identical).length,
      falseSuccess: perDevice.filter((device) => device.status === 'success' && !device.identical).length,
      falseFailure: perDevice.filter((device) => device.status === 'failed' && device.identical).length,
      frames: { plain, parity, status, setup, total: plain + parity + status + other },
      sessions,
      airtimeMs: Math.round(airtimeMs),
      sessionSeconds: seconds(lastAt - firstAt),
      setupSeconds: seconds(firstAt - this.#orderedAt),
      minimumFrames: Math.round(10 * minimumFrames({ fragments, loss, devices })) / 10,
      perDevice,
    };
  }

  async stop(): Promise<void> {
    await this.#engine.stop();
    await this.#network.stop();
    this.#population.stop();
  }

  /** NbFrag when the largest payload of the data rate is filled. */
  get #fragments(): number {
    const fragSize = Math.min(this.#network.maxPayload(this.#radio.dataRate) - FRAGMENT_HEAD_OCTETS, LARGEST_FRAGMENT);
    return Math.ceil(this.#settings.image.length / fragSize);
  }

  #until(isOver: () => boolean, limitMs: number): Promise<void> {
    const limitAt = later(this.#time.clock.now(), limitMs);
    return this.#time.run(() => isOver() || this.#time.clock.now() >= limitAt, LOOK_EVERY_MS);
  }

  #populate(): Population {
    const { devices, seed, region, loss, lossUp = loss, burstFrames, gateways } = this.#settings;
    const reach = new Map<Eui64, ReadonlySet<Eui64>>();
    const population = startPopulation({
      clock: utcClock(this.#time.clock),
      seed,
      deviceCount: devices,
      region,
      subBand: SUB_BAND,
      loss,
      radio: {
        lossUp,
        burstFrames,
        ...(gateways === 1 ? {} : { inRange: (device, gateway) => reach.get(device)?.has(gateway) === true }),
      },
      uplinkIntervalS: this.#uplinkIntervalS,
      behaviour: behavioursOf(this.#settings),
      bootSpreadS: 0,
      joinedBefore: (index) => (this.#drawn[index]?.lateAt === undefined ? this.#joined.device(index) : undefined),
      staysOff: (index) => this.#drawn[index]?.lateAt !== undefined,
      sink: { image: () => undefined, message: () => undefined },
      onEvent: (event) => this.#hear(event),
    });
    population.devices.forEach(({ devEui }, index) => {
      reach.set(devEui, this.#drawn[index]?.gateways ?? new Set());
    });
    return population;
  }

  #hear({ type, device, at }: DeviceEvent): void {
    if (type === 'block-complete') this.#wholeAt.set(device, at);
  }

  async #provision(): Promise<void> {
    const profileOf = profilesOf(this.#settings);
    const rng = new Rng(this.#settings.seed).fork('heard');
    for (const [index, entry] of this.#population.whitelist().entries()) {
      await this.#store.addDevice({
        devEui: parseEui64(entry.deveui),
        name: entry.name,
        joinEui: parseEui64(entry.appeui),
        appKey: entry.appkey,
        deviceClass: entry.class,
        deviceProfileId: undefined,
        networkProfileId: undefined,
        createdAt: START,
      });
      await this.#provisioning.put({
        devEui: parseEui64(entry.deveui),
        genAppKey: entry.genappkey,
        fuotaProfile: profileOf(index),
      });
      const { gateways, lateAt } = this.#drawn[index] ?? {};
      const [gatewayEui] = gateways ?? [];
      const identity = this.#population.devices[index]?.identity;
      if (lateAt !== undefined || gatewayEui === undefined || identity === undefined) continue;
      const heardAt = steadyMs(START - rng.unit() * this.#uplinkIntervalS * 1000);
      await this.#store.saveJoin(this.#joined.session(index, identity, heardAt));
      await this.#store.saveUplink(...this.#joined.uplink(index, identity, gatewayEui, heardAt));
    }
  }
}

function behavioursOf({ mix, driftPpm, faults }: SimulationSettings): (index: number) => DeviceBehaviour {
  const nameOf = mixedBehaviours(mix);
  const known = new Map<BehaviourName, DeviceBehaviour>();
  return (index) => {
    const name = nameOf(index);
    const { clock } = BEHAVIOURS[name];
    const chosen = known.get(name) ?? behaviour(name, driftPpm === undefined ? {} : { clock: { ...clock, driftPpm } });
    known.set(name, chosen);
    return faults === undefined ? chosen : { ...chosen, faults: { ...chosen.faults, ...faults(index) } };
  };
}

/** The profile that an operator would choose for each device. */
function profilesOf({ mix, hidesProfiles = false }: SimulationSettings): (index: number) => string | undefined {
  const nameOf = mixedBehaviours(mix);
  return (index) => (hidesProfiles ? undefined : PROFILE_OF_BEHAVIOUR[nameOf(index)]);
}

function multicastRadio(
  { dataRate }: SimulationSettings,
  region: Region,
): { readonly frequencyHz: number; readonly dataRate: number } {
  const radio = { frequencyHz: region.multicast.frequencyHz, dataRate: dataRate ?? region.multicast.dataRate };
  if (multicastProblem(region, radio) !== undefined) {
    throw new CallerError('option-invalid', `No multicast at data rate ${radio.dataRate} in ${region.name}`);
  }
  return radio;
}

function seconds(spanMs: number): number {
  return Math.round(spanMs / 100) / 10;
}
