import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { DatagramSocket } from './datagram-socket.ts';

/**
 * A UDP socket connected to one server. A server that is not there yet is no error: datagrams are lost until it is, and
 * a name that does not resolve is looked up again with the next datagram.
 */
export class UdpSocket implements DatagramSocket {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #port: number;
  #state: 'idle' | 'connecting' | 'connected' | 'closed' = 'idle';
  #waiting: Uint8Array | undefined;
  #listener: ((datagram: Uint8Array) => void) | undefined;

  constructor(server: { readonly host: string; readonly port: number }) {
    this.#host = server.host;
    this.#port = server.port;
    this.#socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4');
    this.#socket.on('message', (message) => this.#listener?.(new Uint8Array(message)));
    // A refused datagram comes back as an error event; the next one may well arrive.
    this.#socket.on('error', () => {
      if (this.#state === 'connecting') this.#state = 'idle';
    });
  }

  send(datagram: Uint8Array): void {
    if (this.#state === 'connected') {
      this.#socket.send(datagram, () => undefined);
      return;
    }
    // Only the latest datagram waits for the connection: what is older is about to be repeated anyway.
    this.#waiting = datagram;
    if (this.#state === 'idle') this.#connect();
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#listener = listener;
  }

  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#socket.close();
  }

  #connect(): void {
    this.#state = 'connecting';
    this.#socket.connect(this.#port, this.#host, () => {
      if (this.#state === 'closed') return;
      this.#state = 'connected';
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting !== undefined) this.send(waiting);
    });
  }
}
