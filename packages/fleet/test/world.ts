import { encryptMcKey, mcKEKey, mcRootKey, mcSessionKeys, ts004, ts005 } from '@airlift/applayer';
import { type Eui64, gpsFromUtc, gpsSecondsU32, toHex, type UtcMs, utcMs, VirtualClock } from '@airlift/kernel';
import { parseRegion, type RadioSetting } from '@airlift/lorawan';
import type { VirtualDevice } from '../src/device/virtual-device.ts';
import { type Fleet, type FleetOptions, startFleet } from '../src/fleet/fleet.ts';
import { blockMic } from '../src/fragments/block-mic.ts';
import { type DecoderRowRule, parityRow } from '../src/fragments/parity-row.ts';
import { memorySocketPair } from '../src/gateway/datagram-socket.ts';
import { MemoryImageSink } from '../src/storage/image-sink.ts';
import { type Answer, FakeNetwork, type SeenUplink } from './fake-network.ts';

export interface World {
  readonly clock: VirtualClock<UtcMs>;
  readonly network: FakeNetwork;
  readonly fleet: Fleet;
  readonly sink: MemoryImageSink;
  readonly first: VirtualDevice;
  readonly eui: Eui64;
}

/** A fleet in virtual time with a fake network at the other end of its gateway. */
export function world(options: Partial<FleetOptions> = {}): World {
  const clock = options.clock instanceof VirtualClock ? options.clock : new VirtualClock<UtcMs>();
  const { gatewaySide, serverSide } = memorySocketPair();
  const network = new FakeNetwork(clock, serverSide, parseRegion(options.region ?? 'US915'));
  const sink = new MemoryImageSink();
  const fleet = startFleet({
    clock,
    seed: 'test',
    deviceCount: 1,
    udp: gatewaySide,
    uplinkIntervalS: 20,
    bootSpreadS: 1,
    sink,
    ...options,
  });
  network.register(fleet.whitelist());
  const first = fleet.devices[0];
  if (first === undefined) throw new Error('a fleet without devices');
  return { clock, network, fleet, sink, first, eui: first.devEui };
}

/** Lets the clock run until something holds, at most for a while. */
export async function until(clock: VirtualClock<UtcMs>, holds: () => boolean, limitS = 3_600): Promise<void> {
  const end = clock.now() + limitS * 1000;
  while (!holds()) {
    if (clock.now() > end) throw new Error(`nothing came of it within ${limitS} s`);
    await clock.advance(500);
  }
}

export const MC_ADDR = 0xf0da492f;
export const MC_KEY = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
export const GROUP = { mcAddr: MC_ADDR, keys: mcSessionKeys(MC_KEY, MC_ADDR) };
export const SETTING: RadioSetting = { frequencyHz: 923_300_000, dataRate: 10 };

/** McGroupSetupReq for a device. */
export function groupSetup(
  device: VirtualDevice,
  changes: { readonly id?: number; readonly min?: number; readonly max?: number; readonly mcAddr?: number } = {},
): Uint8Array {
  const kek = mcKEKey(mcRootKey(device.identity.genAppKey, '1.0'));
  return ts005.encode(1, 'down', [
    {
      name: 'McGroupSetupReq',
      fields: {
        McGroupID: changes.id ?? 0,
        McAddr: changes.mcAddr ?? MC_ADDR,
        McKey_encrypted: encryptMcKey(kek, MC_KEY),
        minMcFCnt: changes.min ?? 0,
        maxMcFCnt: changes.max ?? 0xffff_ffff,
      },
    },
  ]);
}

/** McClassCSessionReq. */
export function sessionRequest(changes: {
  readonly sessionTime: number;
  readonly id?: number;
  readonly timeOut?: number;
  readonly setting?: RadioSetting;
}): Uint8Array {
  const { frequencyHz, dataRate } = changes.setting ?? SETTING;
  return ts005.encode(1, 'down', [
    {
      name: 'McClassCSessionReq',
      fields: {
        McGroupID: changes.id ?? 0,
        SessionTime: changes.sessionTime,
        TimeOut: changes.timeOut ?? 8,
        DLFreq_Hz: frequencyHz,
        DR: dataRate,
      },
    },
  ]);
}

