import { behaviour } from '@airlift/fleet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeenFrame } from '../support/air-monitor.ts';
import { firmware } from '../support/firmware.ts';
import { TestInstance, type WatchedJob } from '../support/test-instance.ts';

const SEED = 'contract/pacing';
/** Frames leave as soon as possible after the pause, within the jitter of forwarders. */
const JITTER_MS = 500;

describe(`an undisturbed update (seed ${SEED}/calm)`, () => {
  const image = firmware(SEED, 5_000);
  let instance: TestInstance;
  let job: WatchedJob;

  beforeAll(async () => {
    instance = await TestInstance.start({ seed: `${SEED}/calm`, devices: 4 });
    await instance.http.uploadFirmware('calm.bin', image);
    job = await instance.runFota({ fotaFile: 'calm.bin' });
  }, 60_000);
  afterAll(() => instance.stop());

  it('every device holds the identical image', async () => {
    expect(job.result).toMatchObject({ success: 4, failed: 0, skipped: 0 });
    const images = await instance.images(4);
    for (const deveui of instance.deveuis) expect(images.get(deveui)).toEqual(image);
  });

  it('multicast counters begin at 1 and equal the fragment numbers; every plain fragment is right, octet for octet', () => {
    const frames = instance.air.toGroups();
    const plain = frames.slice(0, Math.ceil(image.length / 239));
    const padded = Buffer.concat([image, Buffer.alloc(plain.length * 239 - image.length)]);
    plain.forEach(({ fCnt, fPort, payload }, index) => {
      expect({ fCnt, fPort }).toEqual({ fCnt: index + 1, fPort: 201 });
      expect(payload[0]).toBe(0x08);
      expect(payload.readUInt16LE(1)).toBe(index + 1);
      expect(payload.subarray(3)).toEqual(padded.subarray(index * 239, (index + 1) * 239));
    });
    expect(frames.map(({ fCnt }) => fCnt)).toEqual(frames.map((_, index) => index + 1));
  });

  it('without other wishes, fragments are 1.5 s apart', () => {
    const pauses = pausesBetween(instance.air.toGroups().slice(0, Math.ceil(image.length / 239)));
    for (const pause of pauses) {
      expect(pause).toBeGreaterThanOrEqual(1_499);
      expect(pause).toBeLessThan(1_500 + JITTER_MS);
    }
  });

  it('nothing is sent to devices that are all done', () => {
    const fragments = instance.air.toGroups(201).filter(({ payload }) => payload[0] === 0x08);
    expect(fragments.length).toBeLessThan(Math.ceil(image.length / 239) + 8);
  });
});

describe(`the wishes of the caller (seed ${SEED}/wishes)`, () => {
  it('max_packet_size, parity_fragments_per_session and the three sleep times are honoured on air', async () => {
    // Devices that never confirm an image by themselves: the broadcast goes on to its planned end.
    const silent = behaviour('loramac-node', { multicast: { quietBeforeS: 5 } });
    const instance = await TestInstance.start({
      seed: `${SEED}/wishes`,
      devices: 2,
      behaviour: () => silent,
      server: { deviceProfile: 'by-the-book-v1' },
    });
    const image = firmware('wishes', 1_000);
    await instance.http.uploadFirmware('wishes.bin', image);
    const { result } = await instance.runFota({
      fotaFile: 'wishes.bin',
      max_packet_size: 100,
      parity_fragments_per_session: 4,
      sleep_time: 2_500,
      psleep_time: 4_000,
      ssleep_time: 1_700,
    });
    expect(result).toMatchObject({ success: 2, failed: 0, frames: { plain: 11, parity: 4 } });
    const images = await instance.images(2);
    for (const deveui of instance.deveuis) expect(images.get(deveui)).toEqual(image);

    const frames = instance.air.toGroups(201);
    const data = frames.filter(({ payload }) => payload[0] === 0x08);
    // 97 octets of the image after CID and number; 11 fragments hold 1000 octets.
    expect(data.map(({ payload }) => payload.length)).toEqual(Array(15).fill(100));
    expect(data.map(({ payload }) => payload.readUInt16LE(1))).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
    const setup = instance.air.ofDevice(instance.device(0).devEui, 'down', 201)[0];
    expect(setup?.hex).toBe('02010b0061004300000000');

    const between = (from: number, to: number): number[] => pausesBetween(data.slice(from - 1, to));
    for (const pause of between(1, 11)) expectPause(pause, 2_500);
    for (const pause of between(11, 15)) expectPause(pause, 4_000);
    const [lastData, status] = frames.slice(14, 16);
    expect(status?.payload[0]).toBe(0x01);
    expectPause((status?.startMs ?? 0) - (lastData?.startMs ?? 0), 1_700);
    await instance.stop();
  });

  it('parity_fragments_per_session 0 sends none, even when fragments were lost', async () => {
    const instance = await TestInstance.start({
      seed: `${SEED}/wishes`,
      devices: 1,
      fate: (_, frame) => (frame?.to === 'group' && frame.hex.startsWith('080200') ? 1 : undefined),
    });
    await instance.http.uploadFirmware('none.bin', firmware('none', 1_000));
    const { result } = await instance.runFota({ fotaFile: 'none.bin', parity_fragments_per_session: 0 });
    const numbers = instance.air.toGroups(201).filter(({ payload }) => payload[0] === 0x08);
    expect(Math.max(...numbers.map(({ payload }) => payload.readUInt16LE(1)))).toBe(5);
    expect(result).toMatchObject({ success: 0, failed: 1, devices: [{ reason_code: 'not-complete' }] });
    await instance.stop();
  });
});

function pausesBetween(frames: readonly SeenFrame[]): number[] {
  return frames.slice(1).map((frame, index) => frame.startMs - (frames[index]?.startMs ?? 0));
}

function expectPause(pauseMs: number, wantedMs: number): void {
  expect(pauseMs).toBeGreaterThanOrEqual(wantedMs - 1);
  expect(pauseMs).toBeLessThan(wantedMs + JITTER_MS);
}
