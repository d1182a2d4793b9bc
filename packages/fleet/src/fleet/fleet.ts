import { CallerError, type Clock, type Eui64, parseEui64, Rng, type UtcMs } from '@airlift/kernel';
import { adrDataRates, type JoinAccept, parseRegion, type Region } from '@airlift/lorawan';
import type { DeviceBehaviour } from '../behaviour/device-behaviour.ts';
import { type BehaviourName, behaviour as namedBehaviour } from '../behaviour/presets.ts';
import type { DeviceEvent, DeviceSnapshot } from '../device/device-events.ts';
import { joinedBefore } from '../device/joined-before.ts';
import { VirtualDevice } from '../device/virtual-device.ts';
import { WordsCache } from '../fragments/words-cache.ts';
import type { DatagramSocket } from '../gateway/datagram-socket.ts';
import { UdpSocket } from '../gateway/udp-socket.ts';
import { VirtualGateway, type VirtualGatewayOptions } from '../gateway/virtual-gateway.ts';
import { FrameCache } from '../mac/frame-cache.ts';
import type { DeviceIdentity } from '../mac/mac-parts.ts';
import { Radio, type RadioOptions } from '../radio/radio.ts';
import { VolatileMemory } from '../storage/device-memory.ts';
import { FileImageSink } from '../storage/file-image-sink.ts';
import { FileMemory } from '../storage/file-memory.ts';
import { type ImageSink, MemoryImageSink } from '../storage/image-sink.ts';
import { FIRST_DEV_EUIS, fleetIdentities } from './identities.ts';
import { type WhitelistEntry, whitelistEntry } from './whitelist.ts';

/** What devices and the air between them are made of. Everything random in it follows from the seed. */
export interface PopulationOptions {
  readonly clock: Clock<UtcMs>;
  readonly seed: string | number;
  readonly deviceCount: number;
  /** Name of a region as the regional parameters spell it; default US915. */
  readonly region?: string;
  /** Fixed plans: the sub-band of the gateway, 1..8; default 2. */
  readonly subBand?: number;
  /** Fixed plans: devices start on the gateway's channels and need not search for them; default true. */
  readonly devicesKnowSubBand?: boolean;
  /** Probability (0..1) with which a frame does not arrive; default 0. */
  readonly loss?: number;
  readonly radio?: Pick<
    RadioOptions,
    'lossOf' | 'lossUp' | 'lossDown' | 'burstFrames' | 'inRange' | 'collisions' | 'gatewaysHalfDuplex'
  >;
  /** Seconds between a device's application uplinks; 0 for none; default 60. */
  readonly uplinkIntervalS?: number;
  /** Name of a behaviour, a behaviour, or one for each device; default `multitech-dot`. */
  readonly behaviour?:
    | BehaviourName
    | DeviceBehaviour
    | ((index: number, devEui: Eui64) => BehaviourName | DeviceBehaviour);
  /** EUIs of the first devices. */
  readonly firstDevEuis?: readonly Eui64[];
  /** Devices are switched on within this many seconds; default half a second for each. */
  readonly bootSpreadS?: number;
  /** Where received images and messages are written: `<outDir>/<DevEUI>/image.bin` and others. */
  readonly outDir?: string;
  /** Where they go instead of a folder. Without both they stay in memory. */
  readonly sink?: ImageSink;
  /** Where devices keep what lets them go on after the program was restarted: `<memoryDir>/<DevEUI>/nvm/`. */
  readonly memoryDir?: string;
  /** For devices that joined before the world began; undefined for one that is yet to join. None did unless given. */
  readonly joinedBefore?: (index: number, identity: DeviceIdentity) => JoinedBefore | undefined;
  /** Devices that are not switched on with the others; whoever starts them chooses when. None unless given. */
  readonly staysOff?: (index: number) => boolean;
  readonly onEvent?: (event: DeviceEvent) => void;
}

/** What the network answered to the join of a device, and how it stands since. */
export interface JoinedBefore {
  readonly accept: JoinAccept;
  readonly devNonce: number;
  readonly clockAheadMs: number;
}

/** What a fleet is made of. */
export interface FleetOptions extends PopulationOptions {
  /** The network server: where its Semtech UDP port is, or a socket that leads there. */
  readonly udp: { readonly host: string; readonly port: number } | DatagramSocket;
  readonly gatewayEui?: Eui64;
  readonly gateway?: Pick<
    VirtualGatewayOptions,
    'gps' | 'forwarder' | 'position' | 'pullIntervalMs' | 'statIntervalMs'
  >;
}

/** Devices and the air around them, without a gateway. */
export interface Population {
  readonly devices: readonly VirtualDevice[];
  readonly radio: Radio;
  readonly region: Region;
  /** Fixed plans: the eight channels that its gateways should hear. */
  readonly subBand: number;
  /** Where images and messages go. */
  readonly sink: ImageSink;
  /** Body of `POST /api/loraNetwork/whitelist/devices` for every device. */
  whitelist(): WhitelistEntry[];
  /** The latest events, oldest first; at most 10,000 are kept. */
  readonly events: readonly DeviceEvent[];
  snapshot(): DeviceSnapshot[];
  /** Switches everything off and cancels every timer. */
  stop(): void;
}

