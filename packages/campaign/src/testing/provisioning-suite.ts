import { parseEui64 } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ProvisionedFirmware, Provisioning } from '../provisioning.ts';

const A = parseEui64('0011223344556677');
const B = parseEui64('8899aabbccddeeff');

const firmware = (more: Partial<ProvisionedFirmware> = {}): ProvisionedFirmware => ({
  devEui: A,
  genAppKey: 'f0e0d0c0b0a090807060504030201000',
  fuotaProfile: 'multitech-dot-4',
  ...more,
});

/** What every `Provisioning` must do. `make` gives an empty one for each test. */
export function provisioningSuite(make: () => Provisioning | Promise<Provisioning>): void {
  let provisioning: Provisioning;

  beforeEach(async () => {
    provisioning = await make();
  });

  describe('what a device was provisioned with', () => {
    it('comes back, every field', async () => {
      await provisioning.put(firmware());
      await provisioning.put(firmware({ devEui: B, genAppKey: undefined, fuotaProfile: undefined }));
      expect(await provisioning.find(A)).toEqual(firmware());
      expect(await provisioning.find(B)).toEqual({ devEui: B, genAppKey: undefined, fuotaProfile: undefined });
    });

    it('is replaced whole', async () => {
      await provisioning.put(firmware());
      await provisioning.put(firmware({ genAppKey: undefined }));
      expect(await provisioning.find(A)).toEqual(firmware({ genAppKey: undefined }));
      await provisioning.put(firmware({ genAppKey: '00'.repeat(16), fuotaProfile: undefined }));
      expect(await provisioning.find(A)).toEqual(firmware({ genAppKey: '00'.repeat(16), fuotaProfile: undefined }));
    });

    it('is removed, and of that device only', async () => {
      await provisioning.put(firmware());
      await provisioning.put(firmware({ devEui: B }));
      await provisioning.remove(A);
      await provisioning.remove(A);
      expect(await provisioning.find(A)).toBeUndefined();
      expect(await provisioning.find(B)).toEqual(firmware({ devEui: B }));
    });
  });

  describe('SessionCnt', () => {
    it('is never given out twice, each device counting on its own', async () => {
      await provisioning.put(firmware());
      expect(await provisioning.reserveSessionCnt(A, 1)).toBe(0);
      expect(await provisioning.reserveSessionCnt(A, 3)).toBe(1);
      expect(await provisioning.reserveSessionCnt(A, 1)).toBe(4);
      expect(await provisioning.reserveSessionCnt(B, 2)).toBe(0);
    });

    it('is never given out twice to simultaneous callers', async () => {
      const firsts = await Promise.all([1, 1, 1, 1].map((count) => provisioning.reserveSessionCnt(A, count)));
      expect([...firsts].sort()).toEqual([0, 1, 2, 3]);
    });

    it('goes on when the device is put again', async () => {
      await provisioning.put(firmware());
      await provisioning.reserveSessionCnt(A, 5);
      await provisioning.put(firmware({ fuotaProfile: undefined }));
      expect(await provisioning.reserveSessionCnt(A, 1)).toBe(5);
    });

    it('is kept for a device that was never put, which stays unknown', async () => {
      expect(await provisioning.reserveSessionCnt(A, 2)).toBe(0);
      expect(await provisioning.find(A)).toBeUndefined();
      expect(await provisioning.reserveSessionCnt(A, 2)).toBe(2);
      await provisioning.put(firmware());
      expect(await provisioning.find(A)).toEqual(firmware());
      expect(await provisioning.reserveSessionCnt(A, 1)).toBe(4);
    });

    it('begins anew for a device that was removed', async () => {
      await provisioning.put(firmware());
      await provisioning.reserveSessionCnt(A, 9);
      await provisioning.remove(A);
      await provisioning.put(firmware());
      expect(await provisioning.reserveSessionCnt(A, 1)).toBe(0);
    });

    it('ends with 65535; what is refused is not used up', async () => {
      const exhausted = { kind: 'caller', code: 'session-cnt-exhausted' };
      await expect(provisioning.reserveSessionCnt(B, 65_537)).rejects.toMatchObject(exhausted);
      expect(await provisioning.reserveSessionCnt(A, 65_534)).toBe(0);
      await expect(provisioning.reserveSessionCnt(A, 3)).rejects.toMatchObject(exhausted);
      expect(await provisioning.reserveSessionCnt(A, 1)).toBe(65_534);
      expect(await provisioning.reserveSessionCnt(A, 1)).toBe(65_535);
      await expect(provisioning.reserveSessionCnt(A, 1)).rejects.toMatchObject(exhausted);
    });
  });
}
