import {
  byTheBookV1,
  byTheBookV2,
  type DeviceProfile,
  loramacNode,
  multitechDot4,
  profile,
  zephyr,
} from '@airlift/applayer';
import { describe, expect, it } from 'vitest';
import type { FotaPlan, JobPlan } from '../src/job-plan.ts';
import { chooseFormats, type FormatChoice, type FormatDraft } from '../src/session/choose-formats.ts';
import { HIGHEST_NUMBER } from '../src/session/limits.ts';
import { sampleEui, sampleFotaPlan, sampleMessagePlan } from '../src/testing/index.ts';

/** No limit of the data rate that matters here. */
const ROOMY = 242;

const image = (sizeBytes: number, more: Partial<FotaPlan> = {}): FotaPlan =>
  sampleFotaPlan({
    maxPacketOctets: 103,
    image: { sha256: 'aa'.repeat(32), sizeBytes, name: 'firmware.bin' },
    ...more,
  });

/** Device n has the n-th profile. */
const choose = (plan: JobPlan, profiles: readonly DeviceProfile[], packetOctets = ROOMY): FormatChoice =>
  chooseFormats(
    plan,
    new Map(profiles.map((one, index) => [sampleEui(index + 1), { profile: one, isAssigned: true }])),
    packetOctets,
  );

const withFragmentation = (more: Partial<DeviceProfile['fragmentation']>): DeviceProfile => ({
  ...byTheBookV1,
  fragmentation: { ...byTheBookV1.fragmentation, ...more },
});

/** FragSize, NbFrag and Padding of each format. */
const cuts = ({ formats }: FormatChoice): readonly (readonly number[])[] =>
  formats.map((format: FormatDraft) =>
    format.kind === 'image' ? [format.fragSize, format.nbFrag, format.padding] : [],
  );

/** What became of each device: the place of its format, or why it has none. */
const places = ({ formats, keys, refused }: FormatChoice, devices: number): readonly (number | string | undefined)[] =>
  Array.from({ length: devices }, (_, index) => {
    const devEui = sampleEui(index + 1);
    const key = keys.get(devEui);
    return key === undefined ? refused.get(devEui) : formats.findIndex((format) => format.key === key);
  });

describe('devices that understand the same frames', () => {
  it('have one format, whatever their make', () => {
    const choice = choose(image(1_000), [byTheBookV1, multitechDot4, loramacNode]);
    expect(choice.formats).toEqual([
      {
        kind: 'image',
        key: 'v1/1/201/100',
        fPort: 201,
        fragIndexBase: 1,
        codeRule: 'v1',
        fragSize: 100,
        nbFrag: 10,
        padding: 0,
      },
    ]);
    expect(places(choice, 3)).toEqual([0, 0, 0]);
  });

  it('have the largest fragment that all of them take', () => {
    const choice = choose(image(1_000), [byTheBookV1, zephyr, byTheBookV1]);
    expect(cuts(choice)).toEqual([[96, 11, 56]]);
    expect(places(choice, 3)).toEqual([0, 0, 0]);
  });

  it('have formats of their own when no length suits them all', () => {
    const tens = withFragmentation({ fragSizeMultiple: 10 });
    const choice = choose(image(1_000), [zephyr, tens, tens, zephyr]);
    expect(cuts(choice)).toEqual([
      [96, 11, 56],
      [100, 10, 0],
    ]);
    expect(places(choice, 4)).toEqual([0, 1, 1, 0]);
  });
});

describe('devices of other frames', () => {
  it('have formats of their own: row rule, first number and port', () => {
    const otherPort: DeviceProfile = {
      ...byTheBookV1,
      packages: { ...byTheBookV1.packages, fragmentation: { version: 1, fPort: 211 } },
    };
    const fromZero = withFragmentation({ firstIndex: 0 });
    const choice = choose(image(1_000), [byTheBookV1, byTheBookV2, fromZero, otherPort, profile('by-the-book-v2')]);
    expect(places(choice, 5)).toEqual([0, 1, 2, 3, 1]);
    expect(choice.formats).toMatchObject([
      { codeRule: 'v1', fragIndexBase: 1, fPort: 201 },
      { codeRule: 'v2r', fragIndexBase: 1, fPort: 201 },
      { codeRule: 'v1', fragIndexBase: 0, fPort: 201 },
      { codeRule: 'v1', fragIndexBase: 1, fPort: 211 },
    ]);
    expect(new Set(choice.formats.map(({ key }) => key)).size).toBe(4);
  });
});

