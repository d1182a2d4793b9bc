import { type ChecksumMatch, matchCrc64 } from '@airlift/applayer';
import type { Eui64 } from '@airlift/kernel';
import type { CrcVerdict, DeviceAnswer } from '../answers.ts';
import { judgeFileReport } from '../evidence/index.ts';
import type { Checks } from './material.ts';

/** The running job of a device, as far as check values go. */
export interface RunningChecks {
  readonly filename: string;
  readonly checks: Checks | undefined;
  /** The last plain fragment is on its way or was sent, so that it can be this image that is wrong. */
  readonly mayBeWhole: boolean;
}

/** What the CRC-64 of a device turned out to be. */
export interface CrcFinding {
  /** Schedule name of the job whose image it was compared with. */
  readonly filename: string;
  readonly match: ChecksumMatch | undefined;
  /** What it means for the running job; undefined when the device speaks of an earlier one. */
  readonly verdict: CrcVerdict | undefined;
}

interface FinishedImage {
  readonly filename: string;
  readonly devEuis: ReadonlySet<Eui64>;
  readonly checks: readonly Checks[];
}

/**
 * Knows the check values of the images that devices may ask about: that of the running job, and those of jobs that are
 * over, since a device goes on asking until it hears an answer.
 */
export class CheckDesk {
  readonly #capacity: number;
  /** Oldest first. */
  readonly #finished: FinishedImage[] = [];

  /** `capacity`: how many finished images are kept. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Keeps the check values of a job that is over. */
  remember(filename: string, devEuis: Iterable<Eui64>, checks: readonly Checks[]): void {
    this.#finished.push({ filename, devEuis: new Set(devEuis), checks });
    if (this.#finished.length > this.#capacity) this.#finished.shift();
  }

  /** Looks for the image that the eight octets belong to; undefined when nothing is known that could be compared. */
  crc64(octets: Uint8Array, devEui: Eui64, running: RunningChecks | undefined): CrcFinding | undefined {
    const own = running?.checks;
    if (running !== undefined && own !== undefined) {
      const match = matchCrc64(octets, own.crc64);
      if (match !== undefined) return { filename: running.filename, match, verdict: 'match' };
    }
    const earlier = this.#finished.filter((image) => image.devEuis.has(devEui)).reverse();
    for (const { filename, checks } of earlier) {
      for (const { crc64 } of checks) {
        const match = matchCrc64(octets, crc64);
        if (match !== undefined) return { filename, match, verdict: undefined };
      }
    }
    if (running !== undefined && own !== undefined) {
      const verdict = running.mayBeWhole ? 'mismatch' : undefined;
      return { filename: running.filename, match: undefined, verdict };
    }
    const [latest] = earlier;
    return latest === undefined ? undefined : { filename: latest.filename, match: undefined, verdict: undefined };
  }

  /** What a file report says of the running job's image; undefined when it proves nothing. */
  crc32(
    report: Extract<DeviceAnswer, { kind: 'file-report' }>,
    devEui: Eui64,
    running: RunningChecks | undefined,
  ): CrcVerdict | undefined {
    if (running?.checks === undefined) return undefined;
    const found = judgeFileReport(report, running.checks.crc32);
    if (found?.kind === 'complete') return 'match';
    const isEarlier = this.#finished.some(
      ({ devEuis, checks }) =>
        devEuis.has(devEui) && checks.some(({ crc32 }) => judgeFileReport(report, crc32)?.kind === 'complete'),
    );
    return found?.kind === 'corrupt' && running.mayBeWhole && !isEarlier ? 'mismatch' : undefined;
  }
}
