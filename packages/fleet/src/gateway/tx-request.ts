import { PeerError } from '@airlift/kernel';

/** When a frame is to be sent; of several given, `imme` counts before `tmst` and `tmst` before `tmms`. */
export type TxTime =
  | { readonly kind: 'immediately' }
  /** The concentrator's counter, microseconds modulo 2^32. */
  | { readonly kind: 'counter'; readonly tmst: number }
  /** GPS time, milliseconds. */
  | { readonly kind: 'gps'; readonly tmms: number };

/** The `txpk` object of a PULL_RESP, checked as a packet forwarder checks it (gateways-and-mac.md A.3). */
export interface TxRequest {
  readonly time: TxTime;
  readonly frequencyHz: number;
  readonly modulation: 'LORA' | 'FSK';
  /** `SF7BW125` and the like, or the bit rate of FSK as text. */
  readonly dataRate: string;
  readonly rfChain: number;
  /** Devices hear inverted polarity only. */
  readonly invertedPolarity: boolean;
  /** Whether the frame carries a payload CRC, which lengthens it; absent `ncrc` means it does. */
  readonly payloadCrc: boolean;
  /** Symbols. */
  readonly preamble: number;
  /** PHYPayload; `size` octets, whatever the length of `data`. */
  readonly octets: Uint8Array;
}

/**
 * Reads the JSON of a PULL_RESP. Forwarders drop what this refuses without a TX_ACK.
 * @throws PeerError `txpk-json`, `txpk-missing` (a mandatory field), `txpk-invalid` (a field of the wrong kind)
 */
export function parseTxRequest(json: string): TxRequest {
  const txpk = field(parsed(json), 'txpk');
  if (!isRecord(txpk)) throw new PeerError('txpk-missing', 'no txpk object');
  const modulation = field(txpk, 'modu');
  if (modulation !== 'LORA' && modulation !== 'FSK') throw new PeerError('txpk-invalid', 'unknown modulation');
  const size = wholeNumber(txpk, 'size', 255);
  return {
    time: timeOf(txpk),
    frequencyHz: Math.trunc(number(txpk, 'freq') * 1e6),
    modulation,
    dataRate: dataRateOf(txpk, modulation),
    rfChain: wholeNumber(txpk, 'rfch', 3),
    invertedPolarity: field(txpk, 'ipol') === true,
    payloadCrc: field(txpk, 'ncrc') !== true,
    preamble: field(txpk, 'prea') === undefined ? 8 : wholeNumber(txpk, 'prea', 65535),
    octets: payload(txpk, size),
  };
}

function parsed(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new PeerError('txpk-json', 'not JSON', { cause });
  }
  if (!isRecord(value)) throw new PeerError('txpk-json', 'not a JSON object');
  return value;
}

function timeOf(txpk: Record<string, unknown>): TxTime {
  if (field(txpk, 'imme') === true) return { kind: 'immediately' };
  if (field(txpk, 'tmst') !== undefined) return { kind: 'counter', tmst: wholeNumber(txpk, 'tmst', 0xffff_ffff) };
  if (field(txpk, 'tmms') !== undefined) {
    return { kind: 'gps', tmms: wholeNumber(txpk, 'tmms', Number.MAX_SAFE_INTEGER) };
  }
  throw new PeerError('txpk-missing', 'neither imme nor tmst nor tmms');
}

function dataRateOf(txpk: Record<string, unknown>, modulation: 'LORA' | 'FSK'): string {
  const value = field(txpk, 'datr');
  if (modulation === 'FSK') {
    wholeNumber(txpk, 'fdev', 250_000);
    return String(wholeNumber(txpk, 'datr', 300_000));
  }
  if (typeof value !== 'string' || !/^SF([7-9]|1[0-2])BW(125|250|500)$/.test(value)) {
    throw new PeerError('txpk-invalid', 'unknown data rate');
  }
  const codingRate = field(txpk, 'codr');
  if (typeof codingRate !== 'string') throw new PeerError('txpk-missing', 'no codr');
  if (!/^4\/[5-8]$/.test(codingRate)) throw new PeerError('txpk-invalid', 'unknown coding rate');
  return value;
}

function payload(txpk: Record<string, unknown>, size: number): Uint8Array {
  const data = field(txpk, 'data');
  if (typeof data !== 'string') throw new PeerError('txpk-missing', 'no data');
  const octets = new Uint8Array(size);
  octets.set(Buffer.from(data, 'base64').subarray(0, size));
  return octets;
}

function number(txpk: Record<string, unknown>, name: string): number {
  const value = field(txpk, name);
  if (value === undefined) throw new PeerError('txpk-missing', `no ${name}`);
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new PeerError('txpk-invalid', `${name} is no number`);
  return value;
}

function wholeNumber(txpk: Record<string, unknown>, name: string, limit: number): number {
  const value = number(txpk, name);
  if (!Number.isInteger(value) || value < 0 || value > limit) {
    throw new PeerError('txpk-invalid', `${name} is out of range`);
  }
  return value;
}

function field(record: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
