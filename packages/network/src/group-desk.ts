import { BugError, CallerError, type Eui64, fromHex, type UtcMs } from '@airlift/kernel';
import {
  buildMulticastFrame,
  downlinkEirpDbm,
  downlinkModulation,
  frameTimeOnAirMs,
  type MulticastKeys,
  multicastProblem,
} from '@airlift/lorawan';
import { CounterBlock } from './counter-block.ts';
import type { GatewayStatus, TransmitOutcome } from './gateway-link.ts';
import { gatewayCounters } from './network-counters.ts';
import type { DownlinkFate } from './network-event.ts';
import type { NetworkParts } from './network-parts.ts';
import type { GroupRecord } from './network-store.ts';

/** A payload for all members of a group. */
export interface GroupItem {
  readonly ticketId: string;
  readonly groupId: string;
  readonly fPort: number;
  readonly payload: Uint8Array;
  readonly notBefore: UtcMs;
}

const COUNTERS_PER_BLOCK = 16;
/** A frame that waits for its share of the band looks again now and then whether it may go. */
const LONGEST_WAIT_MS = 60_000;

interface OpenGroup {
  readonly record: GroupRecord;
  readonly keys: MulticastKeys;
  readonly counters: CounterBlock;
  /** Frames of a group leave in order. */
  queue: Promise<void>;
  closed: boolean;
}

/** Multicast groups of class C and the frames to them. */
export class GroupDesk {
  readonly #parts: NetworkParts;
  readonly #groups = new Map<string, OpenGroup>();
  #stopped = false;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
  }

  /** Takes up the groups that were open when the server last stopped. */
  async start(): Promise<void> {
    for (const record of await this.#parts.store.openGroups()) this.#add(record);
  }

  /**
   * Opens a group; one that is open already stays as it is.
   * @throws CallerError `group-radio` when the region does not allow its frequency or data rate
   */
  async open(record: GroupRecord): Promise<void> {
    if (this.#groups.has(record.groupId)) return;
    const problem = multicastProblem(this.#parts.config.region, record);
    if (problem !== undefined) throw new CallerError('group-radio', `The region does not allow that ${problem}`);
    await this.#parts.store.saveGroup(record);
    this.#add(record);
  }

  async close(groupId: string): Promise<void> {
    const group = this.#groups.get(groupId);
    if (group !== undefined) group.closed = true;
    this.#groups.delete(groupId);
    await this.#parts.store.closeGroup(groupId);
  }

  /** Queues a frame; its fate comes as an event. */
  queue(item: GroupItem): void {
    const group = this.#groups.get(item.groupId);
    if (group === undefined) throw new BugError(`the group ${item.groupId} is not open`);
    group.queue = group.queue
      .then(() => this.#send(group, item))
      .catch((cause: unknown) => {
        this.#parts.log({ level: 'error', message: 'a group frame failed', fields: { group: item.groupId }, cause });
        this.#tell(item, { fate: 'refused', at: this.#parts.clock.now(), airtimeMs: 0, fCnt: 0, error: 'internal' });
      });
  }

  stop(): void {
    this.#stopped = true;
  }

  #add(record: GroupRecord): void {
    const { store } = this.#parts;
    this.#groups.set(record.groupId, {
      record,
      keys: { mcNwkSKey: fromHex(record.mcNwkSKey), mcAppSKey: fromHex(record.mcAppSKey) },
      counters: new CounterBlock(COUNTERS_PER_BLOCK, (count) => store.reserveGroupCounters(record.groupId, count)),
      queue: Promise.resolve(),
      closed: false,
    });
  }

  async #send(group: OpenGroup, item: GroupItem): Promise<void> {
    const { clock, config, transmitters, counters } = this.#parts;
    const { frequencyHz, dataRate } = group.record;
    const modulation = downlinkModulation(config.region, dataRate);
    const airtimeMs = frameTimeOnAirMs(modulation, item.payload.length + 13, 'down');
    const refuse = (error: string, fCnt = 0): void => {
      counters.downlinksRefused += 1;
      this.#tell(item, { fate: 'refused', at: clock.now(), airtimeMs: 0, fCnt, error });
    };
    const gateways = await this.#whenFree(group, item, airtimeMs);
    if (typeof gateways === 'string') return refuse(gateways);
    const at = clock.now();
    for (const gateway of gateways) transmitters.promise(gateway, frequencyHz, at, airtimeMs);
    const fCnt = await group.counters.take();
    if (fCnt === undefined) return refuse('group-closed');
    const phyPayload = buildMulticastFrame({
      mcAddr: group.record.mcAddr,
      fCnt,
      fPort: item.fPort,
      payload: item.payload,
      keys: group.keys,
    });
    const powerDbm = downlinkEirpDbm(config.region, frequencyHz) ?? 0;
    const outcomes = await Promise.all(
      gateways.map(async (gatewayEui) => {
        const outcome: TransmitOutcome = await this.#parts.link.transmit({
          gatewayEui,
          phyPayload,
          frequencyHz,
          modulation,
          powerDbm,
          time: { kind: 'immediately' },
          context: undefined,
        });
        if (isSent(outcome)) {
          gatewayCounters(counters, gatewayEui).downlinks += 1;
          return outcome;
        }
        transmitters.release(gatewayEui, frequencyHz, at, airtimeMs);
        return outcome;
      }),
    );
    if (!outcomes.some(isSent)) {
      const [first] = outcomes;
      return refuse(first?.kind === 'refused' ? first.error : 'gateway-unreachable', fCnt);
    }
    counters.groupFrames += 1;
    this.#tell(item, { fate: 'on-air', at, airtimeMs, fCnt, error: undefined });
  }

  /** Waits until the gateways of the group can send; the reason when they never can. */
  async #whenFree(group: OpenGroup, item: GroupItem, airtimeMs: number): Promise<readonly Eui64[] | string> {
    const { clock, transmitters } = this.#parts;
    const { frequencyHz } = group.record;
    for (;;) {
      if (group.closed || this.#stopped) return 'group-closed';
      const gateways = this.#gatewaysOf(group.record);
      if (gateways.length === 0) return 'no-gateway';
      const now = clock.now();
      let at = Math.max(now, item.notBefore);
      for (const gateway of gateways) {
        const start = transmitters.earliestStart(gateway, frequencyHz, at as UtcMs, airtimeMs);
        if (start === undefined) return 'duty-cycle';
        at = start;
      }
      if (at <= now) return gateways;
      await new Promise<void>((resolve) => {
        clock.setTimer(Math.min(at, now + LONGEST_WAIT_MS) as UtcMs, resolve);
      });
    }
  }

  /** The gateways chosen for the group that can send now, or all that can when none of the chosen does. */
  #gatewaysOf(record: GroupRecord): readonly Eui64[] {
    const ready = this.#parts.link.gateways().filter((gateway: GatewayStatus) => gateway.downlinkReady);
    const chosen = ready.filter((gateway) => record.gatewayEuis.includes(gateway.gatewayEui));
    return (chosen.length > 0 ? chosen : ready).map((gateway) => gateway.gatewayEui);
  }

  #tell(item: GroupItem, fate: Omit<DownlinkFate, 'kind' | 'ticketId'>): void {
    void this.#parts.emit({ kind: 'ticket', ticketId: item.ticketId, ...fate });
  }
}

function isSent(outcome: TransmitOutcome): boolean {
  return outcome.kind === 'programmed' || outcome.kind === 'unknown';
}
