import { BugError, CallerError, type Eui64, fromHex, later, type SteadyMs, steadyMs } from '@airlift/kernel';
import {
  buildMulticastFrame,
  downlinkModulation,
  frameTimeOnAirMs,
  type MulticastKeys,
  maxPayloadOctets,
  multicastProblem,
} from '@airlift/lorawan';
import { CounterBlock } from './counter-block.ts';
import { readyGateways } from './gateway-choice.ts';
import { type HandOver, handOver } from './hand-over.ts';
import { MC_ADDR_QUARANTINE_MS } from './mc-addresses.ts';
import type { DownlinkFate } from './network-event.ts';
import type { NetworkParts } from './network-parts.ts';
import type { GroupRecord } from './network-store.ts';
import type { Slot } from './transmitters.ts';
import { Waits } from './waits.ts';

/** A payload for all members of a group. */
export interface GroupItem {
  readonly ticketId: string;
  readonly groupId: string;
  readonly fPort: number;
  readonly payload: Uint8Array;
  readonly notBefore: SteadyMs;
}

const COUNTERS_PER_BLOCK = 16;
/** MHDR, FHDR, FPort and MIC. */
const FRAME_OCTETS = 13;
/** A frame that waits for its share of the band looks again now and then whether it may go. */
const LONGEST_WAIT_MS = 60_000;

interface OpenGroup {
  readonly record: GroupRecord;
  readonly keys: MulticastKeys;
  readonly counters: CounterBlock;
  readonly waits: Waits;
  /** Frames of a group leave in order. */
  queue: Promise<void>;
  closed: boolean;
}

/** Multicast groups of class C and the frames to them. */
export class GroupDesk {
  readonly #parts: NetworkParts;
  readonly #groups = new Map<string, OpenGroup>();
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
    if (!this.#groups.has(record.groupId)) this.#add(record);
  }

  async close(groupId: string): Promise<void> {
    const group = this.#groups.get(groupId);
    if (group !== undefined) {
      group.closed = true;
      group.waits.cutShort();
    }
    this.#groups.delete(groupId);
    await this.#parts.store.closeGroup(groupId, later(this.#parts.clock.now(), MC_ADDR_QUARANTINE_MS));
  }

  /** Queues a frame; its fate comes as an event. */
  queue(item: GroupItem): void {
    const group = this.#groups.get(item.groupId);
    if (group === undefined) throw new BugError(`the group ${item.groupId} is not open`);
    group.queue = group.queue
      .then(() => this.#parts.activity.run(() => this.#send(group, item)))
      .catch((cause: unknown) => {
        this.#parts.log({ level: 'error', message: 'a group frame failed', fields: { group: item.groupId }, cause });
        this.#tell(item, { fate: 'refused', at: this.#parts.clock.now(), airtimeMs: 0, fCnt: 0, error: 'internal' });
      });
  }

  /** Ends all waiting; after a stop nothing is taken up again. */
  stop(): void {
    for (const group of this.#groups.values()) group.waits.cutShort();
  }

  #add(record: GroupRecord): void {
    const { store } = this.#parts;
    this.#groups.set(record.groupId, {
      record,
      keys: { mcNwkSKey: fromHex(record.mcNwkSKey), mcAppSKey: fromHex(record.mcAppSKey) },
      counters: new CounterBlock(COUNTERS_PER_BLOCK, (count) => store.reserveGroupCounters(record.groupId, count)),
      waits: new Waits(this.#parts.clock),
      queue: Promise.resolve(),
      closed: false,
    });
  }

