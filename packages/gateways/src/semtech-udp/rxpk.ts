import { type GpsMs, gpsMs, PeerError } from '@airlift/kernel';
import { type Modulation, parseDatr } from '@airlift/lorawan';
import { isRecord } from './datagram.ts';

/** One reception as a packet forwarder reports it. */
export interface Rxpk {
  readonly phyPayload: Uint8Array;
  readonly frequencyHz: number;
  readonly modulation: Modulation;
  readonly rssiDbm: number;
  readonly snrDb: number;
  readonly counterUs: number;
  readonly gpsTime: GpsMs | undefined;
  /** Board and antenna to answer on; undefined on ordinary gateways. */
  readonly board: number | undefined;
  readonly antenna: number | undefined;
}

const MAX_PHY_OCTETS = 255;
const COUNTER_LIMIT = 0x1_0000_0000;
/** Base64 of so many octets, padded. */
const MAX_DATA_CHARACTERS = 4 * Math.ceil(MAX_PHY_OCTETS / 3);
/** No concentrator receives outside of these. */
const MIN_FREQUENCY_MHZ = 100;
const MAX_FREQUENCY_MHZ = 3_000;

/**
 * Reads one element of `rxpk`. Unknown keys are ignored.
 * @throws PeerError `rxpk-invalid`, or `rxpk-crc` for a frame whose radio checksum failed or was absent
 */
export function parseRxpk(value: unknown): Rxpk {
  if (!isRecord(value)) throw new PeerError('rxpk-invalid', 'rxpk holds something that is not an object');
  if (value.stat !== undefined && value.stat !== 1) throw new PeerError('rxpk-crc', 'bad or missing radio checksum');
  const signal = bestSignal(value);
  const counterUs = number(value, 'tmst');
  if (!Number.isInteger(counterUs) || counterUs < 0 || counterUs >= COUNTER_LIMIT) {
    throw new PeerError('rxpk-invalid', 'tmst is not a 32-bit counter');
  }
  const frequencyMhz = number(value, 'freq');
  if (frequencyMhz < MIN_FREQUENCY_MHZ || frequencyMhz > MAX_FREQUENCY_MHZ) {
    throw new PeerError('rxpk-invalid', 'freq is not a frequency in megahertz');
  }
  return {
    phyPayload: payload(value),
    frequencyHz: Math.round(frequencyMhz * 1e6),
    modulation: modulation(value),
    rssiDbm: signal.rssiDbm,
    snrDb: signal.snrDb,
    counterUs,
    gpsTime: isFiniteNumber(value.tmms) ? gpsMs(value.tmms) : undefined,
    board: optionalInteger(value.brd),
    antenna: signal.antenna,
  };
}

function number(record: Readonly<Record<string, unknown>>, key: string): number {
  const value = record[key];
  if (!isFiniteNumber(value)) throw new PeerError('rxpk-invalid', `${key} is not a number`);
  return value;
}

/** JSON can hold numbers that are too large for one here: they are read as infinite. */
function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function optionalInteger(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function payload(record: Readonly<Record<string, unknown>>): Uint8Array {
  const { data, size } = record;
  if (typeof data !== 'string') throw new PeerError('rxpk-invalid', 'data is not text');
  if (data.length > MAX_DATA_CHARACTERS) throw new PeerError('rxpk-invalid', 'data is longer than a frame can be');
  // Forwarders differ in whether they pad.
  const text = data.replace(/=+$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(text)) throw new PeerError('rxpk-invalid', 'data is not base64');
  const octets = new Uint8Array(Buffer.from(text, 'base64'));
  if (octets.length === 0 || octets.length > MAX_PHY_OCTETS) {
    throw new PeerError('rxpk-invalid', `a frame of ${octets.length} octets`);
  }
  if (typeof size === 'number' && size !== octets.length) {
    throw new PeerError('rxpk-invalid', 'size differs from the length of data');
  }
  return octets;
}

function modulation({ modu, datr, codr }: Readonly<Record<string, unknown>>): Modulation {
  if (modu === 'FSK' && typeof datr === 'number') return parseDatr(datr);
  if ((modu === 'LORA' || modu === 'LR-FHSS') && typeof datr === 'string') {
    return parseDatr(datr, typeof codr === 'string' ? codr : undefined);
  }
  throw new PeerError('rxpk-invalid', 'modu and datr name no modulation');
}

/** The version 2 reference design reports each antenna in `rsig`; the strongest one counts and answers. */
function bestSignal(record: Readonly<Record<string, unknown>>): {
  rssiDbm: number;
  snrDb: number;
  antenna: number | undefined;
} {
  if (!Array.isArray(record.rsig)) {
    const snr = isFiniteNumber(record.lsnr) ? record.lsnr : 0;
    const rssi = isFiniteNumber(record.rssi) ? record.rssi : 0;
    return { rssiDbm: rssi, snrDb: snr, antenna: optionalInteger(record.ant) };
  }
  let best: { rssiDbm: number; snrDb: number; antenna: number | undefined } | undefined;
  for (const entry of record.rsig) {
    if (!isRecord(entry)) continue;
    const snrDb = isFiniteNumber(entry.lsnr) ? entry.lsnr : 0;
    const rssiDbm = isFiniteNumber(entry.rssic) ? entry.rssic : isFiniteNumber(entry.rssis) ? entry.rssis : 0;
    if (best === undefined || snrDb > best.snrDb) best = { rssiDbm, snrDb, antenna: optionalInteger(entry.ant) };
  }
  if (best === undefined) throw new PeerError('rxpk-invalid', 'rsig is empty');
  return best;
}
