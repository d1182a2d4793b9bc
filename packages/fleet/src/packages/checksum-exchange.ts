import { ts004 } from '@airlift/applayer';
import { type Clock, type Rng, reversedOctets, type Timer, type UtcMs, utcMs } from '@airlift/kernel';
import type { IntegrityBehaviour } from '../behaviour/device-behaviour.ts';
import { crc64 } from '../fragments/crc64.ts';

/** How an exchange ended. */
export type ChecksumVerdict = 'right' | 'wrong' | 'unanswered';

/** How the exchange reaches the rest of the device. */
export interface ChecksumHost {
  readonly clock: Clock<UtcMs>;
  readonly rng: Rng;
  /** Sends on FPort 201. */
  send(payload: Uint8Array): void;
  verdict(verdict: ChecksumVerdict): void;
}

/** A block whose checksum is to be confirmed. */
export interface CheckedBlock {
  readonly fragIndex: number;
  readonly block: Uint8Array;
  /** The block with the filler octets of the last fragment. */
  readonly padded: Uint8Array;
  /** The device computes wrongly. */
  readonly isFaulty: boolean;
}

/**
 * MultiTech's question on FPort 201 after a block is complete: is this its CRC-64? Repeated until answered; when the
 * answer is yes, the end of the session is announced.
 */
export class ChecksumExchange {
  readonly #host: ChecksumHost;
  readonly #behaviour: IntegrityBehaviour;
  readonly #fragIndex: number;
  readonly #request: Uint8Array;
  #requests = 0;
  #timer: Timer | undefined;

  constructor(host: ChecksumHost, behaviour: IntegrityBehaviour, checked: CheckedBlock) {
    this.#host = host;
    this.#behaviour = behaviour;
    this.#fragIndex = checked.fragIndex;
    const code = crc64(behaviour.covers === 'block' ? checked.block : checked.padded);
    if (checked.isFaulty) code[0] = (code[0] ?? 0) ^ 0x01;
    const CRC64 = behaviour.octetOrder === 'little' ? reversedOctets(code) : code;
    const fields = behaviour.form === 'indexed' ? { FragIndex: checked.fragIndex, CRC64 } : { CRC64 };
    this.#request = ts004.encode('multitech', 'up', [{ name: 'ChecksumReq', fields }]);
    this.#in(host.rng.between(0, behaviour.firstDelayMs));
  }

  /** The network's answer; one that nobody waits for is ignored. */
  answered(match: boolean): void {
    if (this.#timer === undefined) return;
    this.stop();
    if (match) {
      const fields = { FragIndex: this.#fragIndex };
      this.#host.send(ts004.encode('multitech', 'up', [{ name: 'FragSessionComplete', fields }]));
    }
    this.#host.verdict(match ? 'right' : 'wrong');
  }

  /** Gives up without a word. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #in(delayMs: number): void {
    this.#timer = this.#host.clock.setTimer(utcMs(this.#host.clock.now() + delayMs), () => this.#ask());
  }

  #ask(): void {
    if (this.#requests >= this.#behaviour.maxRequests) {
      this.stop();
      this.#host.verdict('unanswered');
      return;
    }
    this.#requests += 1;
    this.#host.send(this.#request);
    this.#in(this.#behaviour.retryMs + this.#host.rng.between(0, this.#behaviour.retryJitterMs));
  }
}
