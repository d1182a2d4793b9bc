import type { JobResultJson } from '@airlift/contract';
import { behaviour, type DeviceBehaviour, type IntegrityBehaviour } from '@airlift/fleet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { TestInstance } from '../support/test-instance.ts';

const SEED = 'contract/checksum';
/** The last fragment of such an image has filler octets. */
const IMAGE = firmware(SEED, 1_500);

function asking(integrity: Partial<IntegrityBehaviour>): DeviceBehaviour {
  return behaviour('multitech-dot', { integrity });
}

/** Every way in which Dots have put the question, and how long it is. */
const WAYS = [
  { way: '70: 80 <index> <CRC>', integrity: { form: 'indexed' }, octets: 10 },
  { way: '71: 80 <CRC>, as older firmware asks', integrity: { form: 'bare' }, octets: 9 },
  { way: 'most significant octet first', integrity: { octetOrder: 'big' }, octets: 10 },
  { way: 'over the block with its filler octets', integrity: { covers: 'padded-block' }, octets: 10 },
  { way: 'all of that', integrity: { form: 'bare', octetOrder: 'big', covers: 'padded-block' }, octets: 9 },
] as const;

describe(`the checksum exchange on FPort 201 (seed ${SEED})`, () => {
  let instance: TestInstance;
  let result: JobResultJson;
  beforeAll(async () => {
    instance = await TestInstance.start({
      seed: SEED,
      devices: WAYS.length,
      behaviour: (index) => asking(WAYS[index]?.integrity ?? {}),
    });
    await instance.http.uploadFirmware('crc.bin', IMAGE);
    ({ result } = await instance.runFota({ fotaFile: 'crc.bin', launchTimeFromSetupTime: 120 }));
  }, 60_000);
  afterAll(() => instance.stop());

  it.each(WAYS.map((way, index) => ({ ...way, index })))(
    '$way is answered 80 01, and the device succeeds',
    async ({ index, octets }) => {
      const { devEui, deveui } = instance.device(index);
      expect(result.devices[index]).toMatchObject({ deveui, status: 'success', verified_by: 'crc64' });
      expect((await instance.images(WAYS.length)).get(deveui)).toEqual(IMAGE);

      const questions = instance.air.ofDevice(devEui, 'up', 201).filter(({ hex }) => hex.startsWith('80'));
      const answers = checksumAnswers(instance, index);
      expect(new Set(questions.map(({ payload }) => payload.length))).toEqual(new Set([octets]));
      expect(new Set(answers.map(({ hex, to }) => `${hex} ${to}`))).toEqual(new Set(['8001 device']));
      // In the receive windows of a question: the device of class A hears nothing else.
      for (const { startMs } of answers) {
        const delays = questions.map(({ endMs }) => startMs - endMs);
        expect(delays.some((delay) => [1_000, 2_000].some((window) => Math.abs(delay - window) < 50))).toBe(true);
      }
    },
  );
});

describe(`wrong and unheard checksums (seed ${SEED})`, () => {
  it('72: a wrong CRC is answered 80 00, and the device fails and drops the file', async () => {
    const instance = await TestInstance.start({
      seed: SEED,
      devices: 2,
      behaviour: (index) => behaviour('multitech-dot', { faults: { wrongCrc: index === 0 } }),
    });
    await instance.http.uploadFirmware('crc.bin', IMAGE);
    const { result } = await instance.runFota({ fotaFile: 'crc.bin' });
    expect(result).toMatchObject({ success: 1, failed: 1 });
    expect(result.devices).toMatchObject([
      { deveui: instance.device(0).deveui, status: 'failed', reason_code: 'integrity-mismatch' },
      { deveui: instance.device(1).deveui, status: 'success' },
    ]);
    expect(new Set(checksumAnswers(instance, 0).map(({ hex }) => hex))).toEqual(new Set(['8000']));
    expect(new Set(checksumAnswers(instance, 1).map(({ hex }) => hex))).toEqual(new Set(['8001']));
    expect(await instance.images(1)).toEqual(new Map([[instance.device(1).deveui, IMAGE]]));
    await instance.stop();
  });

  it('73: who asks again is answered the same again, also after the job has ended', async () => {
    let swallowed = 0;
    const instance = await TestInstance.start({
      seed: SEED,
      devices: 1,
      fate: (_, frame) => {
        if (frame?.direction !== 'down' || frame.hex !== '8001' || swallowed >= 4) return undefined;
        swallowed += 1;
        return 1;
      },
    });
    await instance.http.uploadFirmware('crc.bin', IMAGE);
    const { result } = await instance.runFota({ fotaFile: 'crc.bin' });
    expect(result).toMatchObject({ success: 1, failed: 0 });
    expect(await instance.images(1)).toEqual(new Map([[instance.device(0).deveui, IMAGE]]));
    expect(swallowed).toBe(4);
    const answers = checksumAnswers(instance, 0);
    expect(answers.map(({ hex }) => hex)).toEqual(['8001', '8001', '8001', '8001', '8001']);
    const ended = Date.parse(result.complete_time);
    expect(
      answers.some(({ startMs }) => startMs > ended),
      'some came after the end of the job',
    ).toBe(true);
    await instance.stop();
  });
});

function checksumAnswers(instance: TestInstance, index: number) {
  const { devEui } = instance.device(index);
  return instance.air.ofDevice(devEui, 'down', 201).filter(({ hex }) => hex.startsWith('80'));
}
