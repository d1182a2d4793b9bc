import type { Clock, Eui64, SteadyMs } from '@airlift/kernel';
import type { GatewayLink, GatewayStatus, ReceivedFrame, TransmitOutcome, TransmitRequest } from '@airlift/network';

/** A gateway at the other end of a call instead of a socket. */
export interface AirGateway {
  readonly eui: Eui64;
  send(request: TransmitRequest): TransmitOutcome;
}

/** What a gateway says of a frame that it heard. */
export type AirReception = Omit<ReceivedFrame, 'receivedAt' | 'context'>;

interface Attached {
  readonly gateway: AirGateway;
  readonly connectedAt: SteadyMs;
  lastSeenAt: SteadyMs;
  proven: boolean;
  received: number;
  transmitted: number;
}

/** A `GatewayLink` to gateways in the same process: no socket, no text, and nothing that real time could change. */
export class AirGatewayLink implements GatewayLink {
  readonly #clock: Clock;
  readonly #gateways = new Map<Eui64, Attached>();
  #listener: (frame: ReceivedFrame) => void = () => undefined;
  #watcher: (request: TransmitRequest) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Adds a gateway; one that is there already shows that it still is. */
  attach(gateway: AirGateway): void {
    const now = this.#clock.now();
    const known = this.#gateways.get(gateway.eui);
    if (known !== undefined) known.lastSeenAt = now;
    else {
      const fresh = { connectedAt: now, lastSeenAt: now, proven: false, received: 0, transmitted: 0 };
      this.#gateways.set(gateway.eui, { gateway, ...fresh });
    }
  }

  /** Called for every frame that a gateway took. */
  watch(watcher: (request: TransmitRequest) => void): void {
    this.#watcher = watcher;
  }

  /** Hands on what a gateway heard just now. */
  receive(reception: AirReception): void {
    const gateway = this.#gateways.get(reception.gatewayEui);
    if (gateway === undefined) return;
    gateway.lastSeenAt = this.#clock.now();
    gateway.received += 1;
    try {
      this.#listener({ ...reception, receivedAt: gateway.lastSeenAt, context: undefined });
    } catch {
      // As with any front end, a fault of the listener does not make the gateways fall silent.
    }
  }

  onFrame(listener: (frame: ReceivedFrame) => void): void {
    this.#listener = listener;
  }

  async transmit(request: TransmitRequest): Promise<TransmitOutcome> {
    const attached = this.#gateways.get(request.gatewayEui);
    if (attached === undefined) return { kind: 'unreachable' };
    const word = attached.gateway.send(request);
    if (word.kind === 'programmed') {
      attached.transmitted += 1;
      this.#watcher(request);
    }
    return word;
  }

  gateways(): readonly GatewayStatus[] {
    return [...this.#gateways.values()].map(statusOf);
  }

  gateway(gatewayEui: Eui64): GatewayStatus | undefined {
    const attached = this.#gateways.get(gatewayEui);
    return attached === undefined ? undefined : statusOf(attached);
  }

  severalHeardSince(at: SteadyMs): boolean {
    let heard = 0;
    for (const { lastSeenAt } of this.#gateways.values()) {
      if (lastSeenAt > at) heard += 1;
      if (heard > 1) return true;
    }
    return false;
  }

  vouch({ gatewayEui }: ReceivedFrame): void {
    const attached = this.#gateways.get(gatewayEui);
    if (attached !== undefined) attached.proven = true;
  }
}

function statusOf({ gateway, connectedAt, lastSeenAt, proven, received, transmitted }: Attached): GatewayStatus {
  return {
    gatewayEui: gateway.eui,
    address: 'in-process',
    port: 0,
    version: 'simulation',
    connectedAt,
    lastSeenAt,
    downlinkReady: true,
    proven,
    received,
    receivedOk: received,
    forwarded: received,
    transmitted,
    ackRate: 1,
    conflict: undefined,
    drops: {},
  };
}
