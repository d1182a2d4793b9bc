import type { PayloadLimits, Region } from './region.ts';

/** Circumstances that make frames shorter. */
export interface PayloadCircumstances {
  /** A repeater may sit between device and gateway. */
  readonly repeater?: boolean;
  /** A dwell time of 400 ms is in force in the direction of the frame. */
  readonly dwell?: boolean;
}

/**
 * The largest application payload N of a data rate, in octets, when FOpts is empty; every octet of FOpts takes one away.
 * The PHYPayload has 13 octets more. 0 where not even an empty payload may be sent.
 * @returns undefined when the region does not define the data rate in any direction
 */
export function maxPayloadOctets(
  region: Region,
  dataRate: number,
  circumstances: PayloadCircumstances = {},
): number | undefined {
  return tableOf(region.payload, circumstances)[dataRate];
}

/**
 * The payload that every edition of the regional parameters and every network server allows at a downlink data rate,
 * repeaters included, no dwell time in force: what a multicast frame may hold when little is known of its receivers.
 * @returns undefined when the region does not define the downlink data rate
 */
export function safeMulticastPayloadOctets(region: Region, dataRate: number): number | undefined {
  if (region.downlinkDataRates[dataRate] === undefined) return undefined;
  return region.payload.olderEditions?.[dataRate] ?? region.payload.repeater[dataRate];
}

function tableOf(limits: PayloadLimits, { repeater, dwell }: PayloadCircumstances): PayloadLimits['plain'] {
  if (dwell === true) {
    const table = repeater === true ? limits.dwellRepeater : limits.dwell;
    if (table !== undefined) return table;
  }
  return repeater === true ? limits.repeater : limits.plain;
}
