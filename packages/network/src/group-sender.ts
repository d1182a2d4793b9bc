import { type Eui64, type SteadyMs, steadyMs } from '@airlift/kernel';
import {
  buildMulticastFrame,
  downlinkModulation,
  frameTimeOnAirMs,
  type MulticastKeys,
  maxPayloadOctets,
} from '@airlift/lorawan';
import type { CounterBlock } from './counter-block.ts';
import type { Ability, GatewayPlan, GroupGateways } from './group-gateways.ts';
import { handOver } from './hand-over.ts';
import type { GatewayFate, GroupPayload, WaitCause } from './network-event.ts';
import type { NetworkParts } from './network-parts.ts';
import type { GroupRecord } from './network-store.ts';
import type { Outlook, Place } from './transmitter-lines.ts';
import { GAP_MS, type Slot } from './transmitters.ts';
import type { Waits } from './waits.ts';

/** What the frames of one group have in common. */
export interface SendingGroup {
  readonly record: GroupRecord;
  readonly keys: MulticastKeys;
  readonly counters: CounterBlock;
  readonly gateways: GroupGateways;
  /** Whatever a frame of the group waits for. */
  readonly waits: Waits;
}

/** A frame whose turn it is in its group. */
export interface GroupWork {
  readonly item: GroupPayload;
  /** A gateway is about to get it: it can no longer be taken back whole. */
  begun: boolean;
  /** Why it is not wanted any more; what has not left then does not. */
  takenBack: string | undefined;
  readonly told: Set<WaitCause>;
}

/** What became of a frame; `fCnt` 0 when none was spent. */
export interface GroupOutcome {
  readonly at: SteadyMs;
  readonly airtimeMs: number;
  readonly fCnt: number;
  /** Undefined when one gateway at least took it. */
  readonly error: string | undefined;
  readonly gateways: readonly GatewayFate[];
}

interface Built {
  readonly fCnt: number;
  readonly phyPayload: Uint8Array;
}

interface GatewayResult extends GatewayFate {
  readonly at: SteadyMs;
  readonly worthRetrying: boolean;
}

/** Who is to send a frame that can go now, each with its place in the line. */
interface Ready {
  readonly plan: GatewayPlan;
  readonly places: readonly Place[];
}

/** MHDR, FHDR, FPort and MIC. */
const FRAME_OCTETS = 13;
/** A frame that waits for its share of the band looks again now and then whether it may go, and through whom. */
const LONGEST_WAIT_MS = 60_000;
/** A forwarder that is there makes itself known within half a minute. */
const GATEWAY_PATIENCE_MS = 60_000;
const GATEWAY_LOOK_MS = 1_000;
/** Less of a wait is not worth a word. */
const NOTICE_MS = 2_000;
/**
 * Each transmitter waits for its own slot, and a frame is over when all have sent it or refused: so the frames of a
 * group stay in order everywhere. A transmitter that could not follow the first one within this span is left out of the
 * frame, which is told, so that one gateway without budget costs its own members frames and not everybody an hour. The
 * span is as long as the pause that 10 % allow after the longest frame: two gateways that are both kept busy take turns
 * in waiting for each other rather than losing every other frame.
 */
const HOLD_UP_MS = 30_000;

/** Sends the frames of one group, one after the other. */
export class GroupSender {
  readonly #parts: NetworkParts;
  readonly #group: SendingGroup;
  /** When the frame before has left the air: until then no frame waits for anybody else. */
  #quietAt = 0;

  constructor(parts: NetworkParts, group: SendingGroup) {
    this.#parts = parts;
    this.#group = group;
  }

  /** Sends a frame through all gateways that its members need; returns what became of it. */
  async send(work: GroupWork): Promise<GroupOutcome> {
    const { clock, config, activity } = this.#parts;
    const { record, waits } = this.#group;
    const { payload, notBefore } = work.item;
    const modulation = downlinkModulation(config.region, record.dataRate);
    const airtimeMs = frameTimeOnAirMs(modulation, FRAME_OCTETS + payload.length, 'down');
    if (payload.length > (maxPayloadOctets(config.region, record.dataRate) ?? 0)) {
      return this.#refused('payload-too-long', []);
    }
    while (clock.now() < notBefore && work.takenBack === undefined) await activity.aside(waits.until(notBefore));
    const { worthRetrying, ...outcome } = await this.#attempt(work, airtimeMs);
    if (!worthRetrying) return outcome;
    // Asked for less power from now on, which takes another frame: a refused one has spent its counter.
    const { worthRetrying: _, ...second } = await this.#attempt(work, airtimeMs);
    return second;
  }

