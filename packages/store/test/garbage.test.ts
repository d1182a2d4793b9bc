import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobState } from '@airlift/campaign';
import { SAMPLE_AT, sampleFotaPlan, sampleJob } from '@airlift/campaign/testing';
import { type RealMs, realMs, steadyMs, VirtualClock } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Store, UNNAMED_IMAGE_TTL_MS, UPLOAD_TTL_MS } from '../src/index.ts';
import { scratchFolder, scratchStore } from './scratch.ts';

/** Where the air's time may stand when it runs faster than real time: years ahead. */
const AIR_TIME = steadyMs(SAMPLE_AT + 1_000 * UPLOAD_TTL_MS);

let dataDir: string;
let clock: VirtualClock<RealMs>;
let store: Store;

beforeEach(async () => {
  dataDir = await scratchFolder();
  clock = new VirtualClock<RealMs>(realMs(SAMPLE_AT));
  store = await scratchStore({ dataDir, clock });
});

async function upload(name: string, content: string): Promise<string> {
  const octets = new TextEncoder().encode(content);
  const stream = (async function* () {
    yield octets;
  })();
  return (await store.uploads.receive('fota', name, stream, 1000)).sha256;
}

async function addJob(jobId: string, sha256: string): Promise<void> {
  const image = { sha256, sizeBytes: 1, name: 'x' };
  await store.jobs.insert(sampleJob(sampleFotaPlan({ jobId, filename: jobId, image })), []);
}

async function setState(jobId: string, state: JobState): Promise<void> {
  expect(await store.jobs.save(jobId, 1, { state, sessions: [], devices: [], frames: [], events: [] })).toBe(true);
}

async function collectAfter(spanMs: number): Promise<number> {
  await clock.advance(spanMs);
  return store.collectGarbage(clock.now());
}

async function images(): Promise<readonly string[]> {
  return (await readdir(join(dataDir, 'images'))).filter((name) => name !== 'incoming').sort();
}

const later = (ms: number): RealMs => realMs(clock.now() + ms);

describe('an upload', () => {
  it('is kept for its time and then forgotten with its image', async () => {
    const sha256 = await upload('f', 'one');
    expect(await collectAfter(UPLOAD_TTL_MS - 1)).toBe(0);
    expect(await store.uploads.file('fota', 'f')).toBeDefined();
    expect(await collectAfter(1)).toBe(0);
    expect(await store.uploads.file('fota', 'f')).toBeUndefined();
    // Who looked the name up a moment ago still finds the image.
    expect(await images()).toEqual([sha256]);
    expect(await collectAfter(UNNAMED_IMAGE_TTL_MS)).toBe(1);
    expect(await images()).toEqual([]);
    expect(await collectAfter(0)).toBe(0);
  });

  it('starts its time again when it comes again', async () => {
    await upload('f', 'one');
    await clock.advance(UPLOAD_TTL_MS / 2);
    await upload('f', 'one');
    expect(await collectAfter(UPLOAD_TTL_MS / 2)).toBe(0);
    expect(await store.uploads.file('fota', 'f')).toBeDefined();
  });

  it('is kept while a job needs it and for its time after the end', async () => {
    const sha256 = await upload('f', 'one');
    await addJob('job', sha256);
    expect(await collectAfter(10 * UPLOAD_TTL_MS)).toBe(0);
    expect(await store.uploads.file('fota', 'f')).toBeDefined();
    await setState('job', {
      kind: 'complete',
      startedAt: SAMPLE_AT,
      completedAt: AIR_TIME,
      outcome: 'served',
      freeAt: AIR_TIME,
      formats: [],
    });
    expect(await collectAfter(UPLOAD_TTL_MS - 1)).toBe(0);
    expect(await store.uploads.file('fota', 'f')).toBeDefined();
    await collectAfter(1);
    expect(await store.uploads.file('fota', 'f')).toBeUndefined();
    expect(await images()).toEqual([sha256]);
    expect(await collectAfter(UNNAMED_IMAGE_TTL_MS)).toBe(1);
  });

  it('goes at once after its time when its jobs were deleted', async () => {
    await addJob('job', await upload('f', 'one'));
    await clock.advance(UPLOAD_TTL_MS);
    await store.jobs.remove('job');
    await collectAfter(0);
    expect(await collectAfter(UNNAMED_IMAGE_TTL_MS)).toBe(1);
  });

  it('that is old does not drag down another of the same content', async () => {
    const sha256 = await upload('old', 'one');
    await clock.advance(UPLOAD_TTL_MS);
    await upload('new', 'one');
    expect(await collectAfter(UNNAMED_IMAGE_TTL_MS)).toBe(0);
    expect(await store.uploads.file('fota', 'old')).toBeUndefined();
    expect(await store.uploads.file('fota', 'new')).toBeDefined();
    expect(await images()).toEqual([sha256]);
  });
});

describe('an image that was replaced under its name', () => {
  it('goes when no job needs it', async () => {
    await upload('f', 'one');
    const second = await upload('f', 'two');
    expect(await collectAfter(UNNAMED_IMAGE_TTL_MS - 1)).toBe(0);
    expect(await collectAfter(1)).toBe(1);
    expect(await images()).toEqual([second]);
  });

  it('stays while a job needs it', async () => {
    const first = await upload('f', 'one');
    await addJob('job', first);
    const second = await upload('f', 'two');
    expect(await collectAfter(UPLOAD_TTL_MS / 2)).toBe(0);
    expect(new TextDecoder().decode(await store.images.load(first))).toBe('one');
    expect(await store.jobs.imagesInUse()).toEqual([first]);
    await setState('job', { kind: 'cancelled', at: AIR_TIME });
    expect(await collectAfter(UPLOAD_TTL_MS / 4)).toBe(0);
    expect(await images()).toEqual([first, second].sort());
    expect(await collectAfter((3 * UPLOAD_TTL_MS) / 4)).toBe(1);
    await expect(store.images.load(first)).rejects.toThrow('gone');
  });
});

describe('an image that was kept without a name', () => {
  it('waits for its job, then stays until the job is over', async () => {
    const sha256 = await store.images.keep(Uint8Array.of(1));
    expect(await store.collectGarbage(later(UNNAMED_IMAGE_TTL_MS - 1))).toBe(0);
    await addJob('job', sha256);
    expect(await collectAfter(UPLOAD_TTL_MS)).toBe(0);
    await store.jobs.remove('job');
    expect(await collectAfter(0)).toBe(1);
  });

  it('goes when the job never comes', async () => {
    const sha256 = await store.images.keep(Uint8Array.of(1));
    await clock.advance(UNNAMED_IMAGE_TTL_MS);
    await store.images.keep(Uint8Array.of(1));
    expect(await store.collectGarbage(clock.now())).toBe(0);
    expect(await images()).toEqual([sha256]);
    expect(await collectAfter(UNNAMED_IMAGE_TTL_MS)).toBe(1);
    // The same content can come again.
    expect(await store.images.keep(Uint8Array.of(1))).toBe(sha256);
    expect(await store.images.load(sha256)).toEqual(Uint8Array.of(1));
  });
});

describe('files nobody knows', () => {
  it('are removed when they look like images, and left alone otherwise', async () => {
    await writeFile(join(dataDir, 'images', 'ab'.repeat(32)), 'stray');
    await writeFile(join(dataDir, 'images', 'README'), 'by hand');
    expect(await store.collectGarbage(clock.now())).toBe(1);
    expect(await images()).toEqual(['README']);
  });
});
