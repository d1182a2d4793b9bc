import type { Clock, Eui64, Rng, UtcMs } from '@airlift/kernel';
import type { DeviceBehaviour } from '../behaviour/device-behaviour.ts';
import { sha256 } from '../fragments/block-digests.ts';
import type { FragmentDecoder } from '../fragments/fragment-decoder.ts';
import { BlockReceivedNotice } from '../packages/block-received-notice.ts';
import { ChecksumExchange, type ChecksumVerdict } from '../packages/checksum-exchange.ts';
import { answerSpreadMs, type FragSession } from '../packages/frag-session.ts';
import type { BlockEnd } from '../packages/fragmentation.ts';
import type { ImageSink, ReceivedImage } from '../storage/image-sink.ts';
import type { DeviceHappening, HeldBlock } from './device-events.ts';

/** How the keeper reaches the rest of the device. */
export interface KeeperHost {
  readonly device: Eui64;
  readonly clock: Clock<UtcMs>;
  readonly rng: Rng;
  readonly behaviour: DeviceBehaviour;
  readonly sink: ImageSink;
  /** Sends on FPort 201. */
  send(payload: Uint8Array): void;
  /** The image was stored or dropped: nothing more is expected of the session. */
  finished(): void;
  happened(happening: DeviceHappening): void;
  /** An image for the next reset to install, where firmware is managed. */
  imageKept(session: FragSession, isValid: boolean): void;
}

/** Where the current block stands. */
export type BlockStage = 'none' | 'receiving' | 'verifying' | 'done' | 'failed';

/** From the last useful fragment to the stored image: the block, its checksum, and what becomes of it. */
export class BlockKeeper {
  readonly #host: KeeperHost;
  #stage: BlockStage = 'none';
  #exchange: ChecksumExchange | undefined;
  #notice: BlockReceivedNotice | undefined;
  #held: HeldBlock | undefined;
  #storedCount = 0;

  constructor(host: KeeperHost) {
    this.#host = host;
  }

  get stage(): BlockStage {
    return this.#stage;
  }

  /** The block of the latest session once that has ended; undefined before. */
  get held(): HeldBlock | undefined {
    return this.#held;
  }

  get storedCount(): number {
    return this.#storedCount;
  }

  /** A new block is announced; an exchange about the last one ends. */
  begin(): void {
    this.#exchange?.stop();
    this.#exchange = undefined;
    this.#notice?.stop();
    this.#held = undefined;
    this.#stage = 'receiving';
  }

  /** The session is gone before its block was whole; a complete one is not touched any more. */
  abandon(): void {
    if (this.#stage === 'receiving') this.#stage = 'none';
  }

  /** A session has ended, with a block or without. */
  ended(session: FragSession, padded: Uint8Array, decoder: FragmentDecoder, end: BlockEnd): void {
    const { behaviour, rng, clock } = this.#host;
    const block = padded.subarray(0, Math.max(0, padded.length - session.padding));
    const image: ReceivedImage = {
      device: this.#host.device,
      octets: block,
      sha256: sha256(block),
      fragmentsHeard: decoder.heard,
      fragmentsMissing: decoder.plainLost,
      parityUsed: decoder.parityUsed,
      completedAt: clock.now(),
    };
    this.#held = { sha256: image.sha256, size: block.length, complete: decoder.complete };
    if (session.integrity?.ackReception === true && end !== 'given-up') this.#announce(session);
    if (end !== 'given-up') this.#host.imageKept(session, end === 'decoded');
    if (end === 'mic-error' || end === 'given-up') {
      this.#drop();
      return;
    }
    if (behaviour.integrity === null) {
      this.#store(image);
      return;
    }
    this.#stage = 'verifying';
    this.#exchange = new ChecksumExchange(
      { clock, rng, send: (payload) => this.#host.send(payload), verdict: (verdict) => this.#judge(verdict, image) },
      behaviour.integrity,
      { fragIndex: session.fragIndex, block, padded, isFaulty: behaviour.faults.wrongCrc },
    );
  }

  /** ChecksumAns. */
  checksumAnswered(match: boolean): void {
    this.#exchange?.answered(match);
  }

  /** FragDataBlockReceivedAns. */
  receptionAcknowledged(fragIndex: number): void {
    if (this.#notice?.fragIndex === fragIndex) this.#notice.stop();
  }

  #announce(session: FragSession): void {
    const { clock, rng, behaviour } = this.#host;
    this.#notice?.stop();
    this.#notice = new BlockReceivedNotice(
      { clock, rng, send: (payload) => this.#host.send(payload) },
      behaviour.fragmentation.blockReceived,
      {
        fragIndex: session.fragIndex,
        micError: session.micError === true,
        spreadMs: answerSpreadMs(session),
      },
    );
  }

  #judge(verdict: ChecksumVerdict, image: ReceivedImage): void {
    this.#exchange = undefined;
    this.#host.happened({ type: 'checksum-answered', verdict });
    if (verdict === 'right') {
      this.#store(image);
      return;
    }
    this.#drop();
  }

  #drop(): void {
    this.#stage = 'failed';
    this.#host.happened({ type: 'image-dropped' });
    this.#host.finished();
  }

  #store(image: ReceivedImage): void {
    this.#stage = 'done';
    this.#storedCount += 1;
    this.#host.sink.image(image);
    this.#host.happened({ type: 'image-stored', sha256: image.sha256, size: image.octets.length });
    this.#host.finished();
  }
}
