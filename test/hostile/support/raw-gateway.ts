import type { Socket } from 'node:dgram';
import { gatewayDatagram } from '@airlift/gateways';
import type { Eui64 } from '@airlift/kernel';
import { boundSocket } from '../../crash/support/udp-tap.ts';

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
  /** Text of the TX_ACK for an order; undefined to keep silent, as forwarders of version 1 do. */
  acknowledgement: (order: Order) => string | undefined = () => '';
  readonly #pullAcks = new Set<number>();
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

  /** Returns the token, under which `isAnswered` knows of the answer. */
  async pull(eui: Eui64 = this.eui): Promise<number> {
    const token = this.#nextToken();
    await this.send(gatewayDatagram('pull-data', token, eui));
    return token;
  }

  /** Whether a PULL_DATA was answered. */
  isAnswered(token: number): boolean {
    return this.#pullAcks.has(token);
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
    this.#pullAcks.delete(this.#token);
    return this.#token;
  }

  #receive(octets: Uint8Array): void {
    const [, high = 0, low = 0, kind] = octets;
    const token = high * 256 + low;
    if (kind === PULL_ACK) this.#pullAcks.add(token);
    if (kind !== PULL_RESP) return;
    const { txpk } = JSON.parse(new TextDecoder().decode(octets.subarray(HEAD_OCTETS))) as { txpk: { data: string } };
    const order = { token, phyPayload: Buffer.from(txpk.data, 'base64') };
    this.orders.push(order);
    const acknowledgement = this.acknowledgement(order);
    if (acknowledgement !== undefined) void this.txAck(token, acknowledgement);
  }
}
