import { describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { TestInstance } from '../support/test-instance.ts';

const SEED = 'contract/stragglers';
const IMAGE_OCTETS = 40_000;

describe('devices that are late or hear badly', () => {
  it(`do not make the others hear everything again (seed ${SEED}/late)`, async () => {
    const instance = await TestInstance.start({ seed: `${SEED}/late`, devices: 20, loss: 0.15 });
    const image = firmware('late', IMAGE_OCTETS);
    await instance.http.uploadFirmware('late.bin', image);
    // A start for which hardly anybody can be ready: devices send every ten seconds and need two exchanges.
    const { result } = await instance.runFota({ fotaFile: 'late.bin', launchTimeFromSetupTime: 20, keep_log: true });
    expect(result.devices.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 'success'));
    const plain = Math.ceil(IMAGE_OCTETS / 239);
    const { frames } = result;
    expect(frames).toMatchObject({ plain });
    // 168 fragments, 208 by the theory for 20 devices that are all there from the beginning.
    expect((frames?.plain ?? 0) + (frames?.parity ?? 0) + (frames?.status ?? 0)).toBeLessThan(280);
    const images = await instance.images(20);
    for (const [, held] of images) expect(held).toEqual(image);
    await instance.stop();
  }, 120_000);

  it.each([0.4, 0.5])(
    `at a loss of %d are served all the same (seed ${SEED}/deaf)`,
    async (loss) => {
      const instance = await TestInstance.start({ seed: `${SEED}/deaf`, devices: 5, loss });
      const image = firmware('deaf', 12_000);
      await instance.http.uploadFirmware('deaf.bin', image);
      const { result } = await instance.runFota({ fotaFile: 'deaf.bin' });
      expect(result.devices.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'success'));
      await instance.stop();
    },
    120_000,
  );
});
