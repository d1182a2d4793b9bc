import type { Eui64, SteadyMs } from '@airlift/kernel';
import type {
  DeviceSession,
  GroupRecord,
  JoinHistory,
  LastUplink,
  McAddress,
  McAddrRequest,
  NetworkStore,
  ProvisionedDevice,
} from '../network-store.ts';

interface StoredSession {
  session: DeviceSession;
  nextDownlinkCounter: number;
}

interface StoredDevice {
  device: ProvisionedDevice;
  readonly usedDevNonces: Set<number>;
  history: JoinHistory;
  /** Oldest first. */
  sessions: StoredSession[];
}

interface StoredGroup {
  record: GroupRecord;
  nextCounter: number;
  open: boolean;
}

/** A `NetworkStore` that forgets everything with the process; for tests and simulations. */
export class MemoryNetworkStore implements NetworkStore {
  /** In the order of addition. */
  readonly #devices = new Map<Eui64, StoredDevice>();
  /** Who has a session under an address: looked for with every uplink. */
  readonly #byDevAddr = new Map<number, Set<StoredDevice>>();
  readonly #groups = new Map<string, StoredGroup>();
  readonly #mcAddrs = new Map<number, { readonly freeFrom: SteadyMs; readonly nextFCnt: number }>();

  async devices(): Promise<readonly ProvisionedDevice[]> {
    return [...this.#devices.values()].map((stored) => stored.device);
  }

  async device(devEui: Eui64): Promise<ProvisionedDevice | undefined> {
    return this.#devices.get(devEui)?.device;
  }

  async addDevice(device: ProvisionedDevice): Promise<boolean> {
    if (this.#devices.has(device.devEui)) return false;
    this.#devices.set(device.devEui, {
      device,
      usedDevNonces: new Set(),
      history: { lastDevNonce: undefined, lastJoinNonce: undefined, joinCount: 0 },
      sessions: [],
    });
    return true;
  }

  async replaceDevice(device: ProvisionedDevice): Promise<boolean> {
    const stored = this.#devices.get(device.devEui);
    if (stored === undefined) return false;
    stored.device = device;
    return true;
  }

  async removeDevice(devEui: Eui64): Promise<boolean> {
    const stored = this.#devices.get(devEui);
    if (stored !== undefined) this.#setSessions(stored, []);
    return this.#devices.delete(devEui);
  }

  async removeAllDevices(): Promise<void> {
    this.#byDevAddr.clear();
    this.#devices.clear();
  }

  async joinHistory(devEui: Eui64): Promise<JoinHistory> {
    return this.#devices.get(devEui)?.history ?? { lastDevNonce: undefined, lastJoinNonce: undefined, joinCount: 0 };
  }

  async devNonceUsed(devEui: Eui64, devNonce: number): Promise<boolean> {
    return this.#devices.get(devEui)?.usedDevNonces.has(devNonce) ?? false;
  }

  async saveJoin(session: DeviceSession): Promise<boolean> {
    const stored = this.#devices.get(session.devEui);
    if (stored === undefined || stored.usedDevNonces.has(session.devNonce)) return false;
    stored.usedDevNonces.add(session.devNonce);
    stored.history = {
      lastDevNonce: session.devNonce,
      lastJoinNonce: session.joinNonce,
      joinCount: stored.history.joinCount + 1,
    };
    const kept = stored.sessions.filter((one) => one.session.confirmed && one.session.devAddr !== session.devAddr);
    this.#setSessions(stored, [...kept, { session, nextDownlinkCounter: 0 }]);
    return true;
  }

  async session(devEui: Eui64): Promise<DeviceSession | undefined> {
    const sessions = this.#devices.get(devEui)?.sessions ?? [];
    return (sessions.find((stored) => stored.session.confirmed) ?? sessions.at(-1))?.session;
  }

