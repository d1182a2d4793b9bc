import { CallerError } from '@airlift/kernel';
import type { Direction } from './fctrl.ts';
import type { DownlinkModulation } from './modulation.ts';

/** One LoRa transmission. Left out, the options are those of every LoRaWAN data frame. */
export interface LoraTransmission {
  /** 7..12 */
  readonly spreadingFactor: number;
  readonly bandwidthKhz: number;
  /** The whole PHYPayload: 13 octets and the application payload when there are no FOpts. */
  readonly payloadOctets: number;
  /** Uplinks carry a checksum over the payload, downlinks (also multicast) do not. */
  readonly payloadCrc: boolean;
  /** 1 stands for 4/5, 4 for 4/8; default 1. */
  readonly codingRate?: 1 | 2 | 3 | 4;
  /** Symbols before the synchronisation word; default 8 (beacons: 10). */
  readonly preambleSymbols?: number;
  /** Without the header that announces length and coding, as beacons are sent; default false. */
  readonly implicitHeader?: boolean;
}

/**
 * Milliseconds a LoRa transmission is on the air, exact to the symbol.
 * @throws CallerError `spreading-factor`: other spreading factors have another frame structure
 */
export function timeOnAirMs(transmission: LoraTransmission): number {
  const { spreadingFactor: sf, bandwidthKhz, payloadOctets, payloadCrc } = transmission;
  const { codingRate = 1, preambleSymbols = 8, implicitHeader = false } = transmission;
  if (!Number.isInteger(sf) || sf < 7 || sf > 12) {
    throw new CallerError('spreading-factor', 'time on air is defined here for SF7 to SF12');
  }
  const chips = 2 ** sf;
  // Low data rate optimisation, two bits fewer a symbol, starts at symbols of 16 ms.
  const bitsPerSymbol = chips / bandwidthKhz >= 16 ? sf - 2 : sf;
  const bits = 8 * payloadOctets - 4 * sf + 28 + (payloadCrc ? 16 : 0) - (implicitHeader ? 20 : 0);
  const payloadSymbols = 8 + Math.max(Math.ceil(bits / (4 * bitsPerSymbol)) * (codingRate + 4), 0);
  return ((preambleSymbols + 4.25 + payloadSymbols) * chips) / bandwidthKhz;
}

/**
 * Milliseconds an FSK transmission is on the air: 5 octets of preamble, 3 of synchronisation, one of length, the
 * payload and 2 of checksum (LoRaWAN has it in both directions).
 */
export function fskTimeOnAirMs(transmission: {
  /** bit/s; default 50 000 */
  readonly bitRate?: number;
  /** The whole PHYPayload. */
  readonly payloadOctets: number;
  /** Default true. */
  readonly payloadCrc?: boolean;
}): number {
  const { bitRate = 50_000, payloadOctets, payloadCrc = true } = transmission;
  return ((5 + 3 + 1 + payloadOctets + (payloadCrc ? 2 : 0)) * 8 * 1000) / bitRate;
}

/**
 * Milliseconds a LoRaWAN frame is on the air.
 * @param phyOctets length of the PHYPayload
 * @throws CallerError `spreading-factor`
 */
export function frameTimeOnAirMs(modulation: DownlinkModulation, phyOctets: number, direction: Direction): number {
  if (modulation.kind === 'fsk') return fskTimeOnAirMs({ bitRate: modulation.bitRate, payloadOctets: phyOctets });
  return timeOnAirMs({
    spreadingFactor: modulation.spreadingFactor,
    bandwidthKhz: modulation.bandwidthKhz,
    payloadOctets: phyOctets,
    payloadCrc: direction === 'up',
  });
}
