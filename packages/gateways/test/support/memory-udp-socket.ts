import type { UdpPeer, UdpSocket } from '../../src/index.ts';

/** A datagram that left the socket. */
export interface SentDatagram {
  readonly octets: Uint8Array;
  readonly to: UdpPeer;
}

/** A socket whose far end is the test. */
export class MemoryUdpSocket implements UdpSocket {
  readonly port = 1700;
  readonly sent: SentDatagram[] = [];
  closed = false;
  /** Hears of everything that is sent, while it is sent. */
  onSent: (datagram: SentDatagram) => void = () => undefined;
  #listener: (octets: Uint8Array, from: UdpPeer) => void = () => undefined;

  onDatagram(listener: (octets: Uint8Array, from: UdpPeer) => void): void {
    this.#listener = listener;
  }

  send(octets: Uint8Array, to: UdpPeer): void {
    if (this.closed) return;
    const datagram = { octets, to };
    this.sent.push(datagram);
    this.onSent(datagram);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** Lets a datagram arrive. */
  arrive(octets: Uint8Array, from: UdpPeer): void {
    this.#listener(octets, from);
  }
}
