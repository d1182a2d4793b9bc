import {
  byTheBookV2,
  type DeviceProfile,
  dataBlockIntKey,
  dataBlockMic,
  encryptMcKey,
  mcKEKeyOf,
  multitechDot3,
  multitechDot4,
} from '@airlift/applayer';
import { fromHex, gpsFromUtc, steadyMs, toHex, utcMs } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobPlan } from '../src/job-plan.ts';
import {
  answerSpanMs,
  blockAckDelay,
  buildChecksumAnswer,
  buildFragment,
  buildQuestion,
  buildStatusRequest,
  type QuestionContext,
} from '../src/questions.ts';
import type { ImageFormat } from '../src/session/session-format.ts';
import type { SessionPlan } from '../src/session/session-state.ts';
import { SAMPLE_SESSION, sampleFotaPlan, sampleMessagePlan } from '../src/testing/index.ts';
import type { DeviceTraits } from '../src/traits.ts';

const ZERO_KEY = new Uint8Array(16);
const DOT4: DeviceTraits = { profile: multitechDot4, isAssigned: true };
const DOT3: DeviceTraits = { profile: multitechDot3, isAssigned: true };

const withMulticast = (more: Partial<DeviceProfile['multicast']>): DeviceTraits => ({
  profile: { ...multitechDot4, multicast: { ...multitechDot4.multicast, ...more } },
  isAssigned: true,
});

/** Octets written with spaces for people. */
const octets = (text: string): string => text.replaceAll(' ', '');

/** The inputs of the documented gateways' traces. */
const TRACE_RADIO = { frequencyHz: 923_300_000, dataRate: 10 };
const TRACE_FOTA = sampleFotaPlan({ radio: TRACE_RADIO, descriptor: 0 });
const TRACE_FORMAT: ImageFormat = {
  kind: 'image',
  key: 'trace',
  carrier: { region: 'US915', ...TRACE_RADIO, airtimeMs: 400, dutyCycle: 1 },
  fPort: 201,
  fragIndexBase: 1,
  codeRule: 'v1',
  fragSize: 239,
  nbFrag: 1058,
  padding: 162,
};
const TRACE_MESSAGE = sampleMessagePlan({ radio: TRACE_RADIO });

const session = (more: Partial<SessionPlan>): SessionPlan => ({ ...SAMPLE_SESSION, ...more });
const context = ({ session: own = SAMPLE_SESSION, ...more }: Partial<QuestionContext> = {}): QuestionContext => ({
  plan: TRACE_FOTA,
  format: TRACE_FORMAT,
  session: own,
  start: own,
  traits: DOT4,
  genAppKey: ZERO_KEY,
  image: new Uint8Array(1058 * 239 - 162),
  sessionCnt: undefined,
  now: steadyMs(0),
  ...more,
});

