import { crc64, decryptMcKey, encryptMcKey, mcKEKeyOf, mcSessionKeys } from '@airlift/applayer';
import { crc64 as deviceCrc64 } from '@airlift/fleet';
import { fromHex, toHex } from '@airlift/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { groupKeysOf } from '../support/group-keys.ts';
import { TestInstance } from '../support/test-instance.ts';

const SEED = 'contract/frames';
const GPS_EPOCH_S = 315_964_800;
const LEAP_SECONDS = 18;

describe(`frames of a large update, as in the documented traces (seed ${SEED})`, () => {
  /** As long as the image of the trace: 1058 fragments of 239 octets, less 162. */
  const image = firmware(SEED, 252_700);
  let instance: TestInstance;
  let scheduledS: number;

  beforeAll(async () => {
    instance = await TestInstance.start({ seed: SEED, devices: 2 });
    await instance.http.uploadFirmware('large.bin', image);
    scheduledS = instance.nowS + 10;
    await instance.http.post('/api/lora/fota', {
      transmission_type: 'FOTA',
      multicastGroupID: 0,
      endDeviceDeveuis: instance.deveuis,
      fotaFile: 'large.bin',
      scheduledTimeSinceUnixEpoch: scheduledS,
      setupTimeFromScheduledTime: 20,
      launchTimeFromSetupTime: 90,
    });
    await instance.until(() => instance.air.toGroups(201).length >= 40, 600_000);
  }, 60_000);
  afterAll(() => instance.stop());

  it('74: FragSessionSetupReq for 252,700 octets at DR10', () => {
    for (const index of [0, 1]) expect(fragmentationSetups(instance, index)).toContain('02012204ef00a200000000');
  });

  it('76: the first fragment, and those after it, octet for octet, under counters equal to their numbers', () => {
    const frames = instance.air.toGroups(201);
    expect(frames[0]?.hex).toBe(`080100${Buffer.from(image.subarray(0, 239)).toString('hex')}`);
    frames.forEach(({ hex, fCnt, frequencyHz, dataRate }, index) => {
      const number = index + 1;
      const head = Buffer.of(0x08, number & 255, number >> 8).toString('hex');
      expect(hex).toBe(head + Buffer.from(image.subarray(index * 239, number * 239)).toString('hex'));
      expect({ fCnt, frequencyHz, dataRate }).toEqual({
        fCnt: number,
        frequencyHz: 923_300_000,
        dataRate: 'SF10BW500',
      });
    });
  });

  it('the session begins at scheduled + set-up + launch, told as GPS time, and no fragment comes before', () => {
    const launchS = scheduledS + 20 + 90;
    const sessionTime = Buffer.alloc(4);
    sessionTime.writeUInt32LE(launchS - GPS_EPOCH_S + LEAP_SECONDS);
    for (const index of [0, 1]) {
      const requests = multicastSetups(instance, index).map((hex) => hex.slice(-22));
      expect(new Set(requests.map((hex) => hex.slice(4, 12)))).toEqual(new Set([sessionTime.toString('hex')]));
    }
    const [first] = instance.air.toGroups();
    expect(first?.startMs).toBeGreaterThanOrEqual(launchS * 1_000);
    expect(first?.startMs).toBeLessThan((launchS + 10) * 1_000);
  });

  it('no set-up frame goes out before the set-up time', () => {
    const setup = instance.air.frames.filter(({ direction, fPort }) => direction === 'down' && fPort !== null);
    expect(Math.min(...setup.map(({ startMs }) => startMs))).toBeGreaterThanOrEqual((scheduledS + 20) * 1_000);
  });

  it('every frame on the air could be opened, and its MIC is right', () => {
    expect(instance.air.unreadable).toEqual([]);
  });
});

