import type { Socket } from 'node:dgram';
import { gatewayDatagram } from '@airlift/gateways';
import type { Eui64 } from '@airlift/kernel';
import { boundSocket } from '../../crash/support/udp-tap.ts';

const PUSH_ACK = 1;
const PULL_RESP = 3;
const PULL_ACK = 4;
const HEAD_OCTETS = 4;

/** A frame that the server asked to send. */
export interface Order {
  readonly token: number;
  readonly phyPayload: Uint8Array;
}

/** A packet forwarder that sends whatever it is told to, well-formed or not. */
export class RawGateway {
  readonly eui: Eui64;
  readonly orders: Order[] = [];
  pushAcks = 0;
  pullAcks = 0;
  readonly #socket: Socket;
  readonly #port: number;
  #token = 0;
  #tmst = 1_000_000;

  private constructor(socket: Socket, port: number, eui: Eui64) {
    this.#socket = socket;
    this.#port = port;
    this.eui = eui;
    socket.on('message', (octets) => this.#receive(octets));
  }

  static async open(port: number, eui: Eui64): Promise<RawGateway> {
    return new RawGateway(await boundSocket(), port, eui);
  }

  /** Sends octets as they are. Resolves when the system has taken them. */
  send(octets: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.send(octets, this.#port, '127.0.0.1', () => resolve());
    });
  }

  pull(eui: Eui64 = this.eui): Promise<void> {
    return this.send(gatewayDatagram('pull-data', this.#nextToken(), eui));
  }

  /** PUSH_DATA with any text for its JSON. */
  pushText(json: string, eui: Eui64 = this.eui): Promise<void> {
    return this.send(gatewayDatagram('push-data', this.#nextToken(), eui, json));
  }

  /** Reports one reception. */
  pushFrame(phyPayload: Uint8Array, changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
    return this.pushText(JSON.stringify({ rxpk: [this.rxpk(phyPayload, changes)] }));
  }

  txAck(token: number, json: string, eui: Eui64 = this.eui): Promise<void> {
    return this.send(gatewayDatagram('tx-ack', token, eui, json));
  }

  /** A reception as the Semtech forwarder writes it, on the first channel of US915's second sub-band. */
  rxpk(phyPayload: Uint8Array, changes: Readonly<Record<string, unknown>> = {}): object {
    this.#tmst = (this.#tmst + 10_000) % 0x1_0000_0000;
    return {
      tmst: this.#tmst,
      chan: 0,
      rfch: 0,
      freq: 903.9,
      stat: 1,
      modu: 'LORA',
      datr: 'SF7BW125',
      codr: '4/5',
      rssi: -40,
      lsnr: 9.5,
      size: phyPayload.length,
      data: Buffer.from(phyPayload).toString('base64'),
      ...changes,
    };
  }

  close(): void {
    this.#socket.close();
  }

  #nextToken(): number {
    this.#token = (this.#token + 1) & 0xffff;
    return this.#token;
  }

  #receive(octets: Uint8Array): void {
    if (octets[3] === PUSH_ACK) this.pushAcks += 1;
    if (octets[3] === PULL_ACK) this.pullAcks += 1;
    if (octets[3] !== PULL_RESP) return;
    const { txpk } = JSON.parse(new TextDecoder().decode(octets.subarray(HEAD_OCTETS))) as { txpk: { data: string } };
    this.orders.push({
      token: (octets[1] ?? 0) * 256 + (octets[2] ?? 0),
      phyPayload: Buffer.from(txpk.data, 'base64'),
    });
  }
}
