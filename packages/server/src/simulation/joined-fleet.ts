import type { DeviceIdentity, JoinedBefore } from '@airlift/fleet';
import { BugError, type Eui64, type Rng, type SteadyMs, steadyMs, toHex } from '@airlift/kernel';
import { adrDataRates, deriveSessionKeys10, gatewayPlan, regionCfList } from '@airlift/lorawan';
import type { DeviceSession, LastUplink, NetworkConfig } from '@airlift/network';

/** Bits of a device address below the network's own part. */
const DEV_ADDR_BITS = 25;
const JOIN_NONCE = 1;
const DEV_NONCE = 0;
/** How far a clock that was set some time ago is off. */
const CLOCK_OFF_MS = 500;
/** dBm and dB of the last uplink: of a device in reach. */
const HEARD = { rssiDbm: -80, snrDb: 7 } as const;

/** Devices that joined before the simulation began: what each was answered, and what the network stored. */
export class JoinedFleet {
  readonly #config: NetworkConfig;
  readonly #rng: Rng;
  readonly #devices = new Map<number, JoinedBefore>();
  readonly #taken = new Set<number>();

  constructor(config: NetworkConfig, rng: Rng) {
    this.#config = config;
    this.#rng = rng;
  }

  /** What the device of this index starts with. */
  device(index: number): JoinedBefore {
    const { region, netId, rxDelayS, subBand, rx2DataRate } = this.#config;
    const cfList = regionCfList(region, subBand === undefined ? {} : { subBand });
    const joined: JoinedBefore = {
      accept: {
        joinNonce: JOIN_NONCE,
        netId,
        devAddr: this.#freshDevAddr(),
        rx1DrOffset: 0,
        rx2DataRate: rx2DataRate ?? region.rx2.dataRate,
        rxDelay: rxDelayS,
        ...(cfList === undefined ? {} : { cfList }),
        optNeg: false,
      },
      devNonce: DEV_NONCE,
      clockAheadMs: this.#rng.between(-CLOCK_OFF_MS, CLOCK_OFF_MS),
    };
    this.#devices.set(index, joined);
    return joined;
  }

  /** The session as the network stored it. */
  session(index: number, { devEui, appKey }: DeviceIdentity, heardAt: SteadyMs): DeviceSession {
    const { region, netId } = this.#config;
    const { devAddr, joinNonce, rxDelay, rx1DrOffset, rx2DataRate } = this.#acceptOf(index);
    const keys = deriveSessionKeys10({ rootKey: appKey, joinNonce, netId, devNonce: DEV_NONCE });
    return {
      devEui,
      devAddr,
      nwkSKey: toHex(keys.nwkSKey),
      appSKey: toHex(keys.appSKey),
      joinNonce,
      devNonce: DEV_NONCE,
      joinedAt: steadyMs(heardAt - 1),
      confirmed: false,
      lastFCntUp: undefined,
      rxDelayS: rxDelay,
      rx1DrOffset,
      rx2DataRate,
      rx2FrequencyHz: region.rx2.frequencyHz,
      lastUplink: undefined,
    };
  }

  /** Its first uplink, as `NetworkStore.saveUplink` takes it. */
  uplink(
    index: number,
    { devEui }: DeviceIdentity,
    gatewayEui: Eui64,
    at: SteadyMs,
  ): [devEui: Eui64, devAddr: number, fCntUp: number, uplink: LastUplink] {
    const { region, subBand } = this.#config;
    const frequencyHz = gatewayPlan(region, subBand).multiSf[0]?.frequencyHz ?? region.rx2.frequencyHz;
    const dataRate = adrDataRates(region).max;
    return [devEui, this.#acceptOf(index).devAddr, 0, { ...HEARD, at, gatewayEui, frequencyHz, dataRate }];
  }

  #acceptOf(index: number): JoinedBefore['accept'] {
    const joined = this.#devices.get(index);
    if (joined === undefined) throw new BugError(`device ${index} has not joined`);
    return joined.accept;
  }

  #freshDevAddr(): number {
    for (;;) {
      const random = this.#rng.below(2 ** DEV_ADDR_BITS - 1) + 1;
      if (this.#taken.has(random)) continue;
      this.#taken.add(random);
      return (this.#config.netId & 0x7f) * 2 ** DEV_ADDR_BITS + random;
    }
  }
}
