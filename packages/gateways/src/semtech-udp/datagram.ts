import { type Eui64, eui64BigEndian, eui64FromBigEndian, PeerError } from '@airlift/kernel';

/** Protocol versions in the field. Version 1 forwarders send no TX_ACK; they are answered in their own version. */
export type ProtocolVersion = 1 | 2;

/** A datagram that a packet forwarder sends. `token` are two opaque octets to be echoed. */
export type GatewayDatagram =
  | {
      readonly kind: 'push-data';
      readonly version: ProtocolVersion;
      readonly token: number;
      readonly gatewayEui: Eui64;
      readonly body: Readonly<Record<string, unknown>>;
    }
  | {
      readonly kind: 'pull-data';
      readonly version: ProtocolVersion;
      readonly token: number;
      readonly gatewayEui: Eui64;
    }
  | {
      readonly kind: 'tx-ack';
      readonly version: ProtocolVersion;
      readonly token: number;
      readonly gatewayEui: Eui64;
      /** `txpk_ack.error` when it names one that is not a success, else undefined. */
      readonly error: string | undefined;
      /** `txpk_ack.warn`: sent all the same, differently than asked. */
      readonly warning: string | undefined;
    };

const PUSH_DATA = 0;
const PUSH_ACK = 1;
const PULL_DATA = 2;
const PULL_RESP = 3;
const PULL_ACK = 4;
const TX_ACK = 5;

const HEAD_OCTETS = 4;
const EUI_END = 12;
/** What a gateway gives as a reason is kept and shown, but not without limit. */
const MAX_WORD_CHARACTERS = 64;

/** The first twelve octets of what a gateway sends: enough to know whether it is worth reading on. */
export interface DatagramHead {
  readonly kind: GatewayDatagram['kind'];
  readonly version: ProtocolVersion;
  readonly token: number;
  readonly gatewayEui: Eui64;
}

/**
 * Reads the head alone.
 * @throws PeerError `datagram-short` | `datagram-version` | `datagram-kind`; nothing else for any octets
 */
export function parseDatagramHead(octets: Uint8Array): DatagramHead {
  const [version, tokenHigh, tokenLow, code] = octets;
  if (version === undefined || tokenHigh === undefined || tokenLow === undefined || code === undefined) {
    throw new PeerError('datagram-short', 'a datagram has at least four octets');
  }
  if (version !== 1 && version !== 2) throw new PeerError('datagram-version', `protocol version ${version}`);
  const kind =
    code === PUSH_DATA ? 'push-data' : code === PULL_DATA ? 'pull-data' : code === TX_ACK ? 'tx-ack' : undefined;
  if (kind === undefined) throw new PeerError('datagram-kind', `a gateway does not send kind ${code}`);
  if (octets.length < EUI_END) throw new PeerError('datagram-short', 'the gateway EUI is cut off');
  const token = tokenHigh * 256 + tokenLow;
  return { kind, version, token, gatewayEui: eui64FromBigEndian(octets.subarray(HEAD_OCTETS, EUI_END)) };
}

/**
 * Reads what a packet forwarder sent.
 * @throws PeerError `datagram-short` | `datagram-version` | `datagram-kind` | `datagram-json`; nothing else for any octets
 */
export function parseGatewayDatagram(octets: Uint8Array, head = parseDatagramHead(octets)): GatewayDatagram {
  const { kind, ...rest } = head;
  const body = octets.subarray(EUI_END);
  if (kind === 'pull-data') return { kind, ...rest };
  if (kind === 'push-data') return { kind, ...rest, body: parseObject(body) };
  return { kind, ...rest, ...parseTxAck(body) };
}

/** The answer to PUSH_DATA. */
export function pushAck(version: ProtocolVersion, token: number): Uint8Array {
  return head(version, token, PUSH_ACK);
}

/** The answer to PULL_DATA. */
export function pullAck(version: ProtocolVersion, token: number): Uint8Array {
  return head(version, token, PULL_ACK);
}

/** A frame to transmit; `txpk` as `buildTxpk` makes it. */
export function pullResp(version: ProtocolVersion, token: number, txpk: object): Uint8Array {
  const body = new TextEncoder().encode(JSON.stringify({ txpk }));
  const datagram = new Uint8Array(HEAD_OCTETS + body.length);
  datagram.set(head(version, token, PULL_RESP));
  datagram.set(body, HEAD_OCTETS);
  return datagram;
}

/** What a forwarder would send; for fakes and tests of the other side. */
export function gatewayDatagram(
  kind: 'push-data' | 'pull-data' | 'tx-ack',
  token: number,
  gatewayEui: Eui64,
  json = '',
): Uint8Array {
  const code = kind === 'push-data' ? PUSH_DATA : kind === 'pull-data' ? PULL_DATA : TX_ACK;
  const body = new TextEncoder().encode(json);
  const datagram = new Uint8Array(EUI_END + body.length);
  datagram.set(head(2, token, code));
  datagram.set(eui64BigEndian(gatewayEui), HEAD_OCTETS);
  datagram.set(body, EUI_END);
  return datagram;
}

function head(version: ProtocolVersion, token: number, kind: number): Uint8Array {
  return Uint8Array.of(version, token >> 8, token & 255, kind);
}

function parseObject(octets: Uint8Array): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets));
  } catch (cause) {
    throw new PeerError('datagram-json', 'the body is not JSON', { cause });
  }
  if (!isRecord(value)) throw new PeerError('datagram-json', 'the body is not a JSON object');
  return value;
}

function parseTxAck(octets: Uint8Array): { error: string | undefined; warning: string | undefined } {
  // An empty body is how older forwarders say that all went well; some end it with a NUL.
  const end = octets.findLastIndex((octet) => octet !== 0) + 1;
  if (end === 0) return { error: undefined, warning: undefined };
  const acknowledgement = parseObject(octets.subarray(0, end)).txpk_ack;
  if (!isRecord(acknowledgement)) return { error: undefined, warning: undefined };
  const { error, warn } = acknowledgement;
  return {
    error:
      typeof error === 'string' && error !== '' && error.toUpperCase() !== 'NONE'
        ? error.slice(0, MAX_WORD_CHARACTERS)
        : undefined,
    warning: typeof warn === 'string' && warn !== '' ? warn.slice(0, MAX_WORD_CHARACTERS) : undefined,
  };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
