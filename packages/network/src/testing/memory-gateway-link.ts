import { type Clock, type Eui64, pause, type SteadyMs } from '@airlift/kernel';
import type { GatewayLink, GatewayStatus, ReceivedFrame, TransmitOutcome, TransmitRequest } from '../gateway-link.ts';

/** What a gateway says to a frame it is asked to send; `silence` leads to an unknown outcome after a second. */
export type GatewayWord = TransmitOutcome | 'silence';

/** A reception; what is left out is made up. */
export type Hearing = Pick<ReceivedFrame, 'phyPayload' | 'frequencyHz' | 'modulation'> & Partial<ReceivedFrame>;

/** A `GatewayLink` whose gateways exist in memory only: tests say what they hear and see what they are asked to send. */
export class MemoryGatewayLink implements GatewayLink {
  /** Everything that gateways were asked to send, oldest first. */
  readonly requests: TransmitRequest[] = [];
  /** Decides what a gateway says; it takes every frame unless set. */
  word: (request: TransmitRequest) => GatewayWord = () => ({ kind: 'programmed' });
  readonly #clock: Clock;
  readonly #gateways = new Map<Eui64, GatewayStatus>();
  #listener: (frame: ReceivedFrame) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  onFrame(listener: (frame: ReceivedFrame) => void): void {
    this.#listener = listener;
  }

  gateways(): readonly GatewayStatus[] {
    return [...this.#gateways.values()];
  }

  gateway(gatewayEui: Eui64): GatewayStatus | undefined {
    return this.#gateways.get(gatewayEui);
  }

  severalHeardSince(at: SteadyMs): boolean {
    return this.gateways().filter((gateway) => gateway.lastSeenAt > at).length > 1;
  }

  vouch({ gatewayEui }: ReceivedFrame): void {
    const gateway = this.#gateways.get(gatewayEui);
    if (gateway !== undefined) this.#gateways.set(gatewayEui, { ...gateway, proven: true });
  }

  async transmit(request: TransmitRequest): Promise<TransmitOutcome> {
    if (this.#gateways.get(request.gatewayEui)?.downlinkReady !== true) return { kind: 'unreachable' };
    this.requests.push(request);
    const word = this.word(request);
    if (word !== 'silence') return word;
    await pause(this.#clock, 1_000);
    return { kind: 'unknown' };
  }

  /** Lets a gateway appear, or changes whether it can send. */
  appear(gatewayEui: Eui64, downlinkReady = true): void {
    const now = this.#clock.now();
    this.#gateways.set(gatewayEui, {
      gatewayEui,
      address: '192.0.2.1',
      port: 1700,
      version: 'memory',
      connectedAt: this.#gateways.get(gatewayEui)?.connectedAt ?? now,
      lastSeenAt: now,
      downlinkReady,
      proven: this.#gateways.get(gatewayEui)?.proven ?? false,
      received: 0,
      receivedOk: 0,
      forwarded: 0,
      transmitted: 0,
      ackRate: 1,
      conflict: undefined,
      drops: {},
    });
  }

  /** Lets a gateway report a frame, received now unless it says otherwise. A listener that throws changes nothing. */
  hear(gatewayEui: Eui64, hearing: Hearing): void {
    const now = this.#clock.now();
    this.appear(gatewayEui, this.#gateways.get(gatewayEui)?.downlinkReady ?? true);
    try {
      this.#listener({
        rssiDbm: -80,
        snrDb: 5,
        counterUs: Math.round(now * 1000) % 0x1_0000_0000,
        gpsTime: undefined,
        receivedAt: now,
        context: undefined,
        ...hearing,
        gatewayEui,
      });
    } catch {
      // As a front end does, whose sockets must not fall silent.
    }
  }
}