/** A running fleet with its gateway. */
export interface Fleet extends Omit<Population, 'region' | 'subBand'> {
  readonly gateway: VirtualGateway;
}

const DEFAULT_GATEWAY = parseEui64('00-80-00-00-a0-00-0e-57');
const EVENTS_KEPT = 10_000;
const MAX_DEVICES = 100_000;

/**
 * Starts a gateway and its devices. With a `VirtualClock` nothing happens until the clock is moved; with a `SystemClock`
 * they live on their own until `stop`.
 * @throws CallerError `device-count`, `region-unknown`, `sub-band`
 */
export function startFleet(options: FleetOptions): Fleet {
  const { region, subBand, ...population } = startPopulation(options);
  const gateway = new VirtualGateway({
    clock: options.clock,
    rng: new Rng(options.seed).fork('gateway'),
    radio: population.radio,
    socket: 'send' in options.udp ? options.udp : new UdpSocket(options.udp),
    eui: options.gatewayEui ?? DEFAULT_GATEWAY,
    region,
    subBand,
    ...options.gateway,
  });
  return {
    ...population,
    gateway,
    stop: () => {
      gateway.stop();
      population.stop();
    },
  };
}

/**
 * Starts devices without a gateway: whoever has gateways attaches them to the radio.
 * @throws CallerError `device-count`, `region-unknown`
 */
export function startPopulation(options: PopulationOptions): Population {
  const { clock, deviceCount } = options;
  if (!Number.isInteger(deviceCount) || deviceCount < 0 || deviceCount > MAX_DEVICES) {
    throw new CallerError('device-count', `a fleet has 0 to ${MAX_DEVICES} devices`);
  }
  const rng = new Rng(options.seed);
  const region = parseRegion(options.region ?? 'US915');
  const subBand = options.subBand ?? 2;
  const sink =
    options.sink ?? (options.outDir === undefined ? new MemoryImageSink() : new FileImageSink(options.outDir));
  const radio = new Radio({
    clock,
    rng: rng.fork('radio'),
    ...(options.loss === undefined ? {} : { loss: options.loss }),
    ...options.radio,
  });
  const events: DeviceEvent[] = [];
  const knownSubBand = region.channels.kind === 'fixed' && options.devicesKnowSubBand !== false ? { subBand } : {};
  const shared = {
    clock,
    radio,
    region,
    sink,
    uplinkIntervalS: options.uplinkIntervalS ?? 60,
    cache: new FrameCache(),
    words: new WordsCache(),
    ...knownSubBand,
    onEvent: (event: DeviceEvent): void => {
      events.push(event);
      if (events.length > EVENTS_KEPT) events.splice(0, EVENTS_KEPT / 10);
      options.onEvent?.(event);
    },
  };
  const identities = fleetIdentities(rng, deviceCount, options.firstDevEuis ?? FIRST_DEV_EUIS);
  const devices = identities.map((identity, index) => {
    const { memoryDir } = options;
    const chosen = behaviourOf(options.behaviour, index, identity.devEui);
    const joined = options.joinedBefore?.(index, identity);
    return new VirtualDevice({
      ...shared,
      name: `virtual-${String(index + 1).padStart(3, '0')}`,
      identity,
      rng: rng.fork(`device/${index}`),
      behaviour: chosen,
      ...(joined === undefined
        ? {}
        : {
            beginsWith: joinedBefore(joined.accept, {
              ...joined,
              ...identity,
              region,
              dataRate: dataRateOf(chosen, region),
              subBand: knownSubBand.subBand,
            }),
          }),
      memory: memoryDir === undefined ? new VolatileMemory() : new FileMemory(memoryDir, identity.devEui),
      resumes: memoryDir !== undefined,
    });
  });
  const spreadMs = (options.bootSpreadS ?? deviceCount / 2) * 1000;
  devices.forEach((device, index) => {
    if (options.staysOff?.(index) === true) return;
    device.start(rng.fork(`boot/${index}`).unit() * spreadMs);
  });
  return {
    devices,
    radio,
    region,
    subBand,
    sink,
    events,
    whitelist: () => devices.map(whitelistEntry),
    snapshot: () => devices.map((device) => device.snapshot()),
    stop: () => {
      for (const device of devices) device.stop();
      radio.stop();
    },
  };
}

function dataRateOf({ mac }: DeviceBehaviour, region: Region): number {
  return mac.dataRate === 'fastest' ? adrDataRates(region).max : mac.dataRate;
}

function behaviourOf(chosen: FleetOptions['behaviour'], index: number, devEui: Eui64): DeviceBehaviour {
  const one = typeof chosen === 'function' ? chosen(index, devEui) : (chosen ?? 'multitech-dot');
  return typeof one === 'string' ? namedBehaviour(one) : one;
}
