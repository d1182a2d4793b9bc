import { type BlockChecksums, blockChecksums } from '@airlift/applayer';
import { describe, expect, it } from 'vitest';
import { ActiveJob } from '../src/active-job.ts';
import { ChecksumDesk } from '../src/checksum-desk.ts';
import type { JobState } from '../src/job-state.ts';
import { SAMPLE_AT, SAMPLE_SESSION, sampleEui, sampleFotaPlan, sampleJob } from '../src/testing/index.ts';
import { DOT_TRAITS } from './support/world.ts';

const checksums = (n: number): BlockChecksums => blockChecksums(Uint8Array.of(n), 3);
const crcOf = (n: number): Uint8Array => checksums(n).unpadded;
const DEVICE = sampleEui(1);

/** A running job with image 9; all plain fragments sent, or none. */
function running(allPlainSent: boolean): ActiveJob {
  const job = new ActiveJob(sampleJob(sampleFotaPlan({ filename: 'running' })));
  const state: JobState = {
    kind: 'teardown',
    startedAt: SAMPLE_AT,
    round: 1,
    session: SAMPLE_SESSION,
    sent: allPlainSent ? 17 : 0,
    until: SAMPLE_AT,
    percent: 90,
  };
  job.state = state;
  job.material = {
    image: new Uint8Array(),
    encoder: undefined,
    checksums: checksums(9),
    entries: new Map(),
    traits: DOT_TRAITS,
  };
  return job;
}

describe('the checksum desk', () => {
  it('knows the images of jobs that are over, for their devices', () => {
    const desk = new ChecksumDesk(20);
    desk.remember('one', [DEVICE], checksums(1));
    desk.remember('two', [DEVICE, sampleEui(2)], checksums(2));
    expect(desk.find(crcOf(1), DEVICE, undefined)).toMatchObject({ filename: 'one', match: { span: 'unpadded' } });
    expect(desk.find(checksums(2).padded, DEVICE, undefined)).toMatchObject({
      filename: 'two',
      match: { span: 'padded' },
    });
    expect(desk.find(crcOf(1), sampleEui(2), undefined)).toEqual({
      filename: 'two',
      match: undefined,
      verdict: undefined,
    });
    expect(desk.find(crcOf(1), sampleEui(3), undefined)).toBeUndefined();
  });

  it('forgets the oldest', () => {
    const desk = new ChecksumDesk(2);
    for (const n of [1, 2, 3]) desk.remember(`job ${n}`, [DEVICE], checksums(n));
    expect([1, 2, 3].map((n) => desk.find(crcOf(n), DEVICE, undefined)?.match !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('has a verdict for the running job only when it is about its image', () => {
    const desk = new ChecksumDesk(20);
    desk.remember('one', [DEVICE], checksums(1));
    const verdict = (n: number, job: ActiveJob) => {
      const found = desk.find(crcOf(n), DEVICE, job);
      return [found?.filename, found?.match !== undefined, found?.verdict];
    };
    for (const sent of [false, true]) {
      expect(verdict(9, running(sent))).toEqual(['running', true, 'match']);
      expect(verdict(1, running(sent))).toEqual(['one', true, undefined]);
    }
    expect(verdict(5, running(true))).toEqual(['running', false, 'mismatch']);
    expect(verdict(5, running(false))).toEqual(['running', false, undefined]);
  });
});
