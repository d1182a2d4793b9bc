/** Why a frame was not queued, in the words of TX_ACK. */
export type JitRefusal = 'TOO_LATE' | 'TOO_EARLY' | 'COLLISION_PACKET';

/** What tells one packet forwarder's timing from another's (gateways-and-mac.md A.4). Microseconds. */
export interface ForwarderModel {
  readonly name: string;
  /** A frame nearer than this is TOO_LATE. */
  readonly leadUs: number;
  /** Taken up before every transmission. */
  readonly preDelayUs: number;
  /** Where a frame for "immediately" is put first. */
  readonly immediateUs: number;
  /** Body of a TX_ACK that reports success; undefined for none. */
  readonly successBody: string | undefined;
}

/** Semtech's forwarder for SX1302 and SX1303 concentrators, version 2.1.0. */
export const SX1302_FORWARDER: ForwarderModel = {
  name: 'sx1302_hal',
  leadUs: 42_500,
  preDelayUs: 41_500,
  immediateUs: 80_000,
  successBody: undefined,
};

/** Semtech's forwarder for SX1301 concentrators, version 4.0.1. */
export const SX1301_FORWARDER: ForwarderModel = {
  name: 'packet_forwarder',
  leadUs: 32_500,
  preDelayUs: 31_500,
  immediateUs: 1_000_000,
  successBody: '{"txpk_ack":{"error":"NONE"}}',
};

const MARGIN_US = 1_000;
const TOO_EARLY_US = (3 + 1) * 128 * 1_000_000;
const CAPACITY = 32;

/** A frame to be queued; `startUs` on the unwrapped counter, absent for "as soon as possible". */
export interface JitRequest<Frame> {
  readonly startUs?: number;
  readonly airtimeUs: number;
  readonly frame: Frame;
}

/** A frame with its place in time. */
export interface JitEntry<Frame> {
  readonly startUs: number;
  readonly endUs: number;
  readonly frame: Frame;
}

/**
 * The just-in-time queue of a forwarder: one transmitter, frames at exact counts. An entry stays until its frame has
 * left the air, so that nothing is put on top of a transmission under way. Pure: the caller passes the time.
 */
export class JitQueue<Frame> {
  readonly #model: ForwarderModel;
  #entries: JitEntry<Frame>[] = [];

  constructor(model: ForwarderModel) {
    this.#model = model;
  }

  /** Queues a frame and returns its entry, or tells why not. */
  enqueue(nowUs: number, request: JitRequest<Frame>): JitEntry<Frame> | JitRefusal {
    this.#entries = this.#entries.filter((entry) => entry.endUs > nowUs);
    if (this.#entries.length >= CAPACITY) return 'COLLISION_PACKET';
    const startUs = request.startUs ?? this.#firstFree(nowUs + this.#model.immediateUs, request.airtimeUs);
    const leadUs = startUs - nowUs;
    if (leadUs <= this.#model.leadUs) return 'TOO_LATE';
    if (leadUs > TOO_EARLY_US) return 'TOO_EARLY';
    if (this.#collides(startUs, request.airtimeUs)) return 'COLLISION_PACKET';
    const entry: JitEntry<Frame> = { startUs, endUs: startUs + request.airtimeUs, frame: request.frame };
    this.#entries.push(entry);
    this.#entries.sort((a, b) => a.startUs - b.startUs);
    return entry;
  }

  /** Frames waiting or on air at this count. */
  length(nowUs: number): number {
    return this.#entries.filter((entry) => entry.endUs > nowUs).length;
  }

  #collides(startUs: number, airtimeUs: number): boolean {
    const { preDelayUs } = this.#model;
    return this.#entries.some(
      (entry) =>
        startUs - preDelayUs - MARGIN_US <= entry.endUs &&
        entry.startUs - preDelayUs - MARGIN_US <= startUs + airtimeUs,
    );
  }

  /** The first gap long enough: at `earliestUs`, else behind one of the queued frames. */
  #firstFree(earliestUs: number, airtimeUs: number): number {
    if (!this.#collides(earliestUs, airtimeUs)) return earliestUs;
    const behind = this.#entries
      .map((entry) => entry.endUs + this.#model.preDelayUs + 2 * MARGIN_US)
      .filter((candidate) => candidate >= earliestUs);
    // Behind the last entry there is always room.
    return behind.find((candidate) => !this.#collides(candidate, airtimeUs)) ?? earliestUs;
  }
}
