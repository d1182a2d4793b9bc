import { type BlockChecksums, type ChecksumMatch, matchCrc64 } from '@airlift/applayer';
import type { Eui64 } from '@airlift/kernel';
import type { ActiveJob } from './active-job.ts';
import type { CrcVerdict } from './answers.ts';

/** What the check value of a device turned out to be. */
export interface ChecksumFinding {
  /** Schedule name of the job whose image it was compared with. */
  readonly filename: string;
  readonly match: ChecksumMatch | undefined;
  /** What it means for the running job; undefined when the device speaks of an earlier one. */
  readonly verdict: CrcVerdict | undefined;
}

interface FinishedImage {
  readonly filename: string;
  readonly devEuis: ReadonlySet<Eui64>;
  readonly checksums: BlockChecksums;
}

/**
 * Knows the check values of the images that devices may ask about: that of the running job, and those of jobs that are
 * over, since a device goes on asking until it hears an answer.
 */
export class ChecksumDesk {
  readonly #capacity: number;
  /** Oldest first. */
  readonly #finished: FinishedImage[] = [];

  /** `capacity`: how many finished images are kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Keeps the check values of a job that is over. */
  remember(filename: string, devEuis: Iterable<Eui64>, checksums: BlockChecksums): void {
    this.#finished.push({ filename, devEuis: new Set(devEuis), checksums });
    if (this.#finished.length > this.#capacity) this.#finished.shift();
  }

  /** Looks for the image that the eight octets belong to; undefined when nothing is known that could be compared. */
  find(octets: Uint8Array, devEui: Eui64, running: ActiveJob | undefined): ChecksumFinding | undefined {
    const own = running?.material?.checksums;
    if (running !== undefined && own !== undefined) {
      const match = matchCrc64(octets, own);
      if (match !== undefined) return { filename: running.plan.filename, match, verdict: 'match' };
    }
    const earlier = this.#finished.filter((image) => image.devEuis.has(devEui)).reverse();
    for (const { filename, checksums } of earlier) {
      const match = matchCrc64(octets, checksums);
      if (match !== undefined) return { filename, match, verdict: undefined };
    }
    // Before everything was sent, it cannot be the image of this job that is wrong.
    if (running !== undefined && own !== undefined) {
      const verdict = running.allPlainSent ? 'mismatch' : undefined;
      return { filename: running.plan.filename, match: undefined, verdict };
    }
    const [latest] = earlier;
    return latest === undefined ? undefined : { filename: latest.filename, match: undefined, verdict: undefined };
  }
}
