import { CallerError, steadyMs, utcMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { type FotaWish, type MessageWish, type PlanSettings, planJob } from '../src/index.ts';
import { sampleEui } from '../src/testing/index.ts';

const NOW = steadyMs(1_734_480_000_000);
const SETTINGS: PlanSettings = {
  jobId: 'job',
  now: NOW,
  today: utcMs(NOW),
  radio: { frequencyHz: 923_300_000, dataRate: 10 },
  maxPayload: 242,
  expectedUplinkIntervalS: 10,
};

const BASE = {
  devEuis: [sampleEui(1), sampleEui(2)],
  multicastGroupId: 1,
  multicastEui: sampleEui(0xff),
  scheduledAt: undefined,
  setupDelayS: 300,
  launchDelayS: undefined,
  keepLog: true,
  filename: 'fota_1734480000_300',
  scheduleSource: 'Conduit',
  sleepMs: undefined,
  shortSleepMs: undefined,
  paritySleepMs: undefined,
  waves: undefined,
};
const image = (sizeBytes: number) => ({ sha256: 'ab'.repeat(32), sizeBytes, name: 'firmware.bin' });

const fotaWish = (more: Partial<FotaWish> = {}): FotaWish => ({
  ...BASE,
  kind: 'FOTA',
  descriptor: 0x0102_0304,
  parityFragments: undefined,
  maxPacketSize: undefined,
  image: image(252_700),
  ...more,
});
const messageWish = (more: Partial<MessageWish> = {}): MessageWish => ({
  ...BASE,
  kind: 'Message',
  messagePort: 10,
  sessionTimeoutExponent: 15,
  transmissions: 1,
  confirmPort: undefined,
  image: image(11),
  ...more,
});

const fota = (more: Partial<FotaWish> = {}, settings: Partial<PlanSettings> = {}) => {
  const plan = planJob(fotaWish(more), { ...SETTINGS, ...settings });
  if (plan.kind !== 'FOTA') throw new Error('not an image job');
  return plan;
};
const codeOf = (make: () => unknown): string => {
  try {
    make();
  } catch (error) {
    if (error instanceof CallerError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('packets', () => {
  it('are as large as the data rate allows, if the caller does not want them smaller', () => {
    expect(fota().maxPacketOctets).toBe(242);
    expect(fota({ maxPacketSize: 200 }).maxPacketOctets).toBe(200);
    expect(fota({ maxPacketSize: 242 }, { maxPayload: 53 }).maxPacketOctets).toBe(53);
  });

  it('must leave room for data', () => {
    expect(codeOf(() => fota({ maxPacketSize: 3 }))).toBe('packet-size-too-small');
    expect(codeOf(() => fota({}, { maxPayload: 0 }))).toBe('packet-size-too-small');
    expect(fota({ maxPacketSize: 4, image: image(5) }).maxPacketOctets).toBe(4);
  });

  it('must have numbers, with the parity fragments', () => {
    const size = (nbFrag: number) => ({ image: image(nbFrag * 239) });
    expect(codeOf(() => fota({ ...size(16_383), parityFragments: 0 }))).toBe('accepted');
    expect(codeOf(() => fota({ ...size(16_384), parityFragments: 0 }))).toBe('image-too-large');
    expect(codeOf(() => fota({ ...size(16_083), parityFragments: 300 }))).toBe('accepted');
    expect(codeOf(() => fota({ ...size(16_084), parityFragments: 300 }))).toBe('image-too-large');
    expect(codeOf(() => fota(size(14_739)))).toBe('accepted');
    expect(codeOf(() => fota(size(14_741)))).toBe('image-too-large');
  });
});

describe('times', () => {
  it('count from the schedule', () => {
    const scheduledAt = utcMs(NOW + 3_600_000);
    expect(fota({ scheduledAt, launchDelayS: 60 })).toMatchObject({
      createdAt: NOW,
      scheduledAt,
      setupAt: scheduledAt + 300_000,
      launchDelayS: 60,
    });
  });

  it('that are past become now', () => {
    for (const scheduledAt of [undefined, utcMs(NOW - 1), utcMs(0)]) {
      expect(fota({ scheduledAt })).toMatchObject({ scheduledAt: NOW, setupAt: NOW + 300_000 });
    }
  });

  it('to the launch are as the caller fixed them, or as the devices need', () => {
    expect(fota({ launchDelayS: 0 }).launchDelayS).toBe(0);
    expect(fota({}, { expectedUplinkIntervalS: 600 })).toMatchObject({ launchDelayS: undefined, uplinkIntervalS: 600 });
  });

  it('between frames are the documented ones unless the caller says otherwise', () => {
    expect(fota().pacing).toEqual({ sleepMs: 1_500, paritySleepMs: 3_000, shortSleepMs: 1_000 });
    expect(fota({ sleepMs: 0, shortSleepMs: 1, paritySleepMs: 2 }).pacing).toEqual({
      sleepMs: 0,
      paritySleepMs: 2,
      shortSleepMs: 1,
    });
  });
});

describe('a message', () => {
  it('is planned as it was wished', () => {
    expect(planJob(messageWish(), SETTINGS)).toMatchObject({
      kind: 'Message',
      messagePort: 10,
      sessionTimeoutExponent: 15,
      multicastGroupId: 1,
      filename: BASE.filename,
      image: image(11),
    });
  });

  it('must fit into one frame', () => {
    expect(codeOf(() => planJob(messageWish({ image: image(242) }), SETTINGS))).toBe('accepted');
    expect(codeOf(() => planJob(messageWish({ image: image(243) }), SETTINGS))).toBe('payload-too-long');
  });
});
