import { describe, expect, test } from 'vitest';
import {
  BUILT_IN_PROFILES,
  discoverProfile,
  loramacNode,
  ProfileRegistry,
  profile,
  ROW_RULES,
  ts004,
} from '../../src/index.ts';

const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

describe('built-in profiles', () => {
  test.each(BUILT_IN_PROFILES.map((one) => [one.id, one] as const))('%s', (id, one) => {
    expect(profile(id)).toBe(one);
    // Data only, and what we ask of users holds for our own.
    expect(new ProfileRegistry().add(plain(one))).toEqual(one);
    const version = one.packages.fragmentation?.version;
    expect(ts004.versions).toContain(version);
    const expectedRules = version === 2 || version === '2-v1-status' ? ['v2r', 'v2a'] : ['v1'];
    expect(expectedRules).toContain(one.fragmentation.rowRule);
    expect(one.multicast.groups).toContain(0);
  });

  test('all families are there', () => {
    expect(BUILT_IN_PROFILES.map((one) => one.id).sort()).toEqual([
      'basics-modem-v1',
      'basics-modem-v2',
      'by-the-book-v1',
      'by-the-book-v2',
      'loramac-node',
      'multitech-dot-3',
      'multitech-dot-4',
      'multitech-dot-newest',
      'stm32cubewl-v1',
      'stm32cubewl-v2',
      'zephyr',
    ]);
  });

  test('what sets the generations of MultiTech Dots apart', () => {
    const [old, newer, newest] = ['multitech-dot-3', 'multitech-dot-4', 'multitech-dot-newest'].map(profile);
    expect(old).toMatchObject({
      keys: { scheme: 'kek-zero' },
      multicast: { sessionTime: 'countdown', maxMcFCnt: 0 },
      fragmentation: { firstIndex: 0, integrity: 'mts-crc64' },
    });
    expect(newer).toMatchObject({
      keys: { scheme: 'ts005' },
      multicast: { sessionTime: 'gps', maxMcFCnt: 0xffffffff },
      fragmentation: { firstIndex: 1, integrity: 'mts-crc64' },
    });
    expect(newest).toMatchObject({ fragmentation: { integrity: 'ts004-v2-mic', rowRule: 'v2r' } });
  });

  test('McGroupStatusReq is not sent to LoRaMac-node', () => {
    expect(loramacNode.multicast.statusReqSafe).toBe(false);
    expect(loramacNode.multicast.groups).toEqual([0]);
  });

  test('an unknown id', () => {
    expect(() => profile('fridge')).toThrow(expect.objectContaining({ kind: 'caller', code: 'profile-unknown' }));
  });
});

