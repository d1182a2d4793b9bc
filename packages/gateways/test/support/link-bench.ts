import { type Eui64, parseEui64, Rng, VirtualClock } from '@airlift/kernel';
import { formatDatr } from '@airlift/lorawan';
import type { NetworkLogEntry, ReceivedFrame, TransmitOutcome, TransmitRequest } from '@airlift/network';
import { gatewayDatagram, SemtechUdpLink, type UdpPeer } from '../../src/index.ts';
import { MemoryUdpSocket, type SentDatagram } from './memory-udp-socket.ts';

export const GATEWAY: Eui64 = parseEui64('a84041fdfe276a10');
/** Forwarders pull from one port and push from another. */
export const PULLS_FROM: UdpPeer = { address: '198.51.100.7', port: 40_001 };
export const PUSHES_FROM: UdpPeer = { address: '198.51.100.7', port: 40_002 };

export const REQUEST: TransmitRequest = {
  gatewayEui: GATEWAY,
  phyPayload: Uint8Array.of(0x60, 1, 2, 3, 4, 0, 0, 0, 9, 9, 9, 9),
  frequencyHz: 868_500_000,
  modulation: { kind: 'lora', spreadingFactor: 7, bandwidthKhz: 125 },
  powerDbm: 14,
  time: { kind: 'at-counter', counterUs: 7 },
  context: undefined,
};

/** A link on a socket in memory. */
export class LinkBench {
  readonly clock = new VirtualClock();
  readonly socket = new MemoryUdpSocket();
  readonly heard: ReceivedFrame[] = [];
  readonly log: NetworkLogEntry[] = [];
  readonly link = new SemtechUdpLink({
    socket: this.socket,
    clock: this.clock,
    entropy: new Rng('tokens'),
    log: (entry) => this.log.push(entry),
  });

  constructor() {
    this.link.onFrame((frame) => this.heard.push(frame));
  }

  pull(gatewayEui = GATEWAY, from = PULLS_FROM, token = 0x1234): void {
    this.socket.arrive(gatewayDatagram('pull-data', token, gatewayEui), from);
  }

  push(body: string | object, gatewayEui = GATEWAY, from = PUSHES_FROM, token = 0x4321): void {
    const json = typeof body === 'string' ? body : JSON.stringify(body);
    this.socket.arrive(gatewayDatagram('push-data', token, gatewayEui, json), from);
  }

  acknowledge(token: number, json = '', gatewayEui = GATEWAY, from = PULLS_FROM): void {
    this.socket.arrive(gatewayDatagram('tx-ack', token, gatewayEui, json), from);
  }

  /** What was sent since the last look. */
  sent(): SentDatagram[] {
    return this.socket.sent.splice(0);
  }

  /** Hands in a frame and gives back its PULL_RESP and the coming outcome. */
  transmit(more: Partial<TransmitRequest> = {}): { outcome: Promise<TransmitOutcome>; order: Order } {
    this.sent();
    const outcome = this.link.transmit({ ...REQUEST, ...more });
    const [datagram] = this.sent();
    if (datagram === undefined) throw new Error('nothing was sent');
    return { outcome, order: orderOf(datagram) };
  }
}

/** A PULL_RESP taken apart. */
export interface Order {
  readonly to: UdpPeer;
  readonly version: number;
  readonly token: number;
  readonly txpk: Readonly<Record<string, unknown>>;
}

export function isOrder({ octets }: SentDatagram): boolean {
  return octets[3] === 3;
}

export function orderOf(datagram: SentDatagram): Order {
  const { octets, to } = datagram;
  if (!isOrder(datagram)) throw new Error('not a PULL_RESP');
  const body: unknown = JSON.parse(new TextDecoder().decode(octets.subarray(4)));
  const { txpk } = body as { txpk: Record<string, unknown> };
  return { to, version: octets[0] ?? 0, token: (octets[1] ?? 0) * 256 + (octets[2] ?? 0), txpk };
}

/** A reception as a packet forwarder reports it. */
export function rxpkOf(frame: Omit<ReceivedFrame, 'gatewayEui' | 'receivedAt' | 'context'>): Record<string, unknown> {
  const { modulation, phyPayload } = frame;
  return {
    tmst: frame.counterUs,
    chan: 2,
    rfch: 0,
    freq: frame.frequencyHz / 1e6,
    stat: 1,
    modu: modulation.kind === 'fsk' ? 'FSK' : 'LORA',
    datr: formatDatr(modulation),
    ...(modulation.kind === 'fsk' ? {} : { codr: '4/5', lsnr: frame.snrDb }),
    rssi: frame.rssiDbm,
    size: phyPayload.length,
    data: Buffer.from(phyPayload).toString('base64'),
    ...(frame.gpsTime === undefined ? {} : { tmms: frame.gpsTime }),
  };
}
