import type { AirFrame, Link, VirtualDevice } from '@airlift/fleet';
import type { Eui64 } from '@airlift/kernel';
import { groupKeysOf } from './group-keys.ts';
import { loraOracle } from './lora-oracle.ts';

/** A data frame that was on the air, opened. */
export interface SeenFrame {
  readonly direction: 'up' | 'down';
  readonly to: 'device' | 'group';
  /** The device that sent it or that it is for; undefined for frames to a group. */
  readonly device: Eui64 | undefined;
  readonly devAddr: number;
  readonly fCnt: number;
  /** Null for frames without one. */
  readonly fPort: number | null;
  readonly payload: Buffer;
  /** `payload` in hexadecimal. */
  readonly hex: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly frequencyHz: number;
  readonly dataRate: string;
}

interface Session {
  readonly to: 'device' | 'group';
  readonly device: Eui64 | undefined;
  readonly appSKey: Buffer;
  readonly nwkSKey: Buffer;
}

/** A group as the devices were told of it. */
export interface SeenGroup {
  readonly mcAddr: number;
  readonly mcKey: string;
  readonly groupId: number;
}

/** Changes the fate of a frame on one link; undefined leaves it to the dice. */
export type LossRule = (link: Link, frame: SeenFrame | undefined) => number | undefined;

/** EUI of the receiver that hears the multicast channel even when no device does. */
const LISTENER = 'ffffffffffffff01' as Eui64;
const NOTHING = Buffer.alloc(0);

/**
 * Listens on the air between devices and gateways and opens what it hears: it knows the root keys of the devices, and
 * learns session and group keys from the frames as they pass. MICs are checked by `lora-packet`.
 */
export class AirMonitor {
  readonly frames: SeenFrame[] = [];
  /** Groups in the order of their first announcement. */
  readonly groups: SeenGroup[] = [];
  /** Frames whose address or MIC fitted no session. */
  readonly unreadable: AirFrame[] = [];
  readonly #devices = new Map<Eui64, VirtualDevice>();
  readonly #devNonces: Map<Eui64, Buffer> = new Map();
  readonly #sessions: Map<number, Session[]> = new Map();
  readonly #opened = new Map<AirFrame, SeenFrame | undefined>();
  readonly #rule: LossRule | undefined;

  /** @param earlier the monitor of an instance that this one continues: keys learned then are still in use */
  constructor(rule?: LossRule, earlier?: AirMonitor) {
    this.#rule = rule;
    if (earlier === undefined) return;
    this.#devNonces = new Map(earlier.#devNonces);
    this.#sessions = new Map(earlier.#sessions);
  }

  /** For `radio.lossOf` of the fleet: sees every link of every frame. */
  readonly lossOf = (link: Link): number | undefined => {
    if (!this.#opened.has(link.frame)) {
      const seen = this.#open(link);
      this.#opened.set(link.frame, seen);
      if (seen !== undefined) this.frames.push(seen);
    }
    if (link.device === LISTENER) return 0;
    return this.#rule?.(link, this.#opened.get(link.frame));
  };

  /** Makes the devices of a fleet known, and listens on the multicast channel. */
  watch(
    fleet: {
      readonly devices: readonly VirtualDevice[];
      readonly radio: { attachDevice(receiver: object): unknown };
    },
    tuning: { readonly frequencyHz: number; readonly dataRate: string },
  ): void {
    for (const device of fleet.devices) this.#devices.set(device.devEui, device);
    fleet.radio.attachDevice({ eui: LISTENER, tunedDuring: () => tuning, hear: () => undefined });
  }

  /** Frames to groups, oldest first. */
  toGroups(fPort?: number): readonly SeenFrame[] {
    return this.frames.filter((frame) => frame.to === 'group' && (fPort === undefined || frame.fPort === fPort));
  }

  /** Frames from or to one device on one port, oldest first. */
  ofDevice(device: Eui64, direction: 'up' | 'down', fPort: number): readonly SeenFrame[] {
    return this.frames.filter(
      (frame) => frame.device === device && frame.direction === direction && frame.fPort === fPort,
    );
  }