  async sessions(): Promise<readonly DeviceSession[]> {
    return [...this.#devices.values()].flatMap((stored) => stored.sessions.map((one) => one.session));
  }

  async sessionsByDevAddr(devAddr: number): Promise<readonly DeviceSession[]> {
    const bearers = [...(this.#byDevAddr.get(devAddr) ?? [])];
    return bearers
      .flatMap(({ sessions }) => sessions.map(({ session }) => session))
      .filter((one) => one.devAddr === devAddr);
  }

  async devAddrInUse(devAddr: number): Promise<boolean> {
    return this.#byDevAddr.has(devAddr);
  }

  async saveUplink(devEui: Eui64, devAddr: number, fCntUp: number, uplink: LastUplink): Promise<boolean> {
    const stored = this.#devices.get(devEui);
    const own = stored?.sessions.find((one) => one.session.devAddr === devAddr);
    if (stored === undefined || own === undefined) return false;
    if (own.session.lastFCntUp !== undefined && fCntUp <= own.session.lastFCntUp) return false;
    own.session = { ...own.session, confirmed: true, lastFCntUp: fCntUp, lastUplink: uplink };
    const { joinNonce } = own.session;
    if (stored.sessions.length > 1) {
      this.#setSessions(
        stored,
        stored.sessions.filter(({ session }) => session.joinNonce >= joinNonce),
      );
    }
    return true;
  }

  async reserveDownlinkCounters(devEui: Eui64, devAddr: number, count: number): Promise<number | undefined> {
    const own = this.#devices.get(devEui)?.sessions.find((one) => one.session.devAddr === devAddr);
    if (own === undefined) return undefined;
    const first = own.nextDownlinkCounter;
    own.nextDownlinkCounter += count;
    return first;
  }

  async saveGroup(group: GroupRecord): Promise<void> {
    const before = this.#groups.get(group.groupId);
    const address = this.#mcAddrs.get(group.mcAddr) ?? { freeFrom: group.createdAt, nextFCnt: 0 };
    this.#mcAddrs.set(group.mcAddr, address);
    this.#groups.set(group.groupId, {
      record: group,
      nextCounter: Math.max(before?.nextCounter ?? 0, group.firstFCnt),
      open: true,
    });
  }

  async group(groupId: string): Promise<GroupRecord | undefined> {
    const stored = this.#groups.get(groupId);
    return stored?.open === true ? stored.record : undefined;
  }

  async openGroups(): Promise<readonly GroupRecord[]> {
    return [...this.#groups.values()].filter((stored) => stored.open).map((stored) => stored.record);
  }

  async reserveGroupCounters(groupId: string, count: number): Promise<number | undefined> {
    const stored = this.#groups.get(groupId);
    if (stored?.open !== true) return undefined;
    const first = stored.nextCounter;
    stored.nextCounter += count;
    return first;
  }

  async closeGroup(groupId: string, addressFreeFrom: SteadyMs): Promise<void> {
    const stored = this.#groups.get(groupId);
    if (stored?.open !== true) return;
    stored.open = false;
    const { mcAddr } = stored.record;
    const nextFCnt = Math.max(this.#mcAddrs.get(mcAddr)?.nextFCnt ?? 0, stored.nextCounter);
    this.#mcAddrs.set(mcAddr, { freeFrom: addressFreeFrom, nextFCnt });
  }

  async allocateMcAddr(request: McAddrRequest): Promise<McAddress | undefined> {
    const { first, count, draw, now, leasedUntil, highestFirstFCnt } = request;
    const all = Array.from({ length: count }, (_, place) => first + ((draw + place) % count));
    const taken = new Set((await this.sessions()).map(({ devAddr }) => devAddr));
    for (const { mcAddr } of await this.openGroups()) taken.add(mcAddr);
    const possible = all.filter((mcAddr) => !taken.has(mcAddr));
    const unused = possible.find((mcAddr) => !this.#mcAddrs.has(mcAddr));
    const [longestFree] = possible
      .map((mcAddr) => ({ mcAddr, ...(this.#mcAddrs.get(mcAddr) ?? { freeFrom: now, nextFCnt: 0 }) }))
      .filter(({ freeFrom, nextFCnt }) => freeFrom <= now && nextFCnt <= highestFirstFCnt)
      .sort((a, b) => a.freeFrom - b.freeFrom || a.mcAddr - b.mcAddr);
    const mcAddr = unused ?? longestFree?.mcAddr;
    if (mcAddr === undefined) return undefined;
    const nextFCnt = this.#mcAddrs.get(mcAddr)?.nextFCnt ?? 0;
    this.#mcAddrs.set(mcAddr, { freeFrom: leasedUntil, nextFCnt });
    return { mcAddr, nextFCnt };
  }

  async mcAddrInUse(mcAddr: number): Promise<boolean> {
    return this.#mcAddrs.has(mcAddr);
  }

  #setSessions(stored: StoredDevice, sessions: StoredSession[]): void {
    for (const { session } of stored.sessions) {
      const bearers = this.#byDevAddr.get(session.devAddr);
      bearers?.delete(stored);
      if (bearers?.size === 0) this.#byDevAddr.delete(session.devAddr);
    }
    stored.sessions = sessions;
    for (const { session } of sessions) {
      const bearers = this.#byDevAddr.get(session.devAddr) ?? new Set();
      this.#byDevAddr.set(session.devAddr, bearers.add(stored));
    }
  }
}
