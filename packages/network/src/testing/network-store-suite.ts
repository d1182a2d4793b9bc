import { later, parseEui64, steadyMs } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import type {
  DeviceSession,
  GroupRecord,
  LastUplink,
  McAddrRequest,
  NetworkStore,
  ProvisionedDevice,
} from '../network-store.ts';

const A = parseEui64('0011223344556677');
const B = parseEui64('8899aabbccddeeff');
const GATEWAY = parseEui64('00800000a0001234');
const AT = steadyMs(1_767_225_600_000);

const FREE_FROM = later(AT, 60_000);

const device = (more: Partial<ProvisionedDevice> = {}): ProvisionedDevice => ({
  devEui: A,
  name: 'meter',
  joinEui: parseEui64('16ea76f6ab663d80'),
  appKey: '000102030405060708090a0b0c0d0e0f',
  deviceClass: 'A',
  deviceProfileId: undefined,
  networkProfileId: undefined,
  createdAt: AT,
  ...more,
});

const session = (more: Partial<DeviceSession> = {}): DeviceSession => ({
  devEui: A,
  devAddr: 0xfe00_0001,
  nwkSKey: '101112131415161718191a1b1c1d1e1f',
  appSKey: '202122232425262728292a2b2c2d2e2f',
  joinNonce: 1,
  devNonce: 7,
  joinedAt: AT,
  confirmed: false,
  lastFCntUp: undefined,
  rxDelayS: 1,
  rx1DrOffset: 0,
  rx2DataRate: 8,
  rx2FrequencyHz: 923_300_000,
  lastUplink: undefined,
  ...more,
});

const uplink = (more: Partial<LastUplink> = {}): LastUplink => ({
  at: steadyMs(AT + 1500.25),
  gatewayEui: GATEWAY,
  frequencyHz: 903_900_000,
  dataRate: 2,
  rssiDbm: -97,
  snrDb: -4.75,
  ...more,
});

const group = (more: Partial<GroupRecord> = {}): GroupRecord => ({
  groupId: 'group-1',
  mcAddr: 0xff00_0001,
  mcNwkSKey: '303132333435363738393a3b3c3d3e3f',
  mcAppSKey: '404142434445464748494a4b4c4d4e4f',
  frequencyHz: 923_300_000,
  dataRate: 8,
  gatewayEuis: [],
  firstFCnt: 0,
  createdAt: AT,
  ...more,
});

