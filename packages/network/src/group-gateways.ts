import type { Eui64, SteadyMs } from '@airlift/kernel';
import { readyGateways } from './gateway-choice.ts';
import { smallestCover } from './gateway-cover.ts';
import type { Hearer } from './hearers.ts';
import type { NetworkParts } from './network-parts.ts';

/** Whether a gateway can send: within a moment, at some time, or not at all. */
export type Ability = 'soon' | 'later' | 'no';

/** Which gateways are to send a frame, and which should have but cannot be reached. */
export interface GatewayPlan {
  readonly send: readonly Eui64[];
  /** The only ones that heard some of the members. */
  readonly unreachable: readonly Eui64[];
}

interface Kept {
  readonly plan: GatewayPlan;
  readonly version: number;
  readonly abilities: ReadonlyMap<Eui64, Ability>;
  readonly madeAt: SteadyMs;
}

/** What hears a device this much worse than the best does may not be heard by it. */
const MARGIN_DB = 10;
/** With thousands of members there are uplinks all the time, and a plan is dear: it follows them at this distance. */
const PLAN_AGE_MS_PER_MEMBER = 1;

/** The gateways of a group: they follow its members for as long as it is open. */
export class GroupGateways {
  readonly #parts: Pick<NetworkParts, 'link' | 'hearers' | 'clock' | 'store'>;
  /** Used until the members are known, which after a restart they are not at first. */
  readonly #stored: readonly Eui64[];
  #members: readonly Eui64[] | undefined;
  #turns = 0;
  #kept: Kept | undefined;

  constructor(parts: Pick<NetworkParts, 'link' | 'hearers' | 'clock' | 'store'>, stored: readonly Eui64[]) {
    this.#parts = parts;
    this.#stored = stored;
  }

  async follow(devEuis: readonly Eui64[]): Promise<void> {
    const { hearers, store } = this.#parts;
    this.#turns += 1;
    const turn = this.#turns;
    for (const devEui of devEuis) {
      if (!hearers.knows(devEui)) hearers.recall(devEui, (await store.session(devEui))?.lastUplink);
    }
    // The store may take longer for the many of an earlier call than for the few of this one.
    if (turn !== this.#turns) return;
    this.#members = [...new Set(devEuis)];
    this.#kept = undefined;
  }

  /** The smallest set of gateways that reaches every member; all that can send when no member can be reached. */
  plan(ability: (gatewayEui: Eui64) => Ability): GatewayPlan {
    const { hearers, clock } = this.#parts;
    const now = clock.now();
    if (this.#isGood(this.#kept, ability)) return this.#kept.plan;
    const abilities = new Map<Eui64, Ability>();
    const noted = (gatewayEui: Eui64): Ability => {
      const known = abilities.get(gatewayEui) ?? ability(gatewayEui);
      abilities.set(gatewayEui, known);
      return known;
    };
    const plan = this.#planFor(noted);
    if (plan.send.length > 0) {
      this.#kept = { plan, version: hearers.version, abilities, madeAt: now };
      return plan;
    }
    const stored = this.#members === undefined ? this.#stored.filter((one) => ability(one) !== 'no') : [];
    return { ...plan, send: stored.length > 0 ? stored : readyGateways(this.#parts.link).map((one) => one.gatewayEui) };
  }

  /** Gateways to reach those members that none of `sent` reaches, without those that were tried already. */
  substitutes(
    ability: (gatewayEui: Eui64) => Ability,
    sent: readonly Eui64[],
    tried: ReadonlySet<Eui64>,
  ): readonly Eui64[] {
    const heard = this.#heardMembers().filter(
      (hearers) => !hearers.some(({ gatewayEui }) => sent.includes(gatewayEui)),
    );
    const fresh = (gatewayEui: Eui64): Ability => (tried.has(gatewayEui) ? 'no' : ability(gatewayEui));
    return smallestCover(heard.map((hearers) => reaching(hearers, fresh)).filter((gateways) => gateways.length > 0));
  }

  #isGood(kept: Kept | undefined, ability: (gatewayEui: Eui64) => Ability): kept is Kept {
    if (kept === undefined) return false;
    const ageMs = this.#parts.clock.now() - kept.madeAt;
    const tooOld = ageMs >= PLAN_AGE_MS_PER_MEMBER * (this.#members?.length ?? 0);
    if (kept.version !== this.#parts.hearers.version && tooOld) return false;
    return [...kept.abilities].every(([gatewayEui, known]) => ability(gatewayEui) === known);
  }

  /** What the members need; no gateway to send when none of them was heard, or when nobody can who heard them. */
  #planFor(ability: (gatewayEui: Eui64) => Ability): GatewayPlan {
    const reached: (readonly Eui64[])[] = [];
    const lost: (readonly Eui64[])[] = [];
    for (const hearers of this.#heardMembers()) {
      const able = reaching(hearers, ability);
      if (able.length > 0) reached.push(able);
      else lost.push(hearers.slice(0, 1).map(({ gatewayEui }) => gatewayEui));
    }
    return { send: smallestCover(reached), unreachable: smallestCover(lost) };
  }

  #heardMembers(): readonly (readonly Hearer[])[] {
    const { hearers } = this.#parts;
    return (this.#members ?? []).map((devEui) => hearers.of(devEui)).filter((heard) => heard.length > 0);
  }
}

/**
 * The gateways by which a device is reached now: of those that heard its last uplink well, else of those that heard one
 * before; whoever would have to wait for long only when there is nobody else.
 */
function reaching(hearers: readonly Hearer[], ability: (gatewayEui: Eui64) => Ability): readonly Eui64[] {
  const able = (wanted: Ability): readonly Hearer[] =>
    hearers.filter(({ gatewayEui }) => ability(gatewayEui) === wanted);
  const latest = (some: readonly Hearer[]): readonly Hearer[] => some.filter((hearer) => hearer.latest);
  const soon = able('soon');
  const later = able('later');
  const choice = [latest(soon), soon, latest(later), later].find((some) => some.length > 0) ?? [];
  const bestDb = Math.max(...choice.map(({ snrDb }) => snrDb));
  return choice.filter(({ snrDb }) => snrDb >= bestDb - MARGIN_DB).map(({ gatewayEui }) => gatewayEui);
}
