import type { WhitelistDevice } from '@airlift/contract';
import { parseEui64 } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Whitelist } from '../src/ports.ts';

/** An empty whitelist of its own for each test. */
export interface WhitelistHarness {
  readonly whitelist: Whitelist;
  dispose?(): Promise<void>;
}

function device(last: string, name = `device ${last}`): WhitelistDevice {
  return {
    devEui: parseEui64(`00-80-00-ff-00-00-00-${last}`),
    name,
    appEui: parseEui64('70-b3-d5-00-00-00-00-01'),
    appKey: '00112233445566778899aabbccddeeff',
    genAppKey: undefined,
    deviceClass: 'A',
    deviceProfileId: undefined,
    networkProfileId: undefined,
    fuotaProfile: undefined,
  };
}

/** What every `Whitelist` must do. */
export function whitelistSuite(make: () => Promise<WhitelistHarness>): void {
  describe('Whitelist', () => {
    let harness: WhitelistHarness;
    let whitelist: Whitelist;

    beforeEach(async () => {
      harness = await make();
      whitelist = harness.whitelist;
    });
    afterEach(async () => {
      await harness.dispose?.();
    });

    it('keeps every field and the order of addition', async () => {
      const full: WhitelistDevice = {
        ...device('02'),
        genAppKey: 'ffeeddccbbaa99887766554433221100',
        deviceClass: 'C',
        deviceProfileId: 'LW102-OTA-US915',
        networkProfileId: 'DEFAULT-CLASS-C',
        fuotaProfile: 'multitech-dot-4',
      };
      await whitelist.add(full);
      await whitelist.add(device('01'));
      expect(await whitelist.list()).toEqual([full, device('01')]);
    });

    it('refuses a device that is there already', async () => {
      await whitelist.add(device('01'));
      await expect(whitelist.add(device('01', 'other'))).rejects.toMatchObject({ code: 'device-exists' });
      expect(await whitelist.list()).toEqual([device('01')]);
    });

    it('replaces in place', async () => {
      await whitelist.add(device('01'));
      await whitelist.add(device('02'));
      expect(await whitelist.replace(device('01', 'renamed'))).toBe(true);
      expect(await whitelist.list()).toEqual([device('01', 'renamed'), device('02')]);
      expect(await whitelist.replace(device('03'))).toBe(false);
      expect(await whitelist.list()).toEqual([device('01', 'renamed'), device('02')]);
    });

    it('removes one or all', async () => {
      for (const last of ['01', '02', '03']) await whitelist.add(device(last));
      expect(await whitelist.remove(device('02').devEui)).toBe(true);
      expect(await whitelist.remove(device('02').devEui)).toBe(false);
      expect(await whitelist.list()).toEqual([device('01'), device('03')]);
      await whitelist.removeAll();
      expect(await whitelist.list()).toEqual([]);
    });
  });
}