describe('group and session in one downlink', () => {
  // Documented: McAddr f0da492f, encrypted key 11fe..., SessionTime 2020-10-07T15:32:15Z, TimeOut 15, 923.3 MHz, DR10.
  const traced = session({
    mcAddr: 0xf0da_492f,
    // What the encrypted key of the trace is under a GenAppKey of zeros.
    mcKey: '11e7fc66040ac532299015768165c1aa',
    sessionTimeGpsS: 1_286_119_953,
    timeOutExponent: 15,
  });

  it('is the documented downlink of 41 octets', () => {
    const traits = withMulticast({ maxMcFCnt: 0 });
    const question = buildQuestion(['group', 'session'], context({ plan: TRACE_MESSAGE, session: traced, traits }));
    expect(question.fPort).toBe(200);
    expect(question.payload).toHaveLength(41);
    expect(toHex(question.payload)).toBe(
      octets('02 00 2f49daf0 11fe3c120a78c11b4b769c52e45d2116 00000000 00000000 04 00 11a2a84c 0f 68e28c 0a'),
    );
  });

  it('of the documented image job differs where it must', () => {
    const fota = session({
      mcAddr: 0xf0da_5726,
      mcKey: '7a6ae4e9340e0178e6fc32b3048193ec',
      sessionTimeGpsS: Number(gpsFromUtc(utcMs(Date.parse('2020-10-09T16:15:56Z')))) / 1000,
      timeOutExponent: 13,
    });
    const { payload } = buildQuestion(['group', 'session'], context({ session: fota }));
    const hex = toHex(payload);
    expect(hex.slice(0, 12)).toBe(octets('02 00 2657daf0'));
    // No limit of the counter, as stacks want it that take the field at its word.
    expect(hex.slice(44, 60)).toBe('00000000ffffffff');
    expect(hex.slice(60)).toBe(octets('04 00 4e4fab4c 0d 68e28c 0a'));
  });

  it('may be asked for one by one', () => {
    const both = buildQuestion(['group', 'session'], context({ session: traced })).payload;
    const group = buildQuestion(['group'], context({ session: traced })).payload;
    const alone = buildQuestion(['session'], context({ session: traced })).payload;
    expect([group.length, alone.length]).toEqual([30, 11]);
    expect(toHex(both)).toBe(toHex(group) + toHex(alone));
  });

  it('protects the key as the device can undo it', () => {
    const keyIn = (traits: DeviceTraits, genAppKey: Uint8Array): string =>
      toHex(buildQuestion(['group'], context({ session: traced, traits, genAppKey })).payload.subarray(6, 22));
    const root = fromHex('000102030405060708090a0b0c0d0e0f');
    const mcKey = fromHex(traced.mcKey);
    const expected = (rootKey: Uint8Array): string =>
      toHex(encryptMcKey(mcKEKeyOf({ scheme: 'ts005', rules: '1.0', rootKey }), mcKey));
    expect(keyIn(DOT4, root)).toBe(expected(root));
    expect(keyIn(DOT4, ZERO_KEY)).toBe(expected(ZERO_KEY));
    expect(keyIn(DOT3, root)).toBe(toHex(encryptMcKey(ZERO_KEY, mcKey)));
    expect(new Set([keyIn(DOT4, root), keyIn(DOT4, ZERO_KEY), keyIn(DOT3, root)]).size).toBe(3);
  });

  it('counts down for a device that wants it so', () => {
    const traits = withMulticast({ sessionTime: 'countdown' });
    const startMs = traced.sessionTimeGpsS * 1000;
    const timeIn = (now: number): string => {
      const at = steadyMs(traced.launchAt - startMs + now);
      return toHex(buildQuestion(['session'], context({ session: traced, traits, now: at })).payload.subarray(2, 6));
    };
    expect(timeIn(startMs - 90_000)).toBe('5a000000');
    expect(timeIn(startMs - 400)).toBe('00000000');
    expect(timeIn(startMs + 5_000)).toBe('00000000');
  });

  it.each([0, 1, 2, 3])('names group %i', (multicastGroupId) => {
    const plan = { ...TRACE_FOTA, multicastGroupId } as JobPlan;
    // Nobody chose a profile, which might know that the device has fewer.
    const traits: DeviceTraits = { profile: multitechDot4, isAssigned: false };
    const { payload } = buildQuestion(['group', 'session'], context({ plan, traits }));
    expect([payload[1], payload[31]]).toEqual([multicastGroupId, multicastGroupId]);
    const bits = buildQuestion(['fragmentation'], context({ plan, traits })).payload[1];
    expect(bits).toBe(1 << multicastGroupId);
  });
});

