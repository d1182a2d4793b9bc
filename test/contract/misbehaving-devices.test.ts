import { type BehaviourChanges, behaviour, type DeviceBehaviour } from '@airlift/fleet';
import { describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { TestInstance } from '../support/test-instance.ts';

const SEED = 'contract/misbehaving';

function dot(changes: BehaviourChanges): DeviceBehaviour {
  return behaviour('multitech-dot', changes);
}

describe('devices that do not do what they should', () => {
  it(`every kind in one job: whoever can be served is, and the others are told from them (seed ${SEED})`, async () => {
    const kinds: readonly DeviceBehaviour[] = [
      dot({}),
      dot({ faults: { silentInSetup: true } }),
      dot({ faults: { wrongCrc: true } }),
      dot({ faults: { deafFromFragment: 12 } }),
      dot({ faults: { answerLoss: 0.3 } }),
      dot({ faults: { sessionUplinkIntervalS: 7 } }),
      dot({}),
    ];
    const instance = await TestInstance.start({
      seed: SEED,
      devices: kinds.length,
      loss: 0.05,
      behaviour: (index) => kinds[index] ?? 'multitech-dot',
    });
    const image = firmware(SEED, 6_000);
    await instance.http.uploadFirmware('mixed.bin', image);
    const { result, polls } = await instance.runFota({ fotaFile: 'mixed.bin' });
    expect(polls.at(-1)?.text).toMatch(/"overall_percent_complete":100[,}]/);
    expect(result.devices.map(({ deveui }) => deveui)).toEqual(instance.deveuis);
    expect(result.devices.map(({ status }) => status)).toEqual([
      'success',
      'failed',
      'failed',
      'failed',
      'success',
      'success',
      'success',
    ]);
    expect(result.devices[1]?.reason_code).toBe('no-answer');
    expect(result.devices[2]?.reason_code).toBe('integrity-mismatch');
    expect(result.devices[3]).toHaveProperty('reason');
    await expectSuccessMeansImage(instance, result.devices, image);
    await instance.stop();
  }, 60_000);

  it(`a device that resets in the middle of the session is served again or fails, and holds up nobody (seed ${SEED}/reset)`, async () => {
    const instance = await TestInstance.start({ seed: `${SEED}/reset`, devices: 3 });
    const image = firmware('reset', 6_000);
    await instance.http.uploadFirmware('reset.bin', image);
    await instance.http.post('/api/lora/fota', {
      transmission_type: 'FOTA',
      multicastGroupID: 0,
      endDeviceDeveuis: instance.deveuis,
      schedule_filename: 'reset',
    });
    await instance.until(() => instance.air.toGroups(201).length >= 10, 600_000);
    instance.fleet.devices[1]?.reboot();
    const { result } = await instance.follow('reset');
    expect(result.devices).toHaveLength(3);
    for (const index of [0, 2]) expect(result.devices[index]).toMatchObject({ status: 'success' });
    expect(['success', 'failed']).toContain(result.devices[1]?.status);
    if (result.devices[1]?.status === 'failed') expect(result.devices[1].reason_code).toBe('restarted');
    await expectSuccessMeansImage(instance, result.devices, image);
    await instance.stop();
  }, 60_000);

  it.each([0, 0.15])(
    `devices of another maker, without checksum, at loss %d (seed ${SEED}/loramac)`,
    async (loss) => {
      const instance = await TestInstance.start({
        seed: `${SEED}/loramac`,
        devices: 5,
        loss,
        behaviour: () => 'loramac-node',
        server: { deviceProfile: 'loramac-node' },
      });
      const image = firmware('loramac', 6_000);
      await instance.http.uploadFirmware('loramac.bin', image);
      const { result } = await instance.runFota({ fotaFile: 'loramac.bin' });
      // Such a stack does not keep quiet before a session: one that happens to be sending when it begins misses it whole.
      const missed = instance.fleet.events.filter(({ type }) => type === 'session-missed').map(({ device }) => device);
      instance.fleet.devices.forEach(({ devEui }, index) => {
        if (missed.includes(devEui)) return;
        expect(result.devices[index]).toMatchObject({
          status: 'success',
          verified_by: expect.stringMatching(/^status-(?:frozen|lossless)$/),
        });
      });
      expect(result.success).toBeGreaterThanOrEqual(3);
      await expectSuccessMeansImage(instance, result.devices, image);
      await instance.stop();
    },
    60_000,
  );

  it(`devices of two makers in one job, nobody told the server which is which (seed ${SEED}/mixed)`, async () => {
    const instance = await TestInstance.start({
      seed: `${SEED}/mixed`,
      devices: 4,
      loss: 0.1,
      behaviour: (index) => (index % 2 === 0 ? 'multitech-dot' : 'loramac-node'),
    });
    const image = firmware('mixed', 6_000);
    await instance.http.uploadFirmware('mixed.bin', image);
    const { result } = await instance.runFota({ fotaFile: 'mixed.bin' });
    expect(result.devices.map(({ deveui }) => deveui)).toEqual(instance.deveuis);
    for (const index of [0, 2])
      expect(result.devices[index]).toMatchObject({ status: 'success', verified_by: 'crc64' });
    await expectSuccessMeansImage(instance, result.devices, image);
    await instance.stop();
  }, 60_000);
});

/** The promise of a result: who is listed as a success holds the image, octet for octet. */
async function expectSuccessMeansImage(
  instance: TestInstance,
  devices: readonly { readonly deveui: string; readonly status: string }[],
  image: Uint8Array,
): Promise<void> {
  const successful = devices.filter(({ status }) => status === 'success');
  const images = await instance.images(successful.length);
  for (const { deveui } of successful) expect({ deveui, image: images.get(deveui) }).toEqual({ deveui, image });
  for (const [deveui, held] of images) expect({ deveui, image: held }).toEqual({ deveui, image });
}