/** FragSessionSetupReq. */
export function fragSetup(changes: {
  readonly fragments: number;
  readonly size: number;
  readonly padding?: number;
  readonly index?: number;
  readonly mask?: number;
  readonly algo?: number;
  readonly blockAckDelay?: number;
}): Uint8Array {
  return ts004.encode(1, 'down', [
    {
      name: 'FragSessionSetupReq',
      fields: {
        McGroupBitMask: changes.mask ?? 1,
        FragIndex: changes.index ?? 0,
        NbFrag: changes.fragments,
        FragSize: changes.size,
        BlockAckDelay: changes.blockAckDelay ?? 0,
        FragAlgo: changes.algo ?? 0,
        Padding: changes.padding ?? 0,
        Descriptor: new Uint8Array(4),
      },
    },
  ]);
}

/** FragSessionSetupReq of version 2, with the right MIC for this block and device. */
export function fragSetup2(
  device: VirtualDevice,
  block: Uint8Array,
  changes: {
    readonly size: number;
    readonly sessionCnt?: number;
    readonly index?: number;
    readonly mask?: number;
    readonly blockAckDelay?: number;
    readonly ackReception?: boolean;
    readonly descriptor?: Uint8Array;
  },
): Uint8Array {
  const { size, sessionCnt = 0, index = 0, descriptor = new Uint8Array(4) } = changes;
  const NbFrag = Math.ceil(block.length / size);
  const cover = { sessionCnt, fragIndex: index, descriptor };
  return ts004.encode(2, 'down', [
    {
      name: 'FragSessionSetupReq',
      fields: {
        McGroupBitMask: changes.mask ?? 1,
        FragIndex: index,
        NbFrag,
        FragSize: size,
        BlockAckDelay: changes.blockAckDelay ?? 0,
        FragAlgo: 0,
        AckReception: changes.ackReception ?? false,
        Padding: NbFrag * size - block.length,
        Descriptor: descriptor,
        SessionCnt: sessionCnt,
        MIC: blockMic(device.identity.genAppKey, cover, block),
      },
    },
  ]);
}

/** DataFragment. */
export function dataFragment(n: number, data: Uint8Array, index = 0): Uint8Array {
  return ts004.encode(1, 'down', [{ name: 'DataFragment', fields: { N: n, FragIndex: index, data } }]);
}

/** Runs until every device has joined and knows the time. */
export async function ready({ clock, fleet }: World): Promise<void> {
  await until(clock, () => fleet.snapshot().every(({ clockSynchronised }) => clockSynchronised), 900);
}

/** GPS seconds modulo 2^32 of the true time, in `inS` seconds. */
export function gpsIn({ clock }: World, inS: number): number {
  return gpsSecondsU32(gpsFromUtc(utcMs(clock.now() + inS * 1000)));
}

/**
 * Sends a downlink with the next uplink and gives the first uplink on the port after it. With `patienceS` it is sent
 * again when no answer comes in that time.
 */
export async function exchange(
  w: World,
  fPort: number,
  payload: Uint8Array,
  deveui: string = w.eui,
  patienceS = 300,
): Promise<SeenUplink> {
  const before = w.network.uplinks.length;
  const answer = (): SeenUplink | undefined =>
    w.network.uplinks.slice(before).find((uplink) => uplink.deveui === deveui && uplink.fPort === fPort);
  for (const end = w.clock.now() + 300_000; answer() === undefined && w.clock.now() < end; ) {
    w.network.queue(deveui, { fPort, payload });
    const patient = w.clock.now() + patienceS * 1000;
    while (answer() === undefined && w.clock.now() < patient) await w.clock.advance(500);
  }
  w.network.device(deveui).queue.length = 0;
  const found = answer();
  if (found === undefined) throw new Error('no answer');
  return found;
}

