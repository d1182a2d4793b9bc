import { type Eui64, fromHex } from '@airlift/kernel';
import { buildDataFrame, maxPayloadOctets, type Region } from '@airlift/lorawan';
import { CounterBlock } from './counter-block.ts';
import type { DeviceSession, NetworkStore } from './network-store.ts';

/** What a downlink to one device holds. */
export interface UnicastContent {
  readonly acknowledge: boolean;
  /** MAC commands, in the clear. */
  readonly fOpts: Uint8Array;
  readonly application: { readonly fPort: number; readonly payload: Uint8Array } | undefined;
}

const COUNTERS_PER_BLOCK = 8;
/** MHDR, FHDR without FOpts, and MIC. */
const BARE_FRAME_OCTETS = 12;

/** Builds downlinks, each with a counter that was never used before. */
export class UnicastFrames {
  readonly #store: NetworkStore;
  readonly #region: Region;
  /** One block for each device, of the session it was last answered in. */
  readonly #blocks = new Map<Eui64, { readonly session: string; readonly counters: CounterBlock }>();

  constructor(store: NetworkStore, region: Region) {
    this.#store = store;
    this.#region = region;
  }

  /** Octets of the whole PHYPayload; undefined when the data rate cannot carry so much. */
  octets({ fOpts, application }: UnicastContent, dataRate: number): number | undefined {
    const payload = application === undefined ? 0 : application.payload.length;
    const room = maxPayloadOctets(this.#region, dataRate, {}) ?? 0;
    if (fOpts.length + payload > room) return undefined;
    return BARE_FRAME_OCTETS + fOpts.length + (application === undefined ? 0 : 1 + payload);
  }

  /** Builds the frame under the session's next counter; undefined when the session is gone. */
  async build(
    session: DeviceSession,
    { acknowledge, fOpts, application }: UnicastContent,
  ): Promise<{ readonly fCnt: number; readonly phyPayload: Uint8Array } | undefined> {
    const fCnt = await this.#nextCounter(session);
    if (fCnt === undefined) return undefined;
    const phyPayload = buildDataFrame({
      direction: 'down',
      devAddr: session.devAddr,
      fCnt,
      fCtrl: { ack: acknowledge },
      fOpts,
      keys: { macVersion: '1.0', nwkSKey: fromHex(session.nwkSKey), appSKey: fromHex(session.appSKey) },
      ...(application === undefined ? {} : { fPort: application.fPort, payload: application.payload }),
    });
    return { fCnt, phyPayload };
  }

  async #nextCounter({ devEui, devAddr, joinNonce }: DeviceSession): Promise<number | undefined> {
    const session = `${devAddr}/${joinNonce}`;
    let known = this.#blocks.get(devEui);
    if (known?.session !== session) {
      const reserve = (count: number): Promise<number | undefined> =>
        this.#store.reserveDownlinkCounters(devEui, devAddr, count);
      known = { session, counters: new CounterBlock(COUNTERS_PER_BLOCK, reserve) };
      this.#blocks.set(devEui, known);
    }
    const counter = await known.counters.take();
    if (counter === undefined && this.#blocks.get(devEui) === known) this.#blocks.delete(devEui);
    return counter;
  }
}