/** What every `NetworkStore` must do. `make` gives an empty store for each test. */
export function networkStoreSuite(make: () => NetworkStore | Promise<NetworkStore>): void {
  let store: NetworkStore;

  beforeEach(async () => {
    store = await make();
  });

  describe('devices', () => {
    it('gives back what was added, every field', async () => {
      const full = device({
        deviceClass: 'C',
        deviceProfileId: 'LW102-OTA-US915',
        networkProfileId: 'DEFAULT-CLASS-C',
        createdAt: steadyMs(AT + 0.5),
      });
      expect(await store.addDevice(full)).toBe(true);
      expect(await store.device(A)).toEqual(full);
      expect(await store.device(B)).toBeUndefined();
    });

    it('keeps the first of two with one EUI', async () => {
      await store.addDevice(device());
      expect(await store.addDevice(device({ name: 'second' }))).toBe(false);
      expect((await store.device(A))?.name).toBe('meter');
    });

    it('lets exactly one of many simultaneous additions win', async () => {
      const names = ['a', 'b', 'c', 'd'];
      const won = await Promise.all(names.map((name) => store.addDevice(device({ name }))));
      expect(won.filter((one) => one)).toHaveLength(1);
      expect((await store.device(A))?.name).toBe(names[won.indexOf(true)]);
    });

    it('lists in the order of addition, whatever is replaced', async () => {
      const C = parseEui64('ffffffffffffffff');
      for (const devEui of [C, A, B]) await store.addDevice(device({ devEui }));
      await store.replaceDevice(device({ devEui: C, createdAt: steadyMs(AT + 1) }));
      await store.removeDevice(A);
      await store.addDevice(device({ devEui: A, createdAt: steadyMs(AT - 1) }));
      expect((await store.devices()).map((one) => one.devEui)).toEqual([C, B, A]);
    });

    it('replaces the data and keeps sessions and nonces', async () => {
      await store.addDevice(device({ appKey: '00'.repeat(16) }));
      await store.saveJoin(session());
      expect(await store.replaceDevice(device({ name: 'renamed', deviceClass: 'C' }))).toBe(true);
      expect(await store.device(A)).toEqual(device({ name: 'renamed', deviceClass: 'C' }));
      expect(await store.session(A)).toEqual(session());
      expect(await store.saveJoin(session({ devAddr: 5 }))).toBe(false);
    });

    it('does not replace what it does not know', async () => {
      expect(await store.replaceDevice(device())).toBe(false);
      expect(await store.devices()).toEqual([]);
    });

    it('removes a device with everything of it', async () => {
      await store.addDevice(device());
      await store.addDevice(device({ devEui: B }));
      await store.saveJoin(session());
      await store.saveJoin(session({ devEui: B, devAddr: 2 }));
      expect(await store.removeDevice(A)).toBe(true);
      expect(await store.removeDevice(A)).toBe(false);
      expect(await store.session(A)).toBeUndefined();
      expect((await store.sessions()).map((one) => one.devEui)).toEqual([B]);
      await store.addDevice(device());
      expect(await store.joinHistory(A)).toEqual({ lastDevNonce: undefined, lastJoinNonce: undefined, joinCount: 0 });
      expect(await store.saveJoin(session())).toBe(true);
    });

    it('removes all devices with everything of them', async () => {
      await store.addDevice(device());
      await store.addDevice(device({ devEui: B }));
      await store.saveJoin(session());
      await store.removeAllDevices();
      expect(await store.devices()).toEqual([]);
      expect(await store.sessions()).toEqual([]);
      expect(await store.devAddrInUse(session().devAddr)).toBe(false);
    });
  });

  describe('joins', () => {
    beforeEach(async () => {
      await store.addDevice(device());
      await store.addDevice(device({ devEui: B }));
    });

    it('gives back the session, every field', async () => {
      const full = session({
        devAddr: 0xffff_ffff,
        joinedAt: steadyMs(AT + 0.125),
        lastFCntUp: 0xffff_fffe,
        lastUplink: uplink(),
        rxDelayS: 5,
        rx1DrOffset: 3,
      });
      expect(await store.saveJoin(full)).toBe(true);
      expect(await store.session(A)).toEqual(full);
      expect(await store.session(B)).toBeUndefined();
    });

    it('counts joins and remembers the latest nonces', async () => {
      expect(await store.joinHistory(A)).toEqual({ lastDevNonce: undefined, lastJoinNonce: undefined, joinCount: 0 });
      await store.saveJoin(session({ devNonce: 0xffff, joinNonce: 1 }));
      await store.saveJoin(session({ devNonce: 0, joinNonce: 2, devAddr: 9 }));
      expect(await store.joinHistory(A)).toEqual({ lastDevNonce: 0, lastJoinNonce: 2, joinCount: 2 });
      expect((await store.joinHistory(B)).joinCount).toBe(0);
    });

    it('refuses any nonce ever used, changing nothing', async () => {
      await store.saveJoin(session({ devNonce: 1, joinNonce: 1 }));
      await store.saveJoin(session({ devNonce: 2, joinNonce: 2 }));
      await store.saveUplink(A, session().devAddr, 0, uplink());
      const before = [await store.sessions(), await store.joinHistory(A)];
      expect(await store.saveJoin(session({ devNonce: 1, joinNonce: 3, devAddr: 9 }))).toBe(false);
      expect(await store.saveJoin(session({ devNonce: 2, joinNonce: 3, devAddr: 9 }))).toBe(false);
      expect([await store.sessions(), await store.joinHistory(A)]).toEqual(before);
    });

    it('tells which nonces a device used', async () => {
      await store.saveJoin(session({ devNonce: 1, joinNonce: 1 }));
      await store.saveJoin(session({ devNonce: 0xffff, joinNonce: 2 }));
      const told = (devNonce: number): Promise<boolean> => store.devNonceUsed(A, devNonce);
      expect(await Promise.all([1, 0xffff, 0, 2].map(told))).toEqual([true, true, false, false]);
      expect(await store.devNonceUsed(B, 1)).toBe(false);
    });

    it('lets two devices use the same nonce', async () => {
      expect(await store.saveJoin(session({ devNonce: 4 }))).toBe(true);
      expect(await store.saveJoin(session({ devNonce: 4, devEui: B, devAddr: 2 }))).toBe(true);
    });

    it('lets exactly one of many simultaneous joins with one nonce win', async () => {
      const won = await Promise.all([1, 2, 3, 4].map((devAddr) => store.saveJoin(session({ devAddr }))));
      expect(won.filter((one) => one)).toHaveLength(1);
      expect((await store.joinHistory(A)).joinCount).toBe(1);
      expect((await store.session(A))?.devAddr).toBe(won.indexOf(true) + 1);
    });

    it('saves no join of a device that was removed meanwhile', async () => {
      await store.removeDevice(A);
      expect(await store.saveJoin(session())).toBe(false);
      expect(await store.sessions()).toEqual([]);
    });

    it('keeps the confirmed session beside the newest unconfirmed one', async () => {
      await store.saveJoin(session({ devAddr: 1, devNonce: 1 }));
      await store.saveUplink(A, 1, 0, uplink());
      await store.saveJoin(session({ devAddr: 2, devNonce: 2 }));
      await store.saveJoin(session({ devAddr: 3, devNonce: 3 }));
      expect((await store.session(A))?.devAddr).toBe(1);
      expect((await store.sessions()).map((one) => one.devAddr).sort()).toEqual([1, 3]);
    });

    it('shows the newest session while none is confirmed', async () => {
      await store.saveJoin(session({ devAddr: 1, devNonce: 1 }));
      await store.saveJoin(session({ devAddr: 2, devNonce: 2 }));
      expect((await store.session(A))?.devAddr).toBe(2);
    });

    it('finds the sessions of an address, confirmed or not', async () => {
      await store.saveJoin(session({ devAddr: 5 }));
      await store.saveJoin(session({ devAddr: 5, devEui: B }));
      await store.saveUplink(A, 5, 0, uplink());
      expect((await store.sessionsByDevAddr(5)).map((one) => one.devEui).sort()).toEqual([A, B]);
      expect(await store.sessionsByDevAddr(6)).toEqual([]);
      expect(await store.devAddrInUse(5)).toBe(true);
      expect(await store.devAddrInUse(6)).toBe(false);
    });
  });

  describe('uplinks', () => {
    const { devAddr } = session();

    beforeEach(async () => {
      await store.addDevice(device());
      await store.saveJoin(session());
    });

    it('records the first uplink and confirms the session', async () => {
      expect(await store.saveUplink(A, devAddr, 0, uplink())).toBe(true);
      expect(await store.session(A)).toEqual(session({ confirmed: true, lastFCntUp: 0, lastUplink: uplink() }));
    });

    it('takes only counters above the stored one', async () => {
      await store.saveUplink(A, devAddr, 10, uplink());
      for (const fCnt of [10, 9, 0])
        expect(await store.saveUplink(A, devAddr, fCnt, uplink({ dataRate: 0 }))).toBe(false);
      expect(await store.session(A)).toEqual(session({ confirmed: true, lastFCntUp: 10, lastUplink: uplink() }));
      expect(await store.saveUplink(A, devAddr, 0xffff_ffff, uplink({ dataRate: 1 }))).toBe(true);
      expect((await store.session(A))?.lastUplink?.dataRate).toBe(1);
    });

    it('lets exactly one of several copies of a frame win', async () => {
      const won = await Promise.all([1, 2, 3].map((dataRate) => store.saveUplink(A, devAddr, 4, uplink({ dataRate }))));
      expect(won.filter((one) => one)).toHaveLength(1);
      expect((await store.session(A))?.lastUplink?.dataRate).toBe(won.indexOf(true) + 1);
    });

    it('drops the earlier sessions of the device, and of no other', async () => {
      await store.addDevice(device({ devEui: B }));
      await store.saveJoin(session({ devEui: B, devAddr: 3 }));
      await store.saveUplink(A, devAddr, 0, uplink());
      await store.saveJoin(session({ devAddr: 2, devNonce: 8, joinNonce: 2 }));
      await store.saveUplink(A, 2, 0, uplink());
      expect((await store.sessions()).map((one) => one.devAddr).sort()).toEqual([2, 3]);
      expect(await store.saveUplink(A, devAddr, 1, uplink())).toBe(false);
      expect((await store.session(A))?.devAddr).toBe(2);
    });

    it('keeps a later session when an uplink of the earlier one comes late', async () => {
      await store.saveUplink(A, devAddr, 0, uplink());
      await store.saveJoin(session({ devAddr: 2, devNonce: 8, joinNonce: 2 }));
      expect(await store.saveUplink(A, devAddr, 1, uplink())).toBe(true);
      expect(await store.saveUplink(A, 2, 0, uplink())).toBe(true);
      expect((await store.session(A))?.devAddr).toBe(2);
      expect(await store.sessionsByDevAddr(devAddr)).toEqual([]);
    });

    it('knows nothing of sessions that are not there', async () => {
      expect(await store.saveUplink(B, devAddr, 0, uplink())).toBe(false);
      expect(await store.saveUplink(A, 1, 0, uplink())).toBe(false);
    });
  });

  describe('downlink counters', () => {
    const { devAddr } = session();

    beforeEach(async () => {
      await store.addDevice(device());
      await store.saveJoin(session());
    });

    it('start at 0 in each session and go up in blocks', async () => {
      expect(await store.reserveDownlinkCounters(A, devAddr, 1)).toBe(0);
      expect(await store.reserveDownlinkCounters(A, devAddr, 32)).toBe(1);
      expect(await store.reserveDownlinkCounters(A, devAddr, 1)).toBe(33);
      await store.saveJoin(session({ devAddr: 2, devNonce: 8 }));
      expect(await store.reserveDownlinkCounters(A, 2, 1)).toBe(0);
    });

    it('survive an uplink', async () => {
      await store.reserveDownlinkCounters(A, devAddr, 5);
      await store.saveUplink(A, devAddr, 0, uplink());
      expect(await store.reserveDownlinkCounters(A, devAddr, 1)).toBe(5);
    });

    it('are never given twice', async () => {
      const firsts = await Promise.all(Array.from({ length: 20 }, () => store.reserveDownlinkCounters(A, devAddr, 3)));
      expect(firsts.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => 3 * i));
    });

    it('are not there without the session', async () => {
      expect(await store.reserveDownlinkCounters(A, 1, 1)).toBeUndefined();
      expect(await store.reserveDownlinkCounters(B, devAddr, 1)).toBeUndefined();
    });
  });

  describe('groups', () => {
    it('gives back the group, every field', async () => {
      const full = group({ gatewayEuis: [GATEWAY, B], firstFCnt: 77, createdAt: steadyMs(AT + 0.5) });
      await store.saveGroup(full);
      expect(await store.group('group-1')).toEqual(full);
      expect(await store.group('group-2')).toBeUndefined();
    });

    it('lists the open ones; a closed one is gone', async () => {
      await store.saveGroup(group());
      await store.saveGroup(group({ groupId: 'group-2', mcAddr: 2 }));
      await store.closeGroup('group-1', FREE_FROM);
      await store.closeGroup('never opened', FREE_FROM);
      expect((await store.openGroups()).map((one) => one.groupId)).toEqual(['group-2']);
      expect(await store.group('group-1')).toBeUndefined();
      expect(await store.reserveGroupCounters('group-1', 1)).toBeUndefined();
    });

    it('reserves counters from the first one on', async () => {
      await store.saveGroup(group({ firstFCnt: 100 }));
      expect(await store.reserveGroupCounters('group-1', 10)).toBe(100);
      expect(await store.reserveGroupCounters('group-1', 1)).toBe(110);
      expect(await store.reserveGroupCounters('group-2', 1)).toBeUndefined();
    });

    it('never gives a counter twice, not even to a group saved or opened again', async () => {
      await store.saveGroup(group({ firstFCnt: 5 }));
      const firsts = await Promise.all(Array.from({ length: 10 }, () => store.reserveGroupCounters('group-1', 2)));
      expect(firsts.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => 5 + 2 * i));
      await store.saveGroup(group({ firstFCnt: 5 }));
      expect(await store.reserveGroupCounters('group-1', 1)).toBe(25);
      await store.closeGroup('group-1', FREE_FROM);
      await store.saveGroup(group({ firstFCnt: 5 }));
      expect(await store.reserveGroupCounters('group-1', 1)).toBe(26);
      await store.saveGroup(group({ firstFCnt: 400 }));
      expect(await store.reserveGroupCounters('group-1', 1)).toBe(400);
    });
  });

  describe('multicast addresses', () => {
    const FIRST = 0xff00_0000;
    const request = (more: Partial<McAddrRequest> = {}): McAddrRequest => ({
      first: FIRST,
      count: 4,
      draw: 2,
      now: AT,
      leasedUntil: later(AT, 1_000),
      highestFirstFCnt: 50,
      ...more,
    });
    const taken = async (count: number, more: Partial<McAddrRequest> = {}): Promise<(number | undefined)[]> => {
      const given: (number | undefined)[] = [];
      for (let n = 0; n < count; n++) given.push((await store.allocateMcAddr(request(more)))?.mcAddr);
      return given;
    };

    it('are given out once each, beginning where asked, until none is left', async () => {
      expect(await taken(5)).toEqual([FIRST + 2, FIRST + 3, FIRST, FIRST + 1, undefined]);
      expect(await store.allocateMcAddr(request({ first: FIRST + 4, count: 1, draw: 0 }))).toEqual({
        mcAddr: FIRST + 4,
        nextFCnt: 0,
      });
    });

    it('are different for all who ask at once', async () => {
      const given = await Promise.all(Array.from({ length: 6 }, () => store.allocateMcAddr(request())));
      const addresses = given.flatMap((address) => address?.mcAddr ?? []);
      expect(addresses.sort()).toEqual([FIRST, FIRST + 1, FIRST + 2, FIRST + 3]);
    });

    it('are never those of devices or of groups', async () => {
      await store.addDevice(device());
      await store.saveJoin(session({ devAddr: FIRST + 2 }));
      await store.saveGroup(group({ mcAddr: FIRST + 3 }));
      expect(await taken(3)).toEqual([FIRST, FIRST + 1, undefined]);
    });

    it('are free again when the group was closed and its time is over, and go on counting', async () => {
      await taken(4);
      await store.saveGroup(group({ mcAddr: FIRST + 1, firstFCnt: 1 }));
      await store.reserveGroupCounters('group-1', 30);
      const afterLease = { now: later(AT, 500), leasedUntil: later(AT, 2_000) };
      await store.closeGroup('group-1', later(AT, 500));
      // Closing again does not make it wait anew.
      await store.closeGroup('group-1', later(AT, 900));
      expect(await store.allocateMcAddr(request({ ...afterLease, now: later(AT, 499) }))).toBeUndefined();
      expect(await store.allocateMcAddr(request(afterLease))).toEqual({ mcAddr: FIRST + 1, nextFCnt: 31 });
      expect(await store.allocateMcAddr(request(afterLease))).toBeUndefined();
    });

    it('are not free while a group has them, however long', async () => {
      await taken(4);
      await store.saveGroup(group({ mcAddr: FIRST + 1 }));
      expect(await taken(4, { now: later(AT, 5_000), leasedUntil: later(AT, 9_000) })).toEqual([
        FIRST,
        FIRST + 2,
        FIRST + 3,
        undefined,
      ]);
    });

    it('are given out no more when few counters are left', async () => {
      await store.saveGroup(group({ mcAddr: FIRST, firstFCnt: 40 }));
      await store.reserveGroupCounters('group-1', 11);
      await store.closeGroup('group-1', AT);
      expect(await store.allocateMcAddr(request({ count: 1, draw: 0 }))).toBeUndefined();
      expect(await store.allocateMcAddr(request({ count: 1, draw: 0, highestFirstFCnt: 51 }))).toMatchObject({
        nextFCnt: 51,
      });
    });

    it('are remembered', async () => {
      await store.saveGroup(group({ mcAddr: FIRST }));
      await store.closeGroup('group-1', AT);
      await store.allocateMcAddr(request({ first: FIRST + 1, count: 1, draw: 0 }));
      const used = await Promise.all([0, 1, 2].map((place) => store.mcAddrInUse(FIRST + place)));
      expect(used).toEqual([true, true, false]);
    });

    it('that were free for longest come first', async () => {
      for (const [place, mcAddr] of [FIRST + 1, FIRST + 3, FIRST, FIRST + 2].entries()) {
        await store.saveGroup(group({ groupId: `group-${place}`, mcAddr }));
        await store.closeGroup(`group-${place}`, later(AT, place));
      }
      expect(await taken(4, { now: later(AT, 100) })).toEqual([FIRST + 1, FIRST + 3, FIRST, FIRST + 2]);
    });
  });
}
