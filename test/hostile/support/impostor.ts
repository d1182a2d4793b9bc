import type { Socket } from 'node:dgram';
import { gatewayDatagram } from '@airlift/gateways';
import type { Eui64 } from '@airlift/kernel';
import { boundSocket } from '../../crash/support/udp-tap.ts';

const PULL_RESP = 3;

/** Somebody who poses as a gateway of others: pulls in its name, and says of every frame that it was sent. */
export class Impostor {
  /** PULL_RESP that came here instead of to the gateway. */
  stolen = 0;
  pulls = 0;
  readonly #socket: Socket;
  readonly #port: number;
  readonly #victim: Eui64;
  readonly #timer: NodeJS.Timeout;

  private constructor(socket: Socket, port: number, victim: Eui64, everyMs: number) {
    this.#socket = socket;
    this.#port = port;
    this.#victim = victim;
    socket.on('message', (octets) => {
      if (octets[3] !== PULL_RESP) return;
      this.stolen += 1;
      this.#send('tx-ack', (octets[1] ?? 0) * 256 + (octets[2] ?? 0));
    });
    let token = 0;
    this.#timer = setInterval(() => {
      token = (token + 1) & 0xffff;
      this.pulls += 1;
      this.#send('pull-data', token);
      // Tokens count upwards: some of these meet one that is waited for.
      for (let guess = 0; guess < 16; guess++) this.#send('tx-ack', (token * 16 + guess) & 0xffff);
    }, everyMs);
  }

  static async open(port: number, victim: Eui64, everyMs: number): Promise<Impostor> {
    return new Impostor(await boundSocket(), port, victim, everyMs);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.close();
  }

  #send(kind: 'pull-data' | 'tx-ack', token: number): void {
    this.#socket.send(gatewayDatagram(kind, token, this.#victim), this.#port, '127.0.0.1', () => undefined);
  }
}