describe(`set-up frames of single jobs (seed ${SEED}/setup)`, () => {
  let instance: TestInstance;
  beforeAll(async () => {
    instance = await TestInstance.start({ seed: `${SEED}/setup`, devices: 1 });
    await instance.http.uploadFirmware('small.bin', firmware('small', 1_000));
  }, 30_000);
  afterAll(() => instance.stop());
  beforeEach(async () => {
    await instance.sessionsOver();
    instance.air.clear();
  });

  it.each([
    ['fragmentDesc', { fragmentDesc: '0001020304' }, '01020304'],
    ['fotaDescriptor', { fotaDescriptor: 16909060 }, '01020304'],
    ['40: both', { fragmentDesc: '0001020304', fotaDescriptor: 16909060 }, '01020304'],
    ['a descriptor in the order it was typed', { fragmentDesc: '04FACEBD' }, '04facebd'],
    ['none', {}, '00000000'],
  ])('descriptor on air: %s', async (_, members, expected) => {
    await instance.runFota({ fotaFile: 'small.bin', ...members });
    // 1000 octets in five fragments of 239: 195 too many.
    expect(new Set(fragmentationSetups(instance, 0))).toEqual(new Set([`02010500ef00c3${expected}`]));
  });

  it('a job for group 1 names group 1 in every command, and fragments go to the group with its keys', async () => {
    const { result } = await instance.runFota({ fotaFile: 'small.bin', multicastGroupID: 1 });
    expect(result).toMatchObject({ success: 1, failed: 0 });
    expect(instance.air.groups.map(({ groupId }) => groupId)).toEqual([1]);
    expect(new Set(fragmentationSetups(instance, 0))).toEqual(new Set(['02020500ef00c300000000']));
    for (const hex of multicastSetups(instance, 0)) {
      expect(hex).toMatch(/^(0201[0-9a-f]{56})?0401[0-9a-f]{18}$/);
    }
  });

  it('75: McGroupSetupReq and McClassCSessionReq at 923.3 MHz, DR10, with timeout 15', async () => {
    await instance.runMessage({ messageFormat: 'Hexadecimal', messagePayload: '00', multicastSessionTimeout: 15 });
    const [group] = instance.air.groups;
    const address = Buffer.alloc(4);
    address.writeUInt32LE(group?.mcAddr ?? 0);
    expect((group?.mcAddr ?? 0) >>> 16).toBe(0xf0da);
    const expected = new RegExp(
      `^0200${address.toString('hex')}[0-9a-f]{32}00000000ffffffff0400[0-9a-f]{8}0f68e28c0a$`,
    );
    const [first] = instance.air.ofDevice(instance.device(0).devEui, 'down', 200);
    expect(first?.hex).toMatch(expected);
  });
});

describe('published values', () => {
  it('77: the CRC-64 of the digits', () => {
    const digits = new TextEncoder().encode('123456789');
    expect(toHex(crc64(digits))).toBe('e9c6d914c4b8d9ca');
    expect(toHex(deviceCrc64(digits))).toBe('e9c6d914c4b8d9ca');
  });

  it.each([
    {
      trace: 'multicast set-up, GenAppKey of zeros',
      scheme: 'ts005',
      mcAddr: 0xf0da492f,
      encrypted: '11fe3c120a78c11b4b769c52e45d2116',
      mcKey: '11e7fc66040ac532299015768165c1aa',
      appSKey: '34c441597aa7a7cca50e681219294afe',
      nwkSKey: '27816da6b13b0001c595f84a7a3b4b5e',
    },
    {
      trace: 'multicast set-up, McKEKey of zeros',
      scheme: 'kek-zero',
      mcAddr: 0xf0da492f,
      encrypted: '11fe3c120a78c11b4b769c52e45d2116',
      mcKey: 'bbff9970fa13fd1b68f175bb71f70f4a',
      appSKey: 'ff0ff863d434d5022780263758f17ea9',
      nwkSKey: '97e3c66d07b7ec57a0846f75d55f1431',
    },
  ] as const)('78: keys of the trace: $trace', ({ scheme, mcAddr, encrypted, mcKey, appSKey, nwkSKey }) => {
    const kek = mcKEKeyOf({ scheme, rootKey: new Uint8Array(16), rules: '1.0' });
    expect(toHex(decryptMcKey(kek, fromHex(encrypted)))).toBe(mcKey);
    expect(toHex(encryptMcKey(kek, fromHex(mcKey)))).toBe(encrypted);
    const keys = mcSessionKeys(fromHex(mcKey), mcAddr);
    expect([toHex(keys.mcAppSKey), toHex(keys.mcNwkSKey)]).toEqual([appSKey, nwkSKey]);
  });

  it('78: the reckoning of the tests themselves agrees with the trace', () => {
    const onAir = fromHex('2f49daf0');
    const keys = groupKeysOf(new Uint8Array(16), fromHex('11fe3c120a78c11b4b769c52e45d2116'), onAir);
    expect(keys.mcKey.toString('hex')).toBe('11e7fc66040ac532299015768165c1aa');
    expect(keys.appSKey.toString('hex')).toBe('34c441597aa7a7cca50e681219294afe');
    expect(keys.nwkSKey.toString('hex')).toBe('27816da6b13b0001c595f84a7a3b4b5e');
  });
});

/** Every FragSessionSetupReq that a device was sent, in hexadecimal. */
function fragmentationSetups(instance: TestInstance, index: number): string[] {
  const downlinks = instance.air.ofDevice(instance.device(index).devEui, 'down', 201);
  return downlinks.map(({ hex }) => hex).filter((hex) => hex.startsWith('02'));
}

/** Every downlink of the multicast set-up that a device was sent, in hexadecimal. */
function multicastSetups(instance: TestInstance, index: number): string[] {
  return instance.air.ofDevice(instance.device(index).devEui, 'down', 200).map(({ hex }) => hex);
}
