import { behaviour, type DeviceBehaviour } from '@airlift/fleet';
import { describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { TestInstance } from '../support/test-instance.ts';

// The measured cases that take more than one job, another group or a message: on the whole server, over its documented API.

const SEED = 'campaign/jobs';
const OCTETS = 6_000;

/** LoRaMac-node with room for one group only. */
function oneGroup(): DeviceBehaviour {
  return behaviour('loramac-node', { multicast: { groups: 1 } });
}

describe('devices like LoRaMac-node on a whole server', () => {
  it(`get the next job too, ordered before the first has ended (seed ${SEED}/next)`, async () => {
    const instance = await TestInstance.start({
      seed: `${SEED}/next`,
      devices: 3,
      loss: 0.1,
      behaviour: () => 'loramac-node',
      server: { deviceProfile: 'loramac-node' },
    });
    const images = ['first', 'second'].map((name) => firmware(name, OCTETS));
    for (const [index, name] of ['first', 'second'].entries()) {
      await instance.http.uploadFirmware(`${name}.bin`, images[index] ?? new Uint8Array());
      const reply = await instance.http.post('/api/lora/fota', {
        transmission_type: 'FOTA',
        multicastGroupID: 0,
        endDeviceDeveuis: instance.deveuis,
        fotaFile: `${name}.bin`,
        schedule_filename: name,
      });
      expect(reply.status, reply.text).toBe(200);
    }
    const first = await instance.follow('first');
    expect(first.result).toMatchObject({ success: 3, failed: 0 });
    // They are silent in class C until the session is over, which nothing may hurry.
    const second = await instance.follow('second');
    expect(second.result).toMatchObject({ success: 3, failed: 0 });
    await instance.advance(60_000);
    for (const held of (await instance.images(3)).values()) expect(held).toEqual(images[1]);
    await instance.stop();
  }, 120_000);

  it(`that have only group 0 are served by a job for group 1 (seed ${SEED}/group)`, async () => {
    const instance = await TestInstance.start({
      seed: `${SEED}/group`,
      devices: 2,
      behaviour: oneGroup,
      server: { deviceProfile: 'loramac-node' },
    });
    const image = firmware('group', OCTETS);
    await instance.http.uploadFirmware('group.bin', image);
    const { result } = await instance.runFota({ fotaFile: 'group.bin', multicastGroupID: 1 });
    expect(result).toMatchObject({ success: 2, failed: 0 });
    expect(instance.air.groups.map(({ groupId }) => groupId)).toEqual([0]);
    for (const held of (await instance.images(2)).values()) expect(held).toEqual(image);
    await instance.stop();
  }, 120_000);
});

describe('a message', () => {
  it(`at 50 % loss is a success only for devices that agreed to its session, and says that reception is unknown (seed ${SEED}/message)`, async () => {
    const instance = await TestInstance.start({ seed: `${SEED}/message`, devices: 6, loss: 0.5 });
    const message = { messageFormat: 'Hexadecimal', messagePayload: 'cafe', multicastSessionTimeout: undefined };
    const { result } = await instance.runMessage(message);
    await instance.advance(10_000);
    expect(instance.air.toGroups(10).map(({ hex }) => hex)).toEqual(['cafe']);
    const agreed = instance.fleet.events.filter(({ type }) => type === 'session-started').map(({ device }) => device);
    expect(result.devices).toHaveLength(6);
    for (const [index, device] of result.devices.entries()) {
      if (device.status !== 'success') continue;
      expect(agreed).toContain(instance.device(index).devEui);
      expect(device.verified_by).toBe('session-agreed');
    }
    expect(result.success).toBeGreaterThan(0);
    await instance.stop();
  }, 120_000);

  it(`goes on the air within the time-out that the caller gave, although one answer is lost (seed ${SEED}/short)`, async () => {
    const instance = await TestInstance.start({ seed: `${SEED}/short`, devices: 6, loss: 0.1 });
    try {
      const message = { messageFormat: 'Hexadecimal', messagePayload: 'cafe', multicastSessionTimeout: 5 };
      const { result } = await instance.runMessage(message);
      expect(instance.air.toGroups(10).map(({ hex }) => hex)).toEqual(['cafe']);
      expect(result.success).toBeGreaterThan(0);
    } finally {
      await instance.stop();
    }
  }, 120_000);
});
