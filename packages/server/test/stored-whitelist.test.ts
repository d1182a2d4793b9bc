import { whitelistSuite } from '@airlift/api/testing';
import { ProfileRegistry } from '@airlift/applayer';
import { MemoryProvisioning } from '@airlift/campaign/memory';
import type { WhitelistDevice } from '@airlift/contract';
import { parseEui64, VirtualClock } from '@airlift/kernel';
import { MemoryNetworkStore } from '@airlift/network/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { StoredDirectory } from '../src/stored-directory.ts';
import { StoredWhitelist } from '../src/stored-whitelist.ts';

const A = parseEui64('00800000ff000001');
const KEY = 'ffeeddccbbaa99887766554433221100';

const device = (more: Partial<WhitelistDevice> = {}): WhitelistDevice => ({
  devEui: A,
  name: 'meter',
  appEui: parseEui64('70b3d50000000001'),
  appKey: '00112233445566778899aabbccddeeff',
  genAppKey: KEY,
  deviceClass: 'A',
  deviceProfileId: undefined,
  networkProfileId: undefined,
  fuotaProfile: undefined,
  ...more,
});

class Crash extends Error {}

/** A process that dies where the name of a call stands. */
function dyingAt<T extends object>(target: T, name: keyof T): T {
  return new Proxy(target, {
    get: (object, key) => {
      if (key === name) return () => Promise.reject(new Crash());
      const value: unknown = Reflect.get(object, key, object);
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}

const profiles = new ProfileRegistry();
let store: MemoryNetworkStore;
let provisioning: MemoryProvisioning;

beforeEach(() => {
  store = new MemoryNetworkStore();
  provisioning = new MemoryProvisioning();
});

const whitelistOn = (network = store, firmware = provisioning): StoredWhitelist =>
  new StoredWhitelist(network, firmware, profiles, new VirtualClock());

whitelistSuite(async () => ({
  whitelist: new StoredWhitelist(new MemoryNetworkStore(), new MemoryProvisioning(), profiles, new VirtualClock()),
}));

describe('the two stores of a device', () => {
  it('are told apart: the network has no key of campaigns', async () => {
    await whitelistOn().add(device({ fuotaProfile: 'multitech-dot-4' }));
    expect(await provisioning.find(A)).toEqual({ devEui: A, genAppKey: KEY, fuotaProfile: 'multitech-dot-4' });
    expect(JSON.stringify(await store.device(A))).not.toContain(KEY);
  });

  it('do not change when the device is there already, whoever comes first', async () => {
    const whitelist = whitelistOn();
    const keys = ['11', '22', '33'].map((octet) => octet.repeat(16));
    const outcomes = await Promise.allSettled(keys.map((key) => whitelist.add(device({ name: key, genAppKey: key }))));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await whitelist.list()).toMatchObject([{ name: keys[0], genAppKey: keys[0] }]);
  });

  it('do not change when the device to replace is not there', async () => {
    expect(await whitelistOn().replace(device())).toBe(false);
    expect(await provisioning.find(A)).toBeUndefined();
  });

  it('do not change when the profile is none that can be served', async () => {
    await expect(whitelistOn().add(device({ fuotaProfile: 'no such' }))).rejects.toMatchObject({
      code: 'parameters-invalid',
    });
    expect(await store.devices()).toEqual([]);
    expect(await provisioning.find(A)).toBeUndefined();
  });

  it('never hold a device without its keys after a crash in an addition', async () => {
    await expect(whitelistOn(store, dyingAt(provisioning, 'put')).add(device())).rejects.toThrow(Crash);
    expect(await store.devices()).toEqual([]);
    await expect(whitelistOn(dyingAt(store, 'addDevice')).add(device())).rejects.toThrow(Crash);
    expect(await store.devices()).toEqual([]);
    // The next try is as good as the first.
    await whitelistOn().add(device({ genAppKey: '44'.repeat(16) }));
    expect(await whitelistOn().list()).toEqual([device({ genAppKey: '44'.repeat(16) })]);
  });

  it('never hold a device without its keys after a crash in a removal', async () => {
    await whitelistOn().add(device());
    await expect(whitelistOn(dyingAt(store, 'removeDevice')).remove(A)).rejects.toThrow(Crash);
    expect(await whitelistOn().list()).toEqual([device()]);
    await expect(whitelistOn(store, dyingAt(provisioning, 'remove')).remove(A)).rejects.toThrow(Crash);
    expect(await store.devices()).toEqual([]);
    // What was left goes with the next try.
    expect(await whitelistOn().remove(A)).toBe(false);
    expect(await provisioning.find(A)).toBeUndefined();
  });

  it('are both emptied', async () => {
    await whitelistOn().add(device());
    await whitelistOn().removeAll();
    expect(await provisioning.find(A)).toBeUndefined();
  });
});

describe('StoredDirectory', () => {
  const find = (defaultProfile: string | null = null) =>
    new StoredDirectory(store, provisioning, profiles, defaultProfile).find(A);

  it('knows the devices of the whitelist with their keys and profiles', async () => {
    await whitelistOn().add(device({ fuotaProfile: 'loramac-node' }));
    expect(await find()).toEqual({
      devEui: A,
      traits: { profile: profiles.get('loramac-node'), isAssigned: true },
      genAppKey: Uint8Array.from(Buffer.from(KEY, 'hex')),
    });
  });

  it('guesses the profile when nobody chose one', async () => {
    await whitelistOn().add(device({ genAppKey: undefined }));
    expect((await find())?.traits.isAssigned).toBe(false);
    expect(await find('loramac-node')).toMatchObject({
      traits: { profile: { id: 'loramac-node' }, isAssigned: true },
    });
    expect((await find())?.genAppKey).toEqual(new Uint8Array(16));
  });

  it('does not know a device of which only one of the stores knows', async () => {
    await provisioning.put({ devEui: A, genAppKey: KEY, fuotaProfile: undefined });
    expect(await find()).toBeUndefined();
    await whitelistOn().add(device());
    expect(await find()).toBeDefined();
    await provisioning.remove(A);
    expect(await find()).toBeUndefined();
  });
});
