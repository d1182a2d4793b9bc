import type { Eui64 } from '@airlift/kernel';
import type { ReceivedFrame } from './gateway-link.ts';
import type { LastUplink } from './network-store.ts';

/** A gateway that heard a device lately. */
export interface Hearer {
  readonly gatewayEui: Eui64;
  readonly snrDb: number;
  /** It heard the last uplink; else only one shortly before. */
  readonly latest: boolean;
}

type Reception = Pick<ReceivedFrame, 'gatewayEui' | 'snrDb' | 'doubtful'>;

/** A gateway that missed the last uplink, as happens, is remembered for a few. */
const UPLINKS_KEPT = 3;
/** Of one uplink, best first: more are never needed to reach a device. */
const GATEWAYS_KEPT = 8;
/** Only genuine frames are noted, so that the devices of the network are the bound; those heard last stay. */
const MOST_DEVICES = 100_000;

/**
 * Which gateways heard each device in its last uplinks. In memory only: after a restart the store knows the best gateway
 * of the last uplink, and the next uplinks tell the rest.
 */
export class Hearers {
  /** By device, newest uplink first; the device heard last comes last. */
  readonly #uplinks = new Map<Eui64, readonly (readonly Reception[])[]>();
  #version = 0;

  /** Changes whenever another gateway may have become the right one for some device. */
  get version(): number {
    return this.#version;
  }

  /** Notes who received an uplink that is genuine and new, best first. */
  heard(devEui: Eui64, receptions: readonly Reception[]): void {
    // A copy that somebody else may have brought says nothing of where the device is, unless there is no other.
    const sure = receptions.filter(({ doubtful }) => doubtful !== true);
    const kept = (sure.length > 0 ? sure : receptions.slice(0, 1)).slice(0, GATEWAYS_KEPT);
    const uplink = kept.map(({ gatewayEui, snrDb }) => ({ gatewayEui, snrDb }));
    const earlier = this.#uplinks.get(devEui) ?? [];
    this.#uplinks.delete(devEui);
    this.#uplinks.set(devEui, [uplink, ...earlier.slice(0, UPLINKS_KEPT - 1)]);
    for (const stalest of this.#uplinks.keys()) {
      if (this.#uplinks.size <= MOST_DEVICES) break;
      this.#uplinks.delete(stalest);
    }
    this.#version += 1;
  }

  /** Takes up what the store knows of a device, unless more is known here. */
  recall(devEui: Eui64, lastUplink: LastUplink | undefined): void {
    if (lastUplink !== undefined && !this.#uplinks.has(devEui)) this.heard(devEui, [lastUplink]);
  }

  knows(devEui: Eui64): boolean {
    return this.#uplinks.has(devEui);
  }

  /** The gateways that heard the device, those of its last uplink first, each part best first. */
  of(devEui: Eui64): readonly Hearer[] {
    const found = new Map<Eui64, Hearer>();
    for (const [age, uplink] of (this.#uplinks.get(devEui) ?? []).entries()) {
      for (const { gatewayEui, snrDb } of uplink) {
        if (!found.has(gatewayEui)) found.set(gatewayEui, { gatewayEui, snrDb, latest: age === 0 });
      }
    }
    return [...found.values()];
  }
}