describe('a cut', () => {
  it('is as long as data rate, plan and one octet of length allow', () => {
    expect(cuts(choose(image(1_000), [byTheBookV1], 53))).toEqual([[50, 20, 0]]);
    expect(cuts(choose(image(1_000, { maxPacketOctets: 43 }), [byTheBookV1]))).toEqual([[40, 25, 0]]);
    expect(cuts(choose(image(1_000, { maxPacketOctets: 300 }), [byTheBookV1], 300))).toEqual([[255, 4, 20]]);
    expect(cuts(choose(image(1), [byTheBookV1]))).toEqual([[100, 1, 99]]);
  });

  it('is a little shorter when its number of fragments has better rows then', () => {
    // 48 fragments share rows; 49 do not.
    expect(cuts(choose(image(4_800), [byTheBookV1]))).toEqual([[99, 49, 51]]);
    // A power of two has a rule of its own.
    expect(cuts(choose(image(6_400), [byTheBookV1]))).toEqual([[100, 64, 0]]);
  });

  it('leaves room for the parity that an image needs, or that a caller fixed', () => {
    const refusal = (fragments: number, parityFragments: number | undefined) =>
      places(choose(image(fragments * 100, { parityFragments }), [byTheBookV1]), 1)[0];
    expect(refusal(15_999, HIGHEST_NUMBER - 15_999)).toBe(0);
    expect(refusal(15_999, HIGHEST_NUMBER - 15_998)).toBe('fragments-too-many');
    expect(refusal(14_739, undefined)).toBe(0);
    expect(refusal(14_740, undefined)).toBe('fragments-too-many');
  });
});

describe('devices that cannot take part', () => {
  it('are refused, and the others are served', () => {
    const withoutClassC: DeviceProfile = {
      ...byTheBookV1,
      multicast: { ...byTheBookV1.multicast, classes: ['B'] },
    };
    const { fragmentation: _, ...others } = byTheBookV1.packages;
    const withoutPackage: DeviceProfile = { ...byTheBookV1, packages: others };
    const choice = choose(image(1_000), [withoutClassC, byTheBookV1, withoutPackage]);
    expect(places(choice, 3)).toEqual(['profile-not-served', 0, 'profile-not-served']);
    expect(choice.formats).toHaveLength(1);
  });

  it('are those for which the data rate is too slow', () => {
    expect(places(choose(image(1_000), [zephyr, byTheBookV1, zephyr], 50), 3)).toEqual([
      'data-rate-unusable',
      0,
      'data-rate-unusable',
    ]);
    expect(places(choose(image(1_000), [zephyr, byTheBookV1], 51), 2)).toEqual([0, 0]);
    for (const packetOctets of [0, 3]) {
      const choice = choose(image(1_000), [byTheBookV1], packetOctets);
      expect(choice.formats).toEqual([]);
      expect(places(choice, 1)).toEqual(['data-rate-unusable']);
    }
  });
});

describe('a message', () => {
  it('goes to all devices alike, whatever their fragments', () => {
    const plan = sampleMessagePlan({ messagePort: 17 });
    const choice = choose(plan, [byTheBookV1, byTheBookV2, zephyr], 3);
    expect(choice.formats).toEqual([{ kind: 'message', key: 'message', fPort: 17 }]);
    expect(places(choice, 3)).toEqual([0, 0, 0]);
  });

  it('does not go to devices without class C', () => {
    const asleep: DeviceProfile = { ...byTheBookV1, multicast: { ...byTheBookV1.multicast, classes: [] } };
    expect(places(choose(sampleMessagePlan(), [asleep, byTheBookV1]), 2)).toEqual(['profile-not-served', 0]);
  });
});
