import { createHash } from 'node:crypto';
import type { Clock, Eui64, Rng, UtcMs } from '@airlift/kernel';
import type { DeviceBehaviour } from '../behaviour/device-behaviour.ts';
import type { FragmentDecoder } from '../fragments/fragment-decoder.ts';
import { ChecksumExchange, type ChecksumVerdict } from '../packages/checksum-exchange.ts';
import type { FragSession } from '../packages/fragmentation.ts';
import type { ImageSink, ReceivedImage } from '../storage/image-sink.ts';
import type { DeviceHappening } from './device-events.ts';

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
}

/** Where the current block stands. */
export type BlockStage = 'none' | 'receiving' | 'verifying' | 'done' | 'failed';

/** From the last useful fragment to the stored image: the block, its checksum, and what becomes of it. */
export class BlockKeeper {
  readonly #host: KeeperHost;
  #stage: BlockStage = 'none';
  #exchange: ChecksumExchange | undefined;
  #stored: ReceivedImage | undefined;
  #storedCount = 0;

  constructor(host: KeeperHost) {
    this.#host = host;
  }

  get stage(): BlockStage {
    return this.#stage;
  }

  /** The last image stored since the device booted. */
  get stored(): (Pick<ReceivedImage, 'sha256'> & { readonly size: number }) | undefined {
    return this.#stored === undefined ? undefined : { sha256: this.#stored.sha256, size: this.#stored.octets.length };
  }

  get storedCount(): number {
    return this.#storedCount;
  }

  /** A new block is announced; an exchange about the last one ends. */
  begin(): void {
    this.#exchange?.stop();
    this.#exchange = undefined;
    this.#stage = 'receiving';
  }

  /** The session is gone before its block was whole; a complete one is not touched any more. */
  abandon(): void {
    if (this.#stage === 'receiving') this.#stage = 'none';
  }

  /** The block is there, at least as far as the decoder knows. */
  complete(session: FragSession, padded: Uint8Array, decoder: FragmentDecoder): void {
    const { behaviour, rng, clock } = this.#host;
    const block = padded.subarray(0, Math.max(0, padded.length - session.padding));
    const image: ReceivedImage = {
      device: this.#host.device,
      octets: block,
      sha256: createHash('sha256').update(block).digest('hex'),
      fragmentsHeard: decoder.heard,
      fragmentsMissing: decoder.plainLost,
      parityUsed: decoder.parityUsed,
      completedAt: clock.now(),
    };
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

  #judge(verdict: ChecksumVerdict, image: ReceivedImage): void {
    this.#exchange = undefined;
    this.#host.happened({ type: 'checksum-answered', verdict });
    if (verdict === 'right') {
      this.#store(image);
      return;
    }
    this.#stage = 'failed';
    this.#host.happened({ type: 'image-dropped' });
    this.#host.finished();
  }

  #store(image: ReceivedImage): void {
    this.#stage = 'done';
    this.#stored = image;
    this.#storedCount += 1;
    this.#host.sink.image(image);
    this.#host.happened({ type: 'image-stored', sha256: image.sha256, size: image.octets.length });
    this.#host.finished();
  }
}
