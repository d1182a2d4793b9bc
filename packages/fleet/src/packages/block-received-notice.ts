import { ts004 } from '@airlift/applayer';
import { type Clock, type Rng, type Timer, type UtcMs, utcMs } from '@airlift/kernel';
import type { BlockReceivedBehaviour } from '../behaviour/device-behaviour.ts';

/** How the notice reaches the rest of the device. */
export interface NoticeHost {
  readonly clock: Clock<UtcMs>;
  readonly rng: Rng;
  /** Sends on FPort 201. */
  send(payload: Uint8Array): void;
}

/** What the network is told. */
export interface ReceivedBlock {
  readonly fragIndex: number;
  readonly micError: boolean;
  /** Answers are spread over this many milliseconds. */
  readonly spreadMs: number;
}

const SHORTEST_SPREAD_RETRY_MS = 10_000;

/** FragDataBlockReceivedReq of TS004-2.0.0: sent after a random delay, and again until FragDataBlockReceivedAns. */
export class BlockReceivedNotice {
  readonly #host: NoticeHost;
  readonly #behaviour: BlockReceivedBehaviour;
  readonly #received: ReceivedBlock;
  #sent = 0;
  #timer: Timer | undefined;

  constructor(host: NoticeHost, behaviour: BlockReceivedBehaviour, received: ReceivedBlock) {
    this.#host = host;
    this.#behaviour = behaviour;
    this.#received = received;
    this.#in(host.rng.unit() * received.spreadMs);
  }

  get fragIndex(): number {
    return this.#received.fragIndex;
  }

  /** Sends no more of them. */
  stop(): void {
    this.#timer?.cancel();
  }

  #in(delayMs: number): void {
    this.#timer = this.#host.clock.setTimer(utcMs(this.#host.clock.now() + delayMs), () => this.#send());
  }

  #send(): void {
    const { fragIndex: FragIndex, micError: MICError, spreadMs } = this.#received;
    this.#host.send(ts004.encode(2, 'up', [{ name: 'FragDataBlockReceivedReq', fields: { FragIndex, MICError } }]));
    this.#sent += 1;
    if (this.#sent >= this.#behaviour.maxRequests) return;
    const { retryMs } = this.#behaviour;
    this.#in(retryMs === 'spread' ? Math.max(SHORTEST_SPREAD_RETRY_MS, this.#host.rng.unit() * spreadMs) : retryMs);
  }
}
