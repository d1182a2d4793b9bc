import { fromHex, type SteadyMs } from '@airlift/kernel';
import {
  frameTimeOnAirMs,
  type MulticastKeys,
  openDataFrame,
  openMulticastFrame,
  parsePhyPayload,
} from '@airlift/lorawan';
import type { GroupRecord, TransmitRequest } from '@airlift/network';
import { MemoryNetworkStore } from '@airlift/network/memory';

/** The frames of a job as they went on the air. */
export interface FrameCounts {
  /** To groups: plain fragments, parity fragments, requests for a status, and everything else. */
  plain: number;
  parity: number;
  status: number;
  other: number;
  /** To single devices: what sets them up. */
  setup: number;
}

const MULTICAST_PORT = 200;
const FRAGMENTATION_PORT = 201;
const CLOCK_PORT = 202;
const CID = { version: 0x00, status: 0x01, setup: 0x02, fragment: 0x08 } as const;
/** Unconfirmed and confirmed data downlinks, in the upper three bits of MHDR. */
const DOWNLINK_MTYPES = [0x60, 0xa0];

/** A store that lets the tally look at the keys of its groups. */
export class WatchedNetworkStore extends MemoryNetworkStore {
  readonly groups = new Map<number, { readonly groupId: string; readonly keys: MulticastKeys }>();

  override async saveGroup(group: GroupRecord): Promise<void> {
    const keys = { mcNwkSKey: fromHex(group.mcNwkSKey), mcAppSKey: fromHex(group.mcAppSKey) };
    this.groups.set(group.mcAddr, { groupId: group.groupId, keys });
    await super.saveGroup(group);
  }
}

/**
 * Counts what goes on the air by reading it: it knows the keys, and nothing of the engine that decided to send. A frame
 * that several gateways send at once counts once.
 */
export class FrameTally {
  readonly counts: FrameCounts = { plain: 0, parity: 0, status: 0, other: 0, setup: 0 };
  /** Of all frames to groups, one gateway counted. */
  airtimeMs = 0;
  firstAt: SteadyMs | undefined;
  lastAt: SteadyMs | undefined;
  readonly #store: WatchedNetworkStore;
  readonly #now: () => SteadyMs;
  readonly #counted = new WeakSet<Uint8Array>();
  readonly #groupIds = new Set<string>();
  /** NbFrag that devices were told, by FragIndex. */
  readonly #nbFrag = new Map<number, number>();
  #counting: Promise<void> = Promise.resolve();

  constructor(store: WatchedNetworkStore, now: () => SteadyMs) {
    this.#store = store;
    this.#now = now;
  }

  /** Plain fragments of the largest session that devices were told of. */
  get nbFrag(): number {
    return Math.max(0, ...this.#nbFrag.values());
  }

  /** Groups that anything was sent to. */
  get sessions(): number {
    return this.#groupIds.size;
  }

  /** Takes note of a frame that a gateway took. */
  note({ phyPayload, modulation }: TransmitRequest): void {
    if (!DOWNLINK_MTYPES.includes((phyPayload[0] ?? 0) & 0xe0) || this.#counted.has(phyPayload)) return;
    this.#counted.add(phyPayload);
    const frame = parsePhyPayload(phyPayload);
    if (frame.type !== 'data' || frame.fPort === undefined || frame.fPort === 0) return;
    const { fPort } = frame;
    const group = this.#store.groups.get(frame.devAddr);
    if (group !== undefined) {
      this.#groupIds.add(group.groupId);
      this.#countMulticast(fPort, openMulticastFrame(frame, group.keys, frame.fCnt16));
      this.airtimeMs += frameTimeOnAirMs(modulation, phyPayload.length, 'down');
      this.lastAt = this.#now();
      this.firstAt ??= this.lastAt;
      return;
    }
    if (fPort !== MULTICAST_PORT && fPort !== CLOCK_PORT && fPort !== FRAGMENTATION_PORT) return;
    this.#counting = this.#counting.then(async () => {
      for (const { nwkSKey, appSKey } of await this.#store.sessionsByDevAddr(frame.devAddr)) {
        const keys = { macVersion: '1.0', nwkSKey: fromHex(nwkSKey), appSKey: fromHex(appSKey) } as const;
        const opened = openDataFrame(frame, { keys, fCnt: frame.fCnt16 });
        if (opened !== undefined) this.#countUnicast(fPort, opened.payload);
      }
    });
  }

  /** Resolves when everything noted is counted. */
  counted(): Promise<void> {
    return this.#counting;
  }

  #countMulticast(fPort: number, payload: Uint8Array | undefined): void {
    const { counts } = this;
    const cid = payload?.[0];
    if (fPort !== FRAGMENTATION_PORT || payload === undefined) counts.other += 1;
    else if (cid === CID.status) counts.status += 1;
    else if (cid !== CID.fragment) counts.other += 1;
    else {
      // Index&N: FragIndex in the upper two bits.
      const indexAndN = littleEndian16(payload, 1);
      if (indexAndN % 0x4000 <= (this.#nbFrag.get(indexAndN >> 14) ?? 0)) counts.plain += 1;
      else counts.parity += 1;
    }
  }

  #countUnicast(fPort: number, payload: Uint8Array): void {
    const cid = payload[0];
    if (fPort !== FRAGMENTATION_PORT) this.counts.setup += 1;
    else if (cid === CID.setup || cid === CID.version) this.counts.setup += 1;
    // FragSession: FragIndex in bits 4 and 5; then NbFrag.
    if (fPort === FRAGMENTATION_PORT && cid === CID.setup) {
      this.#nbFrag.set(((payload[1] ?? 0) >> 4) & 3, littleEndian16(payload, 2));
    }
  }
}

function littleEndian16(octets: Uint8Array, at: number): number {
  return ((octets[at + 1] ?? 0) << 8) | (octets[at] ?? 0);
}