  async #send(group: OpenGroup, item: GroupItem): Promise<void> {
    const { clock, config, counters } = this.#parts;
    const { dataRate } = group.record;
    const airtimeMs = frameTimeOnAirMs(
      downlinkModulation(config.region, dataRate),
      FRAME_OCTETS + item.payload.length,
      'down',
    );
    const refuse = (error: string, fCnt = 0): void => {
      counters.downlinksRefused += 1;
      this.#tell(item, { fate: 'refused', at: clock.now(), airtimeMs: 0, fCnt, error });
    };
    if (item.payload.length > (maxPayloadOctets(config.region, dataRate) ?? 0)) return refuse('payload-too-long');
    const gateways = await this.#whenFree(group, item, airtimeMs);
    if (typeof gateways === 'string') return refuse(gateways);
    let result = await this.#transmit(group, item, gateways, airtimeMs);
    if (result.error !== undefined && result.worthRetrying) {
      result = await this.#transmit(group, item, gateways, airtimeMs);
    }
    if (result.error !== undefined) return refuse(result.error, result.fCnt);
    counters.groupFrames += 1;
    this.#tell(item, { fate: 'on-air', at: result.at, airtimeMs, fCnt: result.fCnt, error: undefined });
  }

  /** Hands one frame to all the gateways at once; it is on the air when one of them takes it. */
  async #transmit(
    { record, keys, counters }: OpenGroup,
    { fPort, payload }: GroupItem,
    gateways: readonly Eui64[],
    airtimeMs: number,
  ): Promise<{ at: SteadyMs; fCnt: number; error: string | undefined; worthRetrying: boolean }> {
    const { clock, config, transmitters, activity } = this.#parts;
    const at = clock.now();
    const slots = gateways.map((gatewayEui): Slot => ({ gatewayEui, frequencyHz: record.frequencyHz, at, airtimeMs }));
    for (const slot of slots) transmitters.promise(slot);
    let phyPayload: Uint8Array | undefined;
    let fCnt: number | undefined;
    try {
      fCnt = await counters.take();
      if (fCnt !== undefined) phyPayload = buildMulticastFrame({ mcAddr: record.mcAddr, fCnt, fPort, payload, keys });
    } finally {
      if (phyPayload === undefined) for (const slot of slots) transmitters.release(slot);
    }
    if (phyPayload === undefined || fCnt === undefined) {
      return { at, fCnt: 0, error: 'group-closed', worthRetrying: false };
    }
    const frame = {
      phyPayload,
      modulation: downlinkModulation(config.region, record.dataRate),
      time: { kind: 'immediately' },
      context: undefined,
    } as const;
    const results = await activity.aside(Promise.all(slots.map((slot) => handOver(this.#parts, slot, frame))));
    if (results.some((result) => result.sent)) return { at, fCnt, error: undefined, worthRetrying: false };
    const refusals = results.flatMap((result: HandOver) => (result.sent ? [] : result));
    return {
      at,
      fCnt,
      error: refusals[0]?.error ?? 'gateway-unreachable',
      worthRetrying: refusals.some((refusal) => refusal.worthRetrying),
    };
  }

  /** Waits until the gateways of the group can send; the reason when they never can. */
  async #whenFree(group: OpenGroup, item: GroupItem, airtimeMs: number): Promise<readonly Eui64[] | string> {
    const { clock, transmitters, activity } = this.#parts;
    const { frequencyHz } = group.record;
    for (;;) {
      if (group.closed) return 'group-closed';
      const gateways = this.#gatewaysOf(group.record);
      if (gateways.length === 0) return 'no-gateway';
      const now = clock.now();
      let at = steadyMs(Math.max(now, item.notBefore));
      for (const gatewayEui of gateways) {
        const start = transmitters.earliestStart({ gatewayEui, frequencyHz, at, airtimeMs });
        if (start === undefined) return 'duty-cycle';
        at = start;
      }
      if (at <= now) return gateways;
      await activity.aside(group.waits.until(steadyMs(Math.min(at, now + LONGEST_WAIT_MS))));
    }
  }

  /** The gateways chosen for the group that can send now, or all that can when none of the chosen does. */
  #gatewaysOf(record: GroupRecord): readonly Eui64[] {
    const { link } = this.#parts;
    const chosen = record.gatewayEuis.filter((gatewayEui) => link.gateway(gatewayEui)?.downlinkReady === true);
    return chosen.length > 0 ? chosen : readyGateways(link).map((gateway) => gateway.gatewayEui);
  }

  #tell(item: GroupItem, fate: Omit<DownlinkFate, 'kind' | 'ticketId'>): void {
    void this.#parts.emit({ kind: 'ticket', ticketId: item.ticketId, ...fate });
  }
}