  async #attempt(work: GroupWork, airtimeMs: number): Promise<GroupOutcome & { readonly worthRetrying: boolean }> {
    const ready = await this.#whenSomeoneCanGo(work, airtimeMs);
    if ('error' in ready) return { ...this.#refused(ready.error, ready.gateways), worthRetrying: false };
    let built: Promise<Built | undefined> | undefined;
    const build = (): Promise<Built | undefined> => {
      built ??= this.#build(work.item);
      return built;
    };
    const results = await this.#throughAll(work, ready, airtimeMs, build);
    const gateways: readonly GatewayFate[] = [
      ...results.map(({ gatewayEui, sent, error }) => ({ gatewayEui, sent, error })),
      ...unreachable(ready.plan),
    ];
    const fCnt = (await built)?.fCnt ?? 0;
    const sentAt = results.flatMap(({ sent, at }) => (sent ? at : []));
    if (sentAt.length > 0) {
      const at = steadyMs(Math.min(...sentAt));
      return { at, airtimeMs, fCnt, error: undefined, gateways, worthRetrying: false };
    }
    return {
      ...this.#refused(results[0]?.error ?? 'gateway-unreachable', gateways, fCnt),
      worthRetrying: results.some((result) => result.worthRetrying),
    };
  }

  /** Waits until a gateway of the group can send; the reason when none ever can, or the frame is not wanted any more. */
  async #whenSomeoneCanGo(
    work: GroupWork,
    airtimeMs: number,
  ): Promise<Ready | { readonly error: string; readonly gateways: readonly GatewayFate[] }> {
    const { clock, activity } = this.#parts;
    const { gateways, waits } = this.#group;
    const places = new Map<Eui64, Place>();
    let going: Ready | undefined;
    let deserted: SteadyMs | undefined;
    const dueAt = Math.max(clock.now(), this.#quietAt);
    try {
      for (;;) {
        if (work.takenBack !== undefined) return { error: work.takenBack, gateways: [] };
        const plan = gateways.plan((gatewayEui) => this.#ability(gatewayEui, airtimeMs));
        this.#keepPlaces(places, plan.send, airtimeMs);
        const now = clock.now();
        let wait: { readonly cause: WaitCause; readonly at: SteadyMs | undefined };
        let lookAt: number;
        if (plan.send.length === 0) {
          deserted ??= now;
          if (now - deserted >= GATEWAY_PATIENCE_MS) return { error: 'no-gateway', gateways: unreachable(plan) };
          wait = { cause: 'no-gateway', at: undefined };
          lookAt = now + GATEWAY_LOOK_MS;
        } else {
          deserted = undefined;
          const outlooks = [...places.values()].map((place) => place.look());
          if (outlooks.some((outlook) => outlook.go)) {
            work.begun = true;
            going = { plan, places: [...places.values()] };
            return going;
          }
          const next = earliest(outlooks);
          if (next === undefined) return { error: 'duty-cycle', gateways: withoutBudget(plan) };
          wait = next;
          lookAt = Math.min(next.at, now + LONGEST_WAIT_MS);
        }
        if (Math.max(now, wait.at ?? now) >= dueAt + NOTICE_MS) this.#tellWaiting(work, wait.cause, wait.at);
        else lookAt = Math.min(lookAt, dueAt + NOTICE_MS);
        await activity.aside(waits.until(steadyMs(lookAt)));
      }
    } finally {
      if (going === undefined) for (const place of places.values()) place.leave();
    }
  }

  /** Stands in line for exactly those gateways, in their order. */
  #keepPlaces(places: Map<Eui64, Place>, gatewayEuis: readonly Eui64[], airtimeMs: number): void {
    for (const [gatewayEui, place] of places) {
      if (gatewayEuis.includes(gatewayEui)) continue;
      place.leave();
      places.delete(gatewayEui);
    }
    for (const gatewayEui of gatewayEuis) {
      if (!places.has(gatewayEui)) places.set(gatewayEui, this.#join(gatewayEui, airtimeMs));
    }
  }

  /**
   * Lets each gateway send the frame in its own slot. Where one cannot, others that heard its members take its place:
   * the counter is the same, so that nobody reads the frame twice.
   */
  async #throughAll(
    work: GroupWork,
    { places }: Ready,
    airtimeMs: number,
    build: () => Promise<Built | undefined>,
  ): Promise<readonly GatewayResult[]> {
    const { clock, activity } = this.#parts;
    const until = steadyMs(clock.now() + HOLD_UP_MS);
    const results: GatewayResult[] = [];
    for (let batch = places; batch.length > 0; ) {
      const through = batch.map((place) => activity.run(() => this.#through(work, place, airtimeMs, until, build)));
      results.push(...(await activity.aside(Promise.all(through))));
      if (results.every(({ sent }) => sent)) break;
      if (work.takenBack !== undefined || (await build()) === undefined) break;
      const sent = results.flatMap((result) => (result.sent ? result.gatewayEui : []));
      const tried = new Set(results.map(({ gatewayEui }) => gatewayEui));
      const soon = (gatewayEui: Eui64): Ability => (this.#ability(gatewayEui, airtimeMs) === 'soon' ? 'soon' : 'no');
      batch = this.#group.gateways.substitutes(soon, sent, tried).map((one) => this.#join(one, airtimeMs));
    }
    return results;
  }

  async #through(
    work: GroupWork,
    place: Place,
    airtimeMs: number,
    until: SteadyMs,
    build: () => Promise<Built | undefined>,
  ): Promise<GatewayResult> {
    const { clock, config, transmitters, activity } = this.#parts;
    const { record, waits } = this.#group;
    const { gatewayEui } = place;
    const failed = (error: string, worthRetrying = false): GatewayResult => ({
      gatewayEui,
      sent: false,
      error,
      at: clock.now(),
      worthRetrying,
    });
    let slot: Slot;
    try {
      let outlook = place.look();
      while (!outlook.go) {
        if (work.takenBack !== undefined) return failed(work.takenBack);
        if (outlook.at === undefined || outlook.at > until) {
          return failed(outlook.cause === 'duty-cycle' ? 'duty-cycle' : 'transmitter-busy');
        }
        await activity.aside(waits.until(outlook.at));
        outlook = place.look();
      }
      slot = { gatewayEui, frequencyHz: record.frequencyHz, at: outlook.at, airtimeMs };
      transmitters.promise(slot);
    } finally {
      place.leave();
    }
    let built: Built | undefined;
    try {
      built = await build();
    } finally {
      if (built === undefined) transmitters.release(slot);
    }
    if (built === undefined) return failed('group-closed');
    const result = await activity.aside(
      handOver(this.#parts, slot, {
        phyPayload: built.phyPayload,
        modulation: downlinkModulation(config.region, record.dataRate),
        time: { kind: 'immediately' },
        context: undefined,
      }),
    );
    if (!result.sent) return failed(result.error, result.worthRetrying);
    this.#quietAt = Math.max(this.#quietAt, slot.at + airtimeMs + GAP_MS);
    return { gatewayEui, sent: true, error: undefined, at: slot.at, worthRetrying: false };
  }

  /** Undefined when the group is gone from the store. */
  async #build({ fPort, payload }: GroupPayload): Promise<Built | undefined> {
    const { record, keys, counters } = this.#group;
    const fCnt = await counters.take();
    if (fCnt === undefined) return undefined;
    return { fCnt, phyPayload: buildMulticastFrame({ mcAddr: record.mcAddr, fCnt, fPort, payload, keys }) };
  }

  #join(gatewayEui: Eui64, airtimeMs: number): Place {
    const { record, waits } = this.#group;
    return this.#parts.lines.join({ gatewayEui, frequencyHz: record.frequencyHz, airtimeMs }, () => waits.cutShort());
  }

  #ability(gatewayEui: Eui64, airtimeMs: number): Ability {
    const { link, transmitters, clock } = this.#parts;
    if (link.gateway(gatewayEui)?.downlinkReady !== true) return 'no';
    const now = clock.now();
    const { frequencyHz } = this.#group.record;
    const at = transmitters.budgetStart({ gatewayEui, frequencyHz, at: now, airtimeMs });
    return at !== undefined && at <= now + HOLD_UP_MS ? 'soon' : 'later';
  }

  #tellWaiting({ item, told }: GroupWork, cause: WaitCause, until: SteadyMs | undefined): void {
    if (told.has(cause)) return;
    told.add(cause);
    void this.#parts.emit({ kind: 'waiting', ticketId: item.ticketId, cause, until });
  }

  #refused(error: string, gateways: readonly GatewayFate[], fCnt = 0): GroupOutcome {
    return { at: this.#parts.clock.now(), airtimeMs: 0, fCnt, error, gateways };
  }
}

type Waiting = Outlook & { readonly go: false };

/** The outlook of whoever can go first; undefined when nobody ever can. */
function earliest(outlooks: readonly Outlook[]): (Waiting & { readonly at: SteadyMs }) | undefined {
  let first: (Waiting & { readonly at: SteadyMs }) | undefined;
  for (const outlook of outlooks) {
    if (outlook.go || outlook.at === undefined) continue;
    if (first === undefined || outlook.at < first.at) first = { ...outlook, at: outlook.at };
  }
  return first;
}

function unreachable(plan: GatewayPlan): readonly GatewayFate[] {
  return plan.unreachable.map((gatewayEui) => ({ gatewayEui, sent: false, error: 'gateway-unreachable' }));
}

function withoutBudget(plan: GatewayPlan): readonly GatewayFate[] {
  return [...plan.send.map((gatewayEui) => ({ gatewayEui, sent: false, error: 'duty-cycle' })), ...unreachable(plan)];
}
