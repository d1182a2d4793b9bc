import type { Eui64, SteadyMs } from '@airlift/kernel';

export type DeviceClass = 'A' | 'B' | 'C';

/** A device as it was provisioned. Keys are 16 octets as lower-case hexadecimal; stores keep them sealed. */
export interface ProvisionedDevice {
  readonly devEui: Eui64;
  readonly name: string;
  readonly joinEui: Eui64;
  readonly appKey: string;
  readonly deviceClass: DeviceClass;
  readonly deviceProfileId: string | undefined;
  readonly networkProfileId: string | undefined;
  readonly createdAt: SteadyMs;
}

/** Where and how a device was last heard: what the next downlink to it needs. */
export interface LastUplink {
  readonly at: SteadyMs;
  readonly gatewayEui: Eui64;
  readonly frequencyHz: number;
  readonly dataRate: number;
  readonly rssiDbm: number;
  readonly snrDb: number;
}

/** What one join established. A device has two for a moment: the new one replaces the old at its first valid uplink. */
export interface DeviceSession {
  readonly devEui: Eui64;
  /** Unsigned 32 bit. */
  readonly devAddr: number;
  readonly nwkSKey: string;
  readonly appSKey: string;
  readonly joinNonce: number;
  readonly devNonce: number;
  readonly joinedAt: SteadyMs;
  /** True from the first valid uplink on. */
  readonly confirmed: boolean;
  /** Counter of the last accepted uplink, 32 bit; undefined before the first. */
  readonly lastFCntUp: number | undefined;
  /** Seconds from the end of an uplink to RX1. */
  readonly rxDelayS: number;
  readonly rx1DrOffset: number;
  readonly rx2DataRate: number;
  readonly rx2FrequencyHz: number;
  readonly lastUplink: LastUplink | undefined;
}

/** A multicast group on the air. */
export interface GroupRecord {
  readonly groupId: string;
  readonly mcAddr: number;
  readonly mcNwkSKey: string;
  readonly mcAppSKey: string;
  readonly frequencyHz: number;
  readonly dataRate: number;
  /** Gateways that serve it; empty = every gateway that can send. */
  readonly gatewayEuis: readonly Eui64[];
  /** The first counter that may be used. */
  readonly firstFCnt: number;
  readonly createdAt: SteadyMs;
}

/** Join bookkeeping of a device, kept across sessions. */
export interface JoinHistory {
  readonly lastDevNonce: number | undefined;
  readonly lastJoinNonce: number | undefined;
  readonly joinCount: number;
}

/** What an allocation of a multicast address must know. */
export interface McAddrRequest {
  /** The addresses to choose from: `count` of them, from `first` on. */
  readonly first: number;
  readonly count: number;
  /** Where to look first, 0 .. `count` - 1. */
  readonly draw: number;
  readonly now: SteadyMs;
  /** An address that never comes to belong to a group is free again from then on. */
  readonly leasedUntil: SteadyMs;
  /** An address whose next counter is above is not given out again. */
  readonly highestFirstFCnt: number;
}

/** A multicast address and the first counter that was never used with it. */
export interface McAddress {
  readonly mcAddr: number;
  readonly nextFCnt: number;
}

/**
 * Everything the network server must remember. Every write is durable when its promise resolves. Counters are
 * *reserved*: the store moves its mark past the block before the block is used, so a crash skips numbers and never
 * repeats one.
 */
export interface NetworkStore {
  devices(): Promise<readonly ProvisionedDevice[]>;
  device(devEui: Eui64): Promise<ProvisionedDevice | undefined>;
  /** False when the EUI is taken. */
  addDevice(device: ProvisionedDevice): Promise<boolean>;
  /** Keeps sessions and nonces; false when the EUI is unknown. */
  replaceDevice(device: ProvisionedDevice): Promise<boolean>;
  /** Removes the device with its sessions and nonces; false when unknown. */
  removeDevice(devEui: Eui64): Promise<boolean>;
  removeAllDevices(): Promise<void>;

  joinHistory(devEui: Eui64): Promise<JoinHistory>;
  /** Whether a join of the device used this DevNonce. Only `saveJoin` decides; this spares a write for a replay. */
  devNonceUsed(devEui: Eui64, devNonce: number): Promise<boolean>;
  /** Stores the nonce and the session together; false when this DevNonce was used before (then nothing changes). */
  saveJoin(session: DeviceSession): Promise<boolean>;
  /** The confirmed session, else the newest. */
  session(devEui: Eui64): Promise<DeviceSession | undefined>;
  sessions(): Promise<readonly DeviceSession[]>;
  /** All sessions, confirmed or not, that use the address. */
  sessionsByDevAddr(devAddr: number): Promise<readonly DeviceSession[]>;
  devAddrInUse(devAddr: number): Promise<boolean>;
  /**
   * Records an accepted uplink and confirms its session, dropping the device's earlier ones; a later one stays, since an
   * uplink may come late. False, changing nothing, when the counter is not above the stored one: somebody else was first.
   */
  saveUplink(devEui: Eui64, devAddr: number, fCntUp: number, uplink: LastUplink): Promise<boolean>;
  /** Reserves `count` downlink counters and returns the first; undefined when the session is gone. */
  reserveDownlinkCounters(devEui: Eui64, devAddr: number, count: number): Promise<number | undefined>;

  saveGroup(group: GroupRecord): Promise<void>;
  group(groupId: string): Promise<GroupRecord | undefined>;
  openGroups(): Promise<readonly GroupRecord[]>;
  /** As `reserveDownlinkCounters`, from `firstFCnt` on. */
  reserveGroupCounters(groupId: string, count: number): Promise<number | undefined>;
  /** The address of the group may be given out again from `addressFreeFrom` on. */
  closeGroup(groupId: string, addressFreeFrom: SteadyMs): Promise<void>;
  /**
   * Gives out an address that no device and no open group has, in one step: one that was never used, else the one that
   * has been free for longest. Undefined when there is none.
   */
  allocateMcAddr(request: McAddrRequest): Promise<McAddress | undefined>;
  /** True for every address that was given out or ever belonged to a group: no device gets one of those. */
  mcAddrInUse(mcAddr: number): Promise<boolean>;
}
