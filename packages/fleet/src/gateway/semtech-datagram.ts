import { type Eui64, eui64BigEndian, eui64FromBigEndian, PeerError } from '@airlift/kernel';

/** The six kinds of datagram of the Semtech UDP protocol, version 2. */
export type DatagramKind = 'push-data' | 'push-ack' | 'pull-data' | 'pull-resp' | 'pull-ack' | 'tx-ack';

/** One datagram, its JSON still as text. */
export interface Datagram {
  readonly kind: DatagramKind;
  /** The two token octets as a big-endian number; opaque to whoever echoes it. */
  readonly token: number;
  /** Present in what gateways send (PUSH_DATA, PULL_DATA, TX_ACK) and in nothing else. */
  readonly gatewayEui?: Eui64;
  /** Text after the head; absent when there is none. */
  readonly json?: string;
}

const VERSION = 2;
const HEAD_OCTETS = 4;

const KIND_OF_ID: readonly (DatagramKind | undefined)[] = [
  'push-data',
  'push-ack',
  'pull-data',
  'pull-resp',
  'pull-ack',
  'tx-ack',
];

const NAMES_GATEWAY: ReadonlySet<DatagramKind> = new Set(['push-data', 'pull-data', 'tx-ack']);
const CARRIES_JSON: ReadonlySet<DatagramKind> = new Set(['push-data', 'pull-resp', 'tx-ack']);

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

/** The octets of a datagram. A missing `gatewayEui` of a kind that names one is a mistake of the caller's. */
export function encodeDatagram(datagram: Datagram): Uint8Array {
  const { kind, token, gatewayEui, json = '' } = datagram;
  const eui = NAMES_GATEWAY.has(kind) && gatewayEui !== undefined ? eui64BigEndian(gatewayEui) : new Uint8Array(0);
  const text = utf8.encode(json);
  const octets = new Uint8Array(HEAD_OCTETS + eui.length + text.length);
  octets.set([VERSION, (token >> 8) & 255, token & 255, KIND_OF_ID.indexOf(kind)]);
  octets.set(eui, HEAD_OCTETS);
  octets.set(text, HEAD_OCTETS + eui.length);
  return octets;
}

/**
 * Reads a datagram of either direction; the JSON is not looked at.
 * @throws PeerError `semtech-short`, `semtech-version`, `semtech-kind`
 */
export function decodeDatagram(octets: Uint8Array): Datagram {
  if (octets.length < HEAD_OCTETS) throw new PeerError('semtech-short', `a datagram of ${octets.length} octets`);
  if (octets[0] !== VERSION) throw new PeerError('semtech-version', `protocol version ${octets[0]}`);
  const kind = KIND_OF_ID[octets[3] ?? 255];
  if (kind === undefined) throw new PeerError('semtech-kind', `datagram kind ${octets[3]}`);
  const token = ((octets[1] ?? 0) << 8) | (octets[2] ?? 0);
  let at = HEAD_OCTETS;
  let gatewayEui: Eui64 | undefined;
  if (NAMES_GATEWAY.has(kind)) {
    at += 8;
    if (octets.length < at) throw new PeerError('semtech-short', 'a datagram that breaks off in the gateway EUI');
    gatewayEui = eui64FromBigEndian(octets.subarray(HEAD_OCTETS, at));
  }
  const json = CARRIES_JSON.has(kind) && octets.length > at ? fromUtf8.decode(octets.subarray(at)) : undefined;
  return {
    kind,
    token,
    ...(gatewayEui === undefined ? {} : { gatewayEui }),
    ...(json === undefined ? {} : { json }),
  };
}
