import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobResultJson } from '@airlift/contract';
import { describe, expect, it } from 'vitest';
import { firmware, sha256 } from '../support/firmware.ts';
import { type InstanceOptions, TestInstance } from '../support/test-instance.ts';

const SEED = 'contract/radio';
/** Devices of class A are set up after uplinks of their own: with losses, or many of them, that takes a while. */
const PATIENT = { launchTimeFromSetupTime: 240 };

/** One update of every device, judged by what the devices hold. */
async function update(
  options: InstanceOptions,
  sizeOctets: number,
  members: Readonly<Record<string, unknown>> = {},
): Promise<JobResultJson> {
  const instance = await TestInstance.start(options);
  try {
    const image = firmware(options.seed, sizeOctets);
    await instance.http.uploadFirmware('firmware.bin', image);
    const { result } = await instance.runFota({ fotaFile: 'firmware.bin', ...members });
    expect(result.devices.map(({ deveui }) => deveui)).toEqual(instance.deveuis);
    const images = await instance.images(options.devices);
    for (const { deveui, status } of result.devices) {
      const held = images.get(deveui);
      expect({ deveui, status, sha256: held && sha256(held) }).toEqual({
        deveui,
        status: 'success',
        sha256: sha256(image),
      });
    }
    expect(result).toMatchObject({ success: options.devices, failed: 0, skipped: 0 });
    expect(instance.air.unreadable).toEqual([]);
    return result;
  } finally {
    await instance.stop();
  }
}

describe('updates over different air', () => {
  it(`without loss nothing but plain fragments is needed (seed ${SEED}/0)`, async () => {
    const result = await update({ seed: `${SEED}/0`, devices: 6, loss: 0 }, 12_000);
    expect(result.frames?.plain).toBe(Math.ceil(12_000 / 239));
    // Devices take a few seconds to say that they are done; what is sent until then is not needed.
    expect(result.frames?.parity).toBeLessThan(10);
  }, 60_000);

  it(`with 30 % loss every device is served (seed ${SEED}/30)`, async () => {
    const result = await update({ seed: `${SEED}/30`, devices: 6, loss: 0.3 }, 12_000, PATIENT);
    const plain = Math.ceil(12_000 / 239);
    expect(result.frames?.parity).toBeGreaterThan(plain * 0.3);
  }, 60_000);

  it(`with 10 % loss and many devices (seed ${SEED}/10)`, async () => {
    await update({ seed: `${SEED}/10`, devices: 24, loss: 0.1 }, 6_000, PATIENT);
  }, 60_000);

  it(`in EU868 the duty cycle of the band is kept (seed ${SEED}/eu868)`, async () => {
    const options = { seed: `${SEED}/eu868`, devices: 3, loss: 0.1, region: 'EU868' } as const;
    const instance = await TestInstance.start(options);
    const image = firmware(options.seed, 8_000);
    await instance.http.uploadFirmware('eu.bin', image);
    const { result } = await instance.runFota({ fotaFile: 'eu.bin', ...PATIENT });
    expect(result).toMatchObject({ success: 3, failed: 0 });
    const images = await instance.images(3);
    for (const deveui of instance.deveuis) expect(images.get(deveui)).toEqual(image);

    const frames = instance.air.toGroups();
    expect(new Set(frames.map(({ frequencyHz, dataRate }) => `${frequencyHz} ${dataRate}`))).toEqual(
      new Set(['869525000 SF7BW125']),
    );
    // 869.4 to 869.65 MHz: a tenth of any hour.
    for (const { startMs } of frames) {
      const hour = frames.filter((frame) => frame.startMs >= startMs && frame.startMs < startMs + 3_600_000);
      const onAirMs = hour.reduce((sum, frame) => sum + frame.endMs - frame.startMs, 0);
      expect(onAirMs).toBeLessThanOrEqual(360_000);
    }
    await instance.stop();
  }, 60_000);

  it(`what devices write beside the image fits the result (seed ${SEED}/facts)`, async () => {
    const instance = await TestInstance.start({ seed: `${SEED}/facts`, devices: 2, loss: 0.2 });
    const image = firmware(`${SEED}/facts`, 6_000);
    await instance.http.uploadFirmware('facts.bin', image);
    const { result } = await instance.runFota({ fotaFile: 'facts.bin', ...PATIENT });
    expect(result).toMatchObject({ success: 2 });
    await instance.images(2);
    for (const { devEui } of instance.fleet.devices) {
      const facts: unknown = JSON.parse(await readFile(join(instance.received, devEui, 'received.json'), 'utf8'));
      expect(facts).toMatchObject({ sha256: sha256(image), size: image.length });
    }
    await instance.stop();
  }, 60_000);
});