describe("a user's profiles", () => {
  test('extend others member by member', () => {
    const registry = new ProfileRegistry();
    const own = registry.add({
      extends: 'loramac-node',
      id: 'meter-3',
      title: 'Water meter, third generation',
      fragmentation: { maxNbFrag: 2000, maxFragSize: 239, maxLosses: null, status: { overflow: 'saturates' } },
    });
    const { maxLosses: _, ...fragmentation } = loramacNode.fragmentation;
    expect(own).toEqual({
      ...loramacNode,
      id: 'meter-3',
      title: 'Water meter, third generation',
      fragmentation: {
        ...fragmentation,
        maxNbFrag: 2000,
        maxFragSize: 239,
        status: { ...fragmentation.status, overflow: 'saturates' },
      },
    });
    expect(registry.get('meter-3')).toBe(own);
    expect(registry.add({ extends: 'meter-3', id: 'meter-4', multicast: { groups: [1] } }).multicast.groups).toEqual([
      1,
    ]);
    expect(registry.list()).toHaveLength(BUILT_IN_PROFILES.length + 2);
  });

  test.each([
    ['not an object', [], /a profile must be an object/],
    ['a bad base', { extends: 3 }, /extends/],
    ['nothing but an id', { id: 'x' }, /title/],
    ['a spaced id', { extends: 'zephyr', id: 'My Node' }, /^id must be/],
    ['a stranger', { extends: 'zephyr', id: 'x', colour: 'red' }, /^colour/],
    [
      'a deep stranger',
      { extends: 'zephyr', id: 'x', fragmentation: { status: { mood: 1 } } },
      /^fragmentation\.status\.mood/,
    ],
    [
      'a group that cannot be',
      { extends: 'zephyr', id: 'x', multicast: { groups: [0, 4] } },
      /^multicast\.groups\[1\]/,
    ],
    ['a group twice', { extends: 'zephyr', id: 'x', multicast: { groups: [0, 0] } }, /^multicast\.groups/],
    ['no group', { extends: 'zephyr', id: 'x', multicast: { groups: [] } }, /^multicast\.groups/],
    [
      'a counter beyond 16 bits',
      { extends: 'zephyr', id: 'x', multicast: { firstMcFCnt: 65536 } },
      /^multicast\.firstMcFCnt/,
    ],
    [
      'a rule that does not exist',
      { extends: 'zephyr', id: 'x', fragmentation: { rowRule: 'v3' } },
      /^fragmentation\.rowRule/,
    ],
    [
      'a number as text',
      { extends: 'zephyr', id: 'x', fragmentation: { maxNbFrag: '5' } },
      /^fragmentation\.maxNbFrag/,
    ],
    [
      'an unknown version',
      { extends: 'zephyr', id: 'x', packages: { clock: { version: 3, fPort: 202 } } },
      /^packages\.clock\.version/,
    ],
    ['a bad port', { extends: 'zephyr', id: 'x', packages: { clock: { fPort: 0 } } }, /^packages\.clock\.fPort/],
    ['a truth that is none', { extends: 'zephyr', id: 'x', multicast: { hopping: 'no' } }, /^multicast\.hopping/],
    ['a short key', { extends: 'zephyr', id: 'x', keys: { defaultRootKey: '00' } }, /^keys\.defaultRootKey/],
    ['sizes the wrong way round', { extends: 'zephyr', id: 'x', fragmentation: { maxFragSize: 8 } }, /minFragSize/],
    [
      'a MIC without version 2',
      { extends: 'zephyr', id: 'x', fragmentation: { integrity: 'ts004-v2-mic' } },
      /integrity/,
    ],
    [
      'a checksum without the dialect',
      { extends: 'zephyr', id: 'x', fragmentation: { integrity: 'mts-crc64' } },
      /integrity/,
    ],
    [
      'acknowledgement without version 2',
      { extends: 'zephyr', id: 'x', fragmentation: { ackReception: true } },
      /ackReception/,
    ],
  ])('are refused with the place of the problem: %s', (_, json, message) => {
    const add = () => new ProfileRegistry().add(json);
    expect(add).toThrow(message);
    expect(add).toThrow(expect.objectContaining({ kind: 'caller', code: 'profile-invalid' }));
  });

  test('an unknown base', () => {
    const add = () => new ProfileRegistry().add({ extends: 'fridge', id: 'x' });
    expect(add).toThrow(expect.objectContaining({ code: 'profile-unknown' }));
  });
});

describe('discovery', () => {
  const found = (PackageIdentifier: number, PackageVersion: number, FPort: number) => ({
    PackageIdentifier,
    PackageVersion,
    FPort,
  });

  test('versions and ports are taken as found', () => {
    const { profile: generic, unsupported } = discoverProfile([
      found(0, 1, 225),
      found(1, 2, 202),
      found(2, 1, 10),
      found(3, 2, 11),
      found(4, 1, 203),
    ]);
    expect(unsupported).toEqual([]);
    expect(generic).toMatchObject({
      id: 'by-the-book-v2',
      fragmentation: { rowRule: 'v2r', integrity: 'ts004-v2-mic' },
    });
    expect(generic?.packages).toEqual({
      multiPackage: { version: 1, fPort: 225 },
      clock: { version: 2, fPort: 202 },
      multicast: { version: 1, fPort: 10 },
      fragmentation: { version: 2, fPort: 11 },
      firmware: { version: 1, fPort: 203 },
    });
  });

  test('version 1 of the fragmentation package', () => {
    const { profile: generic } = discoverProfile([found(3, 1, 201), found(2, 2, 200)]);
    expect(generic?.id).toBe('by-the-book-v1');
    expect(ROW_RULES).toContain(generic?.fragmentation.rowRule);
    expect(generic?.packages).toEqual({
      fragmentation: { version: 1, fPort: 201 },
      multicast: { version: 2, fPort: 200 },
    });
  });

  test('unknown packages and versions are named, and nothing is invented', () => {
    const strangers = [found(5, 1, 224), found(3, 9, 201)];
    expect(discoverProfile(strangers)).toEqual({ profile: undefined, unsupported: strangers });
  });

  test('without a fragmentation package the multicast package decides', () => {
    const { profile: generic } = discoverProfile([found(2, 2, 200)]);
    expect(generic).toMatchObject({ id: 'by-the-book-v2', packages: { multicast: { version: 2, fPort: 200 } } });
    expect(new ProfileRegistry().add(generic)).toEqual(generic);
  });

  test('of two answers the later counts', () => {
    const { profile: generic } = discoverProfile([found(3, 1, 201), found(3, 2, 201)]);
    expect(generic?.packages.fragmentation).toEqual({ version: 2, fPort: 201 });
  });
});