  /** Forgets the frames heard so far; keys stay known. */
  clear(): void {
    this.frames.length = 0;
    this.groups.length = 0;
  }

  #open(link: Link): SeenFrame | undefined {
    const { frame } = link;
    const packet = loraOracle.fromWire(Buffer.from(frame.octets));
    if (packet.isJoinRequestMessage()) {
      this.#devNonces.set(frame.sender, packet.DevNonce);
      return undefined;
    }
    if (packet.isJoinAcceptMessage()) {
      this.#learnSession(link);
      return undefined;
    }
    const devAddr = packet.DevAddr.readUInt32BE();
    const session = (this.#sessions.get(devAddr) ?? []).findLast(({ nwkSKey }) =>
      loraOracle.verifyMIC(packet, nwkSKey, undefined),
    );
    if (session === undefined) {
      this.unreadable.push(frame);
      return undefined;
    }
    const fPort = packet.getFPort();
    const payload = fPort === null ? NOTHING : loraOracle.decrypt(packet, session.appSKey, session.nwkSKey);
    const seen: SeenFrame = {
      direction: frame.direction,
      to: session.to,
      device: session.device,
      devAddr,
      fCnt: packet.getFCnt(),
      fPort,
      payload,
      hex: payload.toString('hex'),
      startMs: frame.startMs,
      endMs: frame.endMs,
      frequencyHz: frame.frequencyHz,
      dataRate: frame.dataRate,
    };
    if (seen.direction === 'down' && seen.to === 'device' && fPort === 200) this.#learnGroup(seen);
    return seen;
  }

  /** The answer to a join comes into the window of one device; others may be tuned to it by chance. */
  #learnSession({ frame }: Link): void {
    for (const [devEui, { identity }] of this.#devices) {
      const appKey = Buffer.from(identity.appKey);
      const devNonce = this.#devNonces.get(devEui);
      if (devNonce === undefined) continue;
      const clear = loraOracle.decryptJoinAccept(loraOracle.fromWire(Buffer.from(frame.octets)), appKey);
      const opened = loraOracle.fromWire(clear);
      // A wrong key may give the bit of LoRaWAN 1.1, which no network server here sets.
      if (opened.getDLSettingsOptNeg() || !loraOracle.verifyMIC(opened, undefined, appKey)) continue;
      const keys = loraOracle.generateSessionKeys10(appKey, opened.NetID, opened.AppNonce, devNonce);
      const session = { to: 'device', device: devEui, appSKey: keys.AppSKey, nwkSKey: keys.NwkSKey } as const;
      this.#addSession(opened.DevAddr.readUInt32BE(), session);
      return;
    }
    this.unreadable.push(frame);
  }

  /** McGroupSetupReq: CID 02, group, address, encrypted key, two counters. */
  #learnGroup(seen: SeenFrame): void {
    const { payload, device } = seen;
    const identity = device === undefined ? undefined : this.#devices.get(device)?.identity;
    if (payload[0] !== 0x02 || payload.length < 30 || identity === undefined) return;
    const onAir = payload.subarray(2, 6);
    const { mcKey, appSKey, nwkSKey } = groupKeysOf(identity.genAppKey, payload.subarray(6, 22), onAir);
    const mcAddr = onAir.readUInt32LE();
    const group: SeenGroup = { mcAddr, mcKey: mcKey.toString('hex'), groupId: (payload[1] ?? 0) & 0x03 };
    if (this.groups.some((known) => known.mcAddr === mcAddr && known.mcKey === group.mcKey)) return;
    this.groups.push(group);
    this.#addSession(mcAddr, { to: 'group', device: undefined, appSKey, nwkSKey });
  }

  #addSession(devAddr: number, session: Session): void {
    this.#sessions.set(devAddr, [...(this.#sessions.get(devAddr) ?? []), session]);
  }
}