/** Sends a downlink with the next uplink and waits until its windows are over. */
export async function deliver(w: World, answer: Answer, deveui: string = w.eui): Promise<void> {
  w.network.queue(deveui, answer);
  await until(w.clock, () => w.network.device(deveui).queue.length === 0, 300);
  await w.clock.advance(1_800);
}

/** Sets up group and session with the first device; gives the instant of SessionTime. */
export async function openSession(
  w: World,
  options: { readonly inS?: number; readonly timeOut?: number; readonly frag?: Uint8Array } = {},
): Promise<number> {
  await ready(w);
  for (const device of w.fleet.devices) {
    if (options.frag !== undefined) await exchange(w, 201, options.frag, device.devEui, 45);
    await exchange(w, 200, groupSetup(device), device.devEui, 45);
  }
  const inS = options.inS ?? 60;
  const startMs = Math.floor(w.clock.now() / 1000) * 1000 + inS * 1000;
  const sessionTime = gpsSecondsU32(gpsFromUtc(utcMs(startMs)));
  for (const device of w.fleet.devices) {
    await exchange(w, 200, sessionRequest({ sessionTime, timeOut: options.timeOut ?? 10 }), device.devEui, 45);
  }
  return startMs;
}

/** A block, its plain fragments and as many coded ones. */
export function fragmentsOf(
  block: Uint8Array,
  size: number,
  redundancy: number,
  rule: DecoderRowRule = 'v1',
): Uint8Array[] {
  const count = Math.ceil(block.length / size);
  const plain = Array.from({ length: count }, (_, i) => {
    const fragment = new Uint8Array(size);
    fragment.set(block.subarray(i * size, (i + 1) * size));
    return fragment;
  });
  const coded = Array.from({ length: redundancy }, (_, k) => {
    const sum = new Uint8Array(size);
    for (const column of parityRow(count, k + 1, rule)) {
      plain[column]?.forEach((octet, at) => {
        sum[at] = (sum[at] ?? 0) ^ octet;
      });
    }
    return sum;
  });
  return [...plain, ...coded];
}

/** Multicasts fragments one after the other, numbered from `from`, with frame counters equal to their numbers. */
export async function broadcast(
  w: World,
  fragments: readonly Uint8Array[],
  options: {
    readonly numbers?: readonly number[];
    readonly everyMs?: number;
    /** Added to the number for the frame counter. */
    readonly fCntAbove?: number;
    readonly index?: number;
  } = {},
): Promise<void> {
  const numbers = options.numbers ?? fragments.map((_, i) => i + 1);
  for (const n of numbers) {
    const fragment = fragments[n - 1];
    if (fragment === undefined) throw new Error(`no fragment ${n}`);
    w.network.multicast(GROUP, SETTING, {
      fCnt: n + (options.fCntAbove ?? 0),
      fPort: 201,
      payload: dataFragment(n, fragment, options.index),
    });
    await w.clock.advance(options.everyMs ?? 1_000);
  }
}

/** FragSessionStatusReq over the multicast address; the first answer, or undefined when none came in 20 s. */
export async function statusOf(
  w: World,
  fCnt: number,
  options: { readonly participants?: boolean; readonly index?: number } = {},
): Promise<string | undefined> {
  const before = w.network.on(w.eui, 201).length;
  const octet = (options.participants === false ? 0 : 1) | ((options.index ?? 0) << 1);
  w.network.multicast(GROUP, SETTING, { fCnt, fPort: 201, payload: Uint8Array.of(0x01, octet) });
  await w.clock.advance(20_000);
  const answer = w.network.on(w.eui, 201)[before];
  return answer === undefined ? undefined : toHex(answer.payload);
}
