import { BugError, CallerError, type Eui64, fromHex, later } from '@airlift/kernel';
import { multicastProblem } from '@airlift/lorawan';
import { CounterBlock } from './counter-block.ts';
import { GroupGateways } from './group-gateways.ts';
import { GroupSender, type GroupWork, type SendingGroup } from './group-sender.ts';
import { MC_ADDR_QUARANTINE_MS } from './mc-addresses.ts';
import type { DownlinkFate, GroupPayload } from './network-event.ts';
import type { NetworkParts } from './network-parts.ts';
import type { GroupRecord } from './network-store.ts';
import { Waits } from './waits.ts';

const COUNTERS_PER_BLOCK = 16;

interface OpenGroup extends SendingGroup {
  readonly sender: GroupSender;
  /** Frames of a group leave in order: these come after the one at work. */
  readonly waiting: GroupPayload[];
  atWork: GroupWork | undefined;
}

/** Multicast groups of class C and the frames to them. */
export class GroupDesk {
  readonly #parts: NetworkParts;
  readonly #groups = new Map<string, OpenGroup>();
  constructor(parts: NetworkParts) {
    this.#parts = parts;
  }

  /** Takes up the groups that were open when the server last stopped; they have to be told their members again. */
  async start(): Promise<void> {
    for (const record of await this.#parts.store.openGroups()) this.#add(record);
  }

  /**
   * Opens a group; one that is open already is given its members only.
   * @throws CallerError `group-radio` when the region does not allow its frequency or data rate
   */
  async open(record: GroupRecord, devEuis: readonly Eui64[]): Promise<void> {
    if (!this.#groups.has(record.groupId)) {
      const problem = multicastProblem(this.#parts.config.region, record);
      if (problem !== undefined) throw new CallerError('group-radio', `The region does not allow that ${problem}`);
      await this.#parts.store.saveGroup(record);
    }
    if (!this.#groups.has(record.groupId)) this.#add(record);
    await this.setMembers(record.groupId, devEuis);
  }

  async setMembers(groupId: string, devEuis: readonly Eui64[]): Promise<void> {
    const group = this.#find(groupId);
    await group.gateways.follow(devEuis);
    // Whoever waits may go another way now.
    group.waits.cutShort();
  }

  async close(groupId: string): Promise<void> {
    const group = this.#groups.get(groupId);
    if (group !== undefined) this.#takeBack(group, 'refused', 'group-closed');
    this.#groups.delete(groupId);
    await this.#parts.store.closeGroup(groupId, later(this.#parts.clock.now(), MC_ADDR_QUARANTINE_MS));
  }

  /** Queues a frame; its fate comes as an event. */
  queue(groupId: string, item: GroupPayload): void {
    const group = this.#find(groupId);
    group.waiting.push(item);
    if (group.atWork === undefined) void this.#work(group);
  }

  /** Takes back what waits for a group; each is told as expired. */
  flush(groupId: string): void {
    const group = this.#groups.get(groupId);
    if (group !== undefined) this.#takeBack(group, 'expired', 'flushed');
  }

  /** Ends all waiting; after a stop nothing is taken up again. */
  stop(): void {
    for (const group of this.#groups.values()) group.waits.cutShort();
  }

  #find(groupId: string): OpenGroup {
    const group = this.#groups.get(groupId);
    if (group === undefined) throw new BugError(`the group ${groupId} is not open`);
    return group;
  }

  #add(record: GroupRecord): void {
    const { store, clock } = this.#parts;
    const sending: SendingGroup = {
      record,
      keys: { mcNwkSKey: fromHex(record.mcNwkSKey), mcAppSKey: fromHex(record.mcAppSKey) },
      counters: new CounterBlock(COUNTERS_PER_BLOCK, (count) => store.reserveGroupCounters(record.groupId, count)),
      gateways: new GroupGateways(this.#parts, record.gatewayEuis),
      waits: new Waits(clock),
    };
    const sender = new GroupSender(this.#parts, sending);
    this.#groups.set(record.groupId, { ...sending, sender, waiting: [], atWork: undefined });
  }

  /** Sends what waits, one frame after the other. Never rejects. */
  async #work(group: OpenGroup): Promise<void> {
    for (let item = group.waiting.shift(); item !== undefined; item = group.waiting.shift()) {
      const work: GroupWork = { item, begun: false, takenBack: undefined, told: new Set() };
      group.atWork = work;
      try {
        await this.#parts.activity.run(() => this.#send(group, work));
      } catch (cause) {
        const { groupId } = group.record;
        this.#parts.log({ level: 'error', message: 'a group frame failed', fields: { group: groupId }, cause });
        this.#tellUnsent(item, 'refused', 'internal');
      }
    }
    group.atWork = undefined;
  }

  async #send(group: OpenGroup, work: GroupWork): Promise<void> {
    const { counters } = this.#parts;
    const { error, ...outcome } = await group.sender.send(work);
    // Told already when it was taken back before it began.
    if (work.takenBack !== undefined && !work.begun) return;
    if (error === undefined) counters.groupFrames += 1;
    else counters.downlinksRefused += 1;
    this.#tell(work.item, { fate: error === undefined ? 'on-air' : 'refused', error, ...outcome });
  }

  /** Frames that have not begun go no further; one that is on its way is not given to gateways that wait. */
  #takeBack(group: OpenGroup, fate: 'refused' | 'expired', error: string): void {
    const { atWork } = group;
    if (atWork !== undefined && atWork.takenBack === undefined) {
      atWork.takenBack = error;
      if (!atWork.begun) this.#tellUnsent(atWork.item, fate, error);
    }
    for (const item of group.waiting.splice(0)) this.#tellUnsent(item, fate, error);
    group.waits.cutShort();
  }

  #tellUnsent(item: GroupPayload, fate: 'refused' | 'expired', error: string): void {
    const at = this.#parts.clock.now();
    if (fate === 'refused') this.#parts.counters.downlinksRefused += 1;
    this.#tell(item, { fate, at, airtimeMs: 0, fCnt: 0, error, gateways: [] });
  }

  #tell(item: GroupPayload, fate: Omit<DownlinkFate, 'kind' | 'ticketId'>): void {
    void this.#parts.emit({ kind: 'ticket', ticketId: item.ticketId, ...fate });
  }
}