describe('the fragmentation session', () => {
  it('is announced as in the documented trace', () => {
    const question = buildQuestion(['fragmentation'], context());
    expect(question.fPort).toBe(201);
    expect(toHex(question.payload)).toBe(octets('02 01 2204 ef 00 a2 00000000'));
  });

  it('carries the descriptor as it was typed', () => {
    const plan = sampleFotaPlan({ descriptor: 0x04fa_cebd });
    const format = { ...TRACE_FORMAT, nbFrag: 100, fragSize: 131, padding: 44 };
    expect(toHex(buildQuestion(['fragmentation'], context({ plan, format })).payload)).toBe(
      octets('02 01 6400 83 00 2c 04facebd'),
    );
  });

  it('spreads the answers of many devices', () => {
    const devEuis = Array.from({ length: 200 }, () => TRACE_FOTA.multicastEui);
    const { payload } = buildQuestion(['fragmentation'], context({ plan: { ...TRACE_FOTA, devEuis } }));
    expect(payload[5]).toBe(2);
  });

  it.each([
    [1, 0],
    [50, 0],
    [51, 1],
    [100, 1],
    [101, 2],
    [6_400, 7],
    [10_000, 7],
  ])('of %i devices has BlockAckDelay %i', (count, delay) => {
    expect(blockAckDelay(count)).toBe(delay);
    expect(answerSpanMs(count)).toBe(2 ** (delay + 4) * 1000 + 4_000);
  });

  it('never lets fewer than sixteen seconds to fifty devices, until there is no more to give', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6_400 }), (count) => {
        expect(answerSpanMs(count) - 4_000).toBeGreaterThanOrEqual((16_000 * count) / 50);
        expect(blockAckDelay(count)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('a device that has not the wanted group', () => {
  it('takes part under one that it has', () => {
    const plan = { ...TRACE_FOTA, multicastGroupId: 2 };
    const only = withMulticast({ groups: [0] });
    const groupIn = (traits: DeviceTraits): number =>
      buildQuestion(['group'], context({ plan, traits })).payload[1] ?? Number.NaN;
    expect([groupIn(only), groupIn(withMulticast({ groups: [0, 1, 2, 3] }))]).toEqual([0, 2]);
    const maskIn = (traits: DeviceTraits): number =>
      buildQuestion(['fragmentation'], context({ plan, traits })).payload[1] ?? Number.NaN;
    expect([maskIn(only), maskIn(withMulticast({ groups: [0, 1, 2, 3] }))]).toEqual([1, 4]);
  });
});

describe('the other frames', () => {
  it('ask for the time three times', () => {
    const question = buildQuestion(['clock', 'session'], context());
    expect(question.fPort).toBe(202);
    expect(toHex(question.payload)).toBe('0303');
  });

  it('ask those that miss something, or everybody, how they stand', () => {
    expect(toHex(buildStatusRequest(false))).toBe('0100');
    expect(toHex(buildStatusRequest(true))).toBe('0101');
  });

  it('carry fragments under the number that the device expects', () => {
    const data = fromHex('00800020b5680008');
    expect(toHex(buildFragment(1, data, 1))).toBe(octets('08 0100 00800020b5680008'));
    expect(toHex(buildFragment(1065, data, 1))).toBe(octets('08 2904 00800020b5680008'));
    expect(toHex(buildFragment(1, data, 0))).toBe(octets('08 0000 00800020b5680008'));
    expect(toHex(buildFragment(16_383, data, 1)).slice(0, 6)).toBe('08ff3f');
  });

  it('answer a check value', () => {
    expect(toHex(buildChecksumAnswer(true))).toBe('8001');
    expect(toHex(buildChecksumAnswer(false))).toBe('8000');
  });

  it('use the ports of the device', () => {
    const { packages } = multitechDot4;
    const traits: DeviceTraits = {
      profile: {
        ...multitechDot4,
        packages: {
          ...packages,
          multicast: { version: 1, fPort: 11 },
          fragmentation: { version: 1, fPort: 12 },
          clock: { version: 1, fPort: 13 },
        },
      },
      isAssigned: true,
    };
    const port = (step: 'clock' | 'group' | 'session' | 'fragmentation'): number =>
      buildQuestion([step], context({ traits })).fPort;
    expect([port('group'), port('session'), port('fragmentation'), port('clock')]).toEqual([11, 11, 12, 13]);
  });
});

describe('version 2', () => {
  const traits: DeviceTraits = { profile: byTheBookV2, isAssigned: true };

  it('adds SessionCnt and a MIC of its own for each device to the fragmentation session', () => {
    const image = Uint8Array.from({ length: 1058 * 239 - 162 }, (_, n) => n & 255);
    const root = fromHex('000102030405060708090a0b0c0d0e0f');
    const ask = (genAppKey: Uint8Array, sessionCnt: number): Uint8Array =>
      buildQuestion(['fragmentation'], context({ traits, genAppKey, sessionCnt, image })).payload;
    const payload = ask(root, 0x0102);
    expect(payload).toHaveLength(17);
    expect(toHex(payload.subarray(11, 13))).toBe('0201');
    const mic = dataBlockMic(dataBlockIntKey(root), {
      sessionCnt: 0x0102,
      fragIndex: 0,
      descriptor: new Uint8Array(4),
      block: image,
    });
    expect(toHex(payload.subarray(13))).toBe(toHex(mic));
    expect(toHex(ask(ZERO_KEY, 0x0102).subarray(13))).not.toBe(toHex(mic));
  });

  it('is answered when a block was received', () => {
    const { fPort, payload } = buildQuestion(['block-received'], context({ traits }));
    expect([fPort, toHex(payload)]).toEqual([201, '0400']);
  });
});

describe('a device that is let go', () => {
  it('is asked to delete its group', () => {
    const { fPort, payload } = buildQuestion(['release'], context());
    expect([fPort, toHex(payload)]).toEqual([200, '0300']);
  });
});

describe('what cannot be asked', () => {
  it('is a mistake of ours', () => {
    expect(() => buildQuestion([], context())).toThrow('without a step');
    expect(() => buildQuestion(['fragmentation'], context({ plan: TRACE_MESSAGE }))).toThrow('no fragmentation');
  });
});
