import { gpsFromUtc, gpsMs, parseEui64, steadyMs, toHex, utcMs } from '@airlift/kernel';
import { deviceTimeAns, type MacUplinkCommand } from '@airlift/lorawan';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeviceUplink } from '../src/index.ts';
import { MemoryNetworkStore } from '../src/testing/index.ts';
import { Bench, GATEWAY, SECOND_GATEWAY, sf, THIRD_GATEWAY } from './support/bench.ts';
import { TestDevice } from './support/test-device.ts';

const LINK_CHECK: MacUplinkCommand = { name: 'LinkCheckReq', fields: {} };
const DEVICE_TIME: MacUplinkCommand = { name: 'DeviceTimeReq', fields: {} };

const uplinksOf = (bench: Bench): DeviceUplink[] =>
  bench.events.flatMap((event) => (event.kind === 'uplink' ? event : []));

const answerTo = (bench: Bench, device: TestDevice, place = -1): ReturnType<TestDevice['hear']> =>
  device.hear(bench.requests.at(place)?.phyPayload ?? new Uint8Array(0));

describe('an uplink', () => {
  it('is delivered in the clear, with when and how it came', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const at = bench.clock.now();
    await bench.uplink(device, { fPort: 200, payload: Uint8Array.of(0, 255, 7) }, { rssiDbm: -111, snrDb: -4.5 });
    expect(bench.events).toEqual([
      {
        kind: 'uplink',
        devEui: device.devEui,
        fPort: 200,
        payload: Uint8Array.of(0, 255, 7),
        fCnt: 1,
        confirmed: false,
        receivedGps: gpsFromUtc(utcMs(at)),
        receivedAt: at,
        asksDeviceTime: false,
      },
    ]);
    expect(bench.requests).toEqual([]);
    expect((await bench.store.session(device.devEui))?.lastUplink).toEqual({
      at,
      gatewayEui: GATEWAY,
      frequencyHz: 868_100_000,
      dataRate: 5,
      rssiDbm: -111,
      snrDb: -4.5,
    });
  });

  it('is dropped and counted when its integrity code is wrong', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const phy = device.uplink({ fPort: 2 });
    for (let i = 0; i < phy.length; i++) {
      const spoiled = Uint8Array.from(phy);
      spoiled[i] = (spoiled[i] ?? 0) ^ 0x04;
      bench.hear(spoiled);
      await bench.clock.advance(3_000);
    }
    expect(bench.events).toEqual([]);
    expect(bench.requests).toEqual([]);
    expect(bench.server.counters.uplinksWrongMic).toBeGreaterThan(10);
    expect(bench.server.counters.gateways.get(GATEWAY)?.wrongMic).toBe(bench.server.counters.uplinksWrongMic);
    bench.hear(phy);
    await bench.clock.advance(3_000);
    expect(bench.events).toHaveLength(1);
  });

  it('is counted when its address belongs to nobody', async () => {
    const bench = new Bench();
    const other = await new Bench({ seed: 'another network' }).join();
    bench.hear(other.uplink());
    await bench.clock.advance(3_000);
    expect(bench.server.counters).toMatchObject({ uplinksUnknownAddress: 1, uplinks: 0 });
  });

  it('may skip counters, and its counter rolls over from 16 to 32 bits', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const counters = [1, 2, 500, 17_000, 0xfffe, 0x1_0000, 0x1_0001, 0x1_ffff, 0x2_0000];
    for (const fCnt of counters) {
      await bench.uplink(device, { fPort: 1, fCnt });
      await bench.clock.advance(3_000);
    }
    expect(uplinksOf(bench).map((uplink) => uplink.fCnt)).toEqual(counters);
    expect((await bench.store.session(device.devEui))?.lastFCntUp).toBe(0x2_0000);
  });

  it('is not believed with a counter from before', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const old = device.uplink({ fPort: 1 });
    await bench.uplink(device, { fPort: 1 });
    await bench.clock.advance(3_000);
    bench.hear(old);
    await bench.clock.advance(3_000);
    expect(uplinksOf(bench)).toHaveLength(1);
    expect(bench.server.counters.uplinksWrongMic).toBe(1);
  });

  it('goes on with its counter after a restart', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const phy = device.uplink({ fPort: 1 });
    bench.hear(phy);
    await bench.clock.advance(3_000);
    await bench.crash();
    bench.hear(phy);
    await bench.clock.advance(3_000);
    await bench.uplink(device, { fPort: 1 });
    expect(uplinksOf(bench).map((uplink) => uplink.fCnt)).toEqual([1, 2]);
    expect(bench.server.counters.uplinksRepeated).toBe(1);
  });

  it('of a device that shares its address with another is told apart by the keys', async () => {
    const bench = new Bench();
    const a = await bench.joined();
    const b = await bench.joined(new TestDevice('0004a30b001c0531', 'ff112233445566778899aabbccddeeff'));
    const stored = await bench.store.session(b.devEui);
    if (stored === undefined) throw new Error('no session');
    await bench.store.saveJoin({
      ...stored,
      devAddr: a.devAddr,
      devNonce: 77,
      confirmed: false,
      lastFCntUp: undefined,
    });
    b.restore({ ...b.session, devAddr: a.devAddr, fCntUp: 0 });
    bench.hear(a.uplink({ fPort: 1 }));
    bench.hear(b.uplink({ fPort: 2, confirmed: true }));
    await bench.clock.advance(3_000);
    expect(uplinksOf(bench).map(({ devEui, fPort }) => [devEui, fPort])).toEqual([
      [a.devEui, 1],
      [b.devEui, 2],
    ]);
    expect(() => a.hear(bench.requests[0]?.phyPayload ?? new Uint8Array(0))).toThrow('wrong integrity code');
    expect(answerTo(bench, b).ack).toBe(true);
  });

  it('at a data rate or of a kind that the region has not is counted, never dealt with', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.hear(device.uplink(), { modulation: sf(7, 500) });
    bench.hear(Uint8Array.of(0x60, ...new Uint8Array(12)));
    bench.hear(Uint8Array.of(0xe0, 1, 2, 3));
    bench.hear(Uint8Array.of(0x20, ...new Uint8Array(16)));
    bench.hear(new Uint8Array(0));
    bench.hear(Uint8Array.of(0x41));
    await bench.clock.advance(3_000);
    expect(Object.fromEntries(bench.server.counters.unreadable)).toEqual({
      'data-rate-foreign': 1,
      'unexpected-data': 1,
      'unexpected-proprietary': 1,
      'unexpected-join-accept': 1,
      'phy-empty': 1,
      'phy-major': 1,
    });
  });

  it('may hold anything at all: nothing escapes, everything is counted', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const { devAddr } = device;
    const head = [devAddr & 255, (devAddr >>> 8) & 255, (devAddr >>> 16) & 255, devAddr >>> 24];
    const frames = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.constantFrom(0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0), fc.uint8Array({ maxLength: 60 }))
        .map(([mhdr, rest]) => Uint8Array.of(mhdr, ...rest)),
      fc
        .tuple(fc.constantFrom(0x40, 0x80), fc.uint8Array({ maxLength: 60 }))
        .map(([mhdr, rest]) => Uint8Array.of(mhdr, ...head, ...rest)),
    );
    await fc.assert(
      fc.asyncProperty(frames, async (phyPayload) => {
        const before = total(bench);
        bench.hear(phyPayload);
        await bench.clock.advance(2_000);
        expect(total(bench)).toBe(before + 1);
      }),
      { numRuns: 400 },
    );
    expect(bench.faults()).toEqual([]);
    expect(bench.requests).toEqual([]);
  });
});

/** Frames that found one of their ends. */
function total(bench: Bench): number {
  const { unreadable, joinRequests, uplinksUnknownAddress, uplinksWrongMic } = bench.server.counters;
  return [...unreadable.values()].reduce((a, b) => a + b, joinRequests + uplinksUnknownAddress + uplinksWrongMic);
}

describe('a repeated uplink', () => {
  it('is neither delivered nor answered when it is unconfirmed', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const phy = device.uplink({ fPort: 1, commands: [LINK_CHECK], fCtrl: { adrAckReq: true } });
    for (let i = 0; i < 3; i++) {
      bench.hear(phy);
      await bench.clock.advance(3_000);
    }
    expect(uplinksOf(bench)).toHaveLength(1);
    expect(bench.requests).toHaveLength(1);
    expect(bench.server.counters.uplinksRepeated).toBe(2);
  });

  it('is acknowledged again under a new counter when it is confirmed, with the answers it asks for', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const phy = device.uplink({ fPort: 1, confirmed: true, commands: [DEVICE_TIME] });
    const heard = [];
    for (let i = 0; i < 3; i++) {
      const gps = gpsFromUtc(utcMs(bench.clock.now()));
      bench.hear(phy);
      await bench.clock.advance(3_000);
      heard.push(answerTo(bench, device));
      expect(heard.at(-1)?.commands).toEqual([deviceTimeAns(gps)]);
    }
    expect(uplinksOf(bench)).toHaveLength(1);
    expect(heard.map((downlink) => downlink.ack)).toEqual([true, true, true]);
    expect(heard.map((downlink) => downlink.fCnt)).toEqual([0, 1, 2]);
  });

  it('carries a payload that was queued meanwhile', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const phy = device.uplink({ fPort: 1, confirmed: true });
    bench.hear(phy);
    await bench.clock.advance(2_500);
    await bench.send(device.devEui, { fPort: 9, payload: Uint8Array.of(1), before: bench.in(60_000) });
    bench.hear(phy);
    await bench.clock.advance(900);
    expect([answerTo(bench, device, 0), answerTo(bench, device, 1)]).toMatchObject([
      { ack: true, fPort: undefined },
      { ack: true, fPort: 9 },
    ]);
  });
});

describe('several gateways', () => {
  const all = [GATEWAY, SECOND_GATEWAY, THIRD_GATEWAY];

  it('make one uplink, answered by the one that heard best, at its own counter', async () => {
    const bench = new Bench({ gateways: all });
    const device = await bench.joined();
    const phy = device.uplink({ fPort: 1, confirmed: true });
    bench.hear(phy, { snrDb: 2, counterUs: 10 });
    await bench.clock.advance(50);
    bench.hear(phy, { gatewayEui: SECOND_GATEWAY, snrDb: 9, counterUs: 0xffff_ffff });
    await bench.clock.advance(60);
    bench.hear(phy, { gatewayEui: THIRD_GATEWAY, snrDb: 9, rssiDbm: -120, counterUs: 30 });
    expect(bench.events).toEqual([]);
    await bench.clock.advance(890);
    expect(uplinksOf(bench)).toHaveLength(1);
    expect(bench.requests).toMatchObject([
      { gatewayEui: SECOND_GATEWAY, time: { kind: 'at-counter', counterUs: 999_999 } },
    ]);
    expect(bench.server.counters).toMatchObject({ receptions: 4 + 1, uplinks: 2 });
  });

  it('are waited for 120 ms, one gateway alone not at all', async () => {
    const several = new Bench({ gateways: all });
    several.hear((await several.join()).uplink());
    await several.clock.advance(119);
    expect(several.events).toEqual([]);
    await several.clock.advance(1);
    expect(several.events).toHaveLength(1);

    const alone = new Bench();
    alone.hear((await alone.join()).uplink());
    await alone.clock.advance(0);
    expect(alone.events).toHaveLength(1);
  });

  it('are not waited for when the others have been silent for five minutes', async () => {
    const bench = new Bench({ gateways: all });
    const device = await bench.joined();
    await bench.clock.advance(300_000);
    bench.hear(device.uplink());
    await bench.clock.advance(0);
    expect(uplinksOf(bench)).toHaveLength(1);
  });

  it('that are slow bring echoes, which are dropped; a later repetition is none', async () => {
    const bench = new Bench({ gateways: all });
    const device = await bench.joined();
    const phy = device.uplink({ fPort: 1, confirmed: true });
    bench.hear(phy);
    await bench.clock.advance(1_000);
    bench.hear(phy, { gatewayEui: SECOND_GATEWAY });
    bench.hear(phy, { frequencyHz: 868_300_000 });
    await bench.clock.advance(1_000);
    expect(bench.requests).toHaveLength(1);
    expect(bench.server.counters.uplinksRepeated).toBe(0);
    bench.hear(phy, { frequencyHz: 868_300_000 });
    await bench.clock.advance(1_000);
    expect(bench.requests).toHaveLength(2);
    expect(bench.server.counters.uplinksRepeated).toBe(1);
  });

  it('count in LinkCheckAns once each, with the best margin', async () => {
    const bench = new Bench({ gateways: all });
    const device = await bench.joined();
    const phy = device.uplink({ commands: [LINK_CHECK, LINK_CHECK] });
    bench.hear(phy, { snrDb: -2 });
    bench.hear(phy, { snrDb: -3 });
    bench.hear(phy, { gatewayEui: SECOND_GATEWAY, snrDb: 3.4 });
    await bench.clock.advance(999);
    expect(answerTo(bench, device).commands).toEqual([
      { name: 'LinkCheckAns', fields: { marginDb: 11, gatewayCount: 2 } },
    ]);
  });

  it('that somebody invents are counted, but a thousand of them at most', async () => {
    const bench = new Bench({ gateways: [] });
    const device = await bench.joined();
    const forged = device.uplink({ fPort: 1 });
    forged.set([0, 0, 0, 0], forged.length - 4);
    for (let i = 0; i < 1_500; i++) {
      const own = Uint8Array.from(forged);
      own.set([i >> 8, i & 255], own.length - 2);
      bench.hear(own, { gatewayEui: parseEui64(i.toString(16).padStart(16, '0')) });
    }
    await bench.clock.advance(1_000);
    expect(bench.server.counters.uplinksWrongMic).toBe(1_500);
    expect(bench.server.counters.gateways.size).toBe(1_000);
  });

  it('that cannot send are passed over, without spending a counter', async () => {
    const bench = new Bench({ gateways: all });
    const device = await bench.joined();
    bench.link.appear(SECOND_GATEWAY, false);
    bench.link.appear(THIRD_GATEWAY, false);
    const phy = device.uplink({ confirmed: true });
    bench.hear(phy, { gatewayEui: SECOND_GATEWAY, snrDb: 9 });
    bench.hear(phy, { gatewayEui: THIRD_GATEWAY, snrDb: 8 });
    bench.hear(phy, { snrDb: -1 });
    await bench.clock.advance(999);
    expect(bench.requests.map((request) => request.gatewayEui)).toEqual([GATEWAY]);
    expect(answerTo(bench, device).fCnt).toBe(0);
  });
});

describe('MAC commands of a device', () => {
  it('are read from FOpts and from the payload of FPort 0, which is not delivered as one', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    for (const wishes of [{ commands: [LINK_CHECK] }, { commands: [LINK_CHECK], fPort: 0 }]) {
      bench.forget();
      await bench.uplink(device, wishes, { snrDb: -8.5 });
      expect(bench.events).toMatchObject([{ fPort: undefined, payload: new Uint8Array(0) }]);
      expect(answerTo(bench, device)).toMatchObject({
        ack: false,
        fPort: undefined,
        commands: [{ name: 'LinkCheckAns', fields: { marginDb: 0, gatewayCount: 1 } }],
      });
      await bench.clock.advance(5_000);
    }
  });

  it('are answered once each and in one frame, those about link and time last', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const gps = gpsFromUtc(utcMs(bench.clock.now()));
    await bench.uplink(device, {
      confirmed: true,
      commands: [
        DEVICE_TIME,
        LINK_CHECK,
        { name: 'DeviceModeInd', fields: { class: 2 } },
        DEVICE_TIME,
        { name: 'PingSlotInfoReq', fields: { periodicity: 3 } },
        LINK_CHECK,
      ],
    });
    expect(bench.requests).toHaveLength(1);
    const answer = answerTo(bench, device);
    expect(answer.ack).toBe(true);
    expect(answer.commands.map((command) => command.name)).toEqual([
      'PingSlotInfoAns',
      'DeviceModeConf',
      'LinkCheckAns',
      'DeviceTimeAns',
    ]);
    expect(answer.commands[1]).toEqual({ name: 'DeviceModeConf', fields: { class: 2 } });
    expect(answer.commands[3]).toEqual(deviceTimeAns(gps));
  });

  it('that answer or that nobody knows get no answer', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    await bench.uplink(device, {
      commands: [
        { name: 'DevStatusAns', fields: { battery: 200, marginDb: -3 } },
        { name: 'DutyCycleAns', fields: {} },
        { name: 'ResetInd', fields: { minor: 1 } },
      ],
    });
    expect(bench.requests).toEqual([]);
  });

  it('ADRACKReq is answered by any frame, an empty one if need be', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    await bench.uplink(device, { fPort: 1, fCtrl: { adr: true, adrAckReq: true } });
    expect(bench.requests).toHaveLength(1);
    expect(bench.requests[0]?.phyPayload).toHaveLength(12);
    expect(answerTo(bench, device)).toMatchObject({ ack: false, commands: [], fPort: undefined });
  });
});

describe('the time of an uplink', () => {
  it('is what a gateway that knows it says, whichever heard best', async () => {
    const bench = new Bench({ gateways: [GATEWAY, SECOND_GATEWAY] });
    const device = await bench.joined();
    // Received 700 ms ago; the way to the server took that long.
    const gpsTime = gpsMs(gpsFromUtc(utcMs(bench.clock.now())) - 700);
    const phy = device.uplink({ commands: [DEVICE_TIME] });
    bench.hear(phy, { snrDb: 9 });
    bench.hear(phy, { gatewayEui: SECOND_GATEWAY, snrDb: 1, gpsTime });
    await bench.clock.advance(900);
    expect(uplinksOf(bench)[0]?.receivedGps).toBe(gpsTime);
    expect(answerTo(bench, device).commands).toEqual([deviceTimeAns(gpsTime)]);
  });

  it('is the arrival at the fastest gateway when none knows it', async () => {
    const bench = new Bench({ gateways: [GATEWAY, SECOND_GATEWAY] });
    const device = await bench.joined();
    const at = bench.clock.now();
    const phy = device.uplink({ commands: [DEVICE_TIME] });
    bench.hear(phy, { snrDb: 1 });
    await bench.clock.advance(90.5);
    bench.hear(phy, { gatewayEui: SECOND_GATEWAY, snrDb: 9 });
    await bench.clock.advance(800);
    expect(uplinksOf(bench)[0]).toMatchObject({ receivedAt: at, receivedGps: gpsFromUtc(utcMs(at)) });
  });

  it.each([0, -1, 1_285_579_871_592, 1e300])('is not taken from a gateway that says %d', async (gpsTime) => {
    const bench = new Bench();
    const device = await bench.joined();
    const own = gpsFromUtc(utcMs(bench.clock.now()));
    await bench.uplink(device, { commands: [DEVICE_TIME] }, { gpsTime: gpsMs(gpsTime) });
    expect(answerTo(bench, device).commands).toEqual([deviceTimeAns(own)]);
  });

  it('is left to a payload that answers the question, in that frame', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.listener = async (event) => {
      if (event.kind !== 'uplink' || !event.asksDeviceTime) return;
      await bench.send(event.devEui, {
        fPort: 202,
        payload: Uint8Array.of(1, 2, 3, 4, 5, 0),
        before: bench.in(30_000),
        replacesDeviceTime: true,
      });
    };
    await bench.uplink(device, { fPort: 202, commands: [DEVICE_TIME, LINK_CHECK] });
    expect(bench.requests).toHaveLength(1);
    const answer = answerTo(bench, device);
    expect(answer.fPort).toBe(202);
    expect(answer.commands.map((command) => command.name)).toEqual(['LinkCheckAns']);
  });

  it('is never told twice: a payload that comes too late to replace the answer is refused', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.listener = async (event) => {
      if (event.kind !== 'uplink' || !event.asksDeviceTime) return;
      await new Promise<void>((resolve) => bench.clock.setTimer(bench.in(800), resolve));
      await bench.send(event.devEui, {
        fPort: 202,
        payload: Uint8Array.of(1),
        before: bench.in(30_000),
        replacesDeviceTime: true,
      });
    };
    await bench.uplink(device, { fPort: 202, commands: [DEVICE_TIME] });
    expect(answerTo(bench, device).commands.map((command) => command.name)).toEqual(['DeviceTimeAns']);
    await bench.clock.advance(2_000);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'time-already-told', fCnt: 0 }]);

    // With the next uplink the matter is open again.
    bench.listener = async (event) => {
      if (event.kind !== 'uplink') return;
      await bench.send(event.devEui, {
        fPort: 202,
        payload: Uint8Array.of(2),
        before: bench.in(30_000),
        replacesDeviceTime: true,
      });
    };
    await bench.uplink(device, { fPort: 202 });
    expect(bench.requests).toHaveLength(2);
    expect(answerTo(bench, device)).toMatchObject({ fPort: 202, payload: Uint8Array.of(2), commands: [] });
  });
});

describe('the listener', () => {
  it('is waited for 400 ms; what it queues by then goes into the windows of this uplink', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.listener = async (event) => {
      if (event.kind !== 'uplink') return;
      await new Promise<void>((resolve) => bench.clock.setTimer(bench.in(390), resolve));
      await bench.send(event.devEui, { fPort: 3, payload: Uint8Array.of(9), before: bench.in(30_000) });
    };
    bench.hear(device.uplink());
    await bench.clock.advance(389);
    expect(bench.requests).toEqual([]);
    await bench.clock.advance(2);
    expect(answerTo(bench, device)).toMatchObject({ fPort: 3, payload: Uint8Array.of(9) });
  });

  it('answers an uplink by what it returns, before anything that waits', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    await bench.send(device.devEui, { fPort: 4, payload: Uint8Array.of(1), before: bench.in(60_000) });
    bench.answer = async () => {
      await new Promise<void>((resolve) => bench.clock.setTimer(bench.in(390), resolve));
      return { ticketId: 'answer', fPort: 3, payload: Uint8Array.of(9), before: bench.in(30_000) };
    };
    await bench.uplink(device);
    expect(answerTo(bench, device)).toMatchObject({ fPort: 3, payload: Uint8Array.of(9) });
    await bench.clock.advance(5_000);
    expect(bench.fates()).toMatchObject([{ ticketId: 'answer', fate: 'on-air', fCnt: 0 }]);
    bench.answer = async () => undefined;
    await bench.uplink(device);
    expect(answerTo(bench, device)).toMatchObject({ fPort: 4, payload: Uint8Array.of(1) });
  });

  it('that answers too late is heard in the next windows, but not when its time is over by then', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.answer = async ({ fCnt }) => {
      await new Promise<void>((resolve) => bench.clock.setTimer(bench.in(410), resolve));
      const before = bench.in(fCnt % 2 === 0 ? 3_000 : 30_000);
      return { ticketId: `answer to ${fCnt}`, fPort: 3, payload: Uint8Array.of(fCnt), before };
    };
    await bench.uplink(device, { fCnt: 10 });
    expect(bench.requests).toEqual([]);
    await bench.clock.advance(10_000);
    expect(bench.fates()).toMatchObject([{ ticketId: 'answer to 10', fate: 'expired' }]);
    await bench.uplink(device, { fCnt: 11 });
    await bench.clock.advance(10_000);
    await bench.uplink(device, { fCnt: 12 });
    expect(answerTo(bench, device).payload).toEqual(Uint8Array.of(11));
  });

  it('answers for the clock like anybody: too late means that the device was told already', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    let waitMs = 0;
    bench.answer = async () => {
      await new Promise<void>((resolve) => bench.clock.setTimer(bench.in(waitMs), resolve));
      const before = bench.in(30_000);
      return { ticketId: 'clock', fPort: 202, payload: Uint8Array.of(1), before, replacesDeviceTime: true };
    };
    await bench.uplink(device, { fPort: 202, commands: [DEVICE_TIME] });
    expect(answerTo(bench, device)).toMatchObject({ fPort: 202, commands: [] });
    await bench.clock.advance(5_000);
    bench.forget();
    waitMs = 800;
    await bench.uplink(device, { fPort: 202, commands: [DEVICE_TIME] });
    expect(answerTo(bench, device).commands.map((command) => command.name)).toEqual(['DeviceTimeAns']);
    expect(bench.fates()).toMatchObject([{ ticketId: 'clock', fate: 'refused', error: 'time-already-told' }]);
  });

  it('hears nothing more once it has left, and does not take the place of its successor when it leaves twice', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    const heard: string[] = [];
    const listen = (name: string): (() => void) =>
      bench.server.subscribe({
        uplink: async ({ fCnt }) => {
          heard.push(`${name} ${fCnt}`);
          return undefined;
        },
        news: () => Promise.resolve(),
      });
    const leave = listen('first');
    await bench.uplink(device, { fCnt: 5 });
    leave();
    await bench.uplink(device, { fCnt: 6 });
    listen('second');
    leave();
    await bench.uplink(device, { fCnt: 7 });
    expect(heard).toEqual(['first 5', 'second 7']);
  });

  it('may be as slow as it likes: an acknowledgement leaves in time all the same', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.listener = () => new Promise(() => undefined);
    await bench.uplink(device, { confirmed: true });
    expect(answerTo(bench, device).ack).toBe(true);
  });

  it('may fail: that is a fault of its own, not of the uplink', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.listener = () => Promise.reject(new Error('no'));
    await bench.uplink(device, { confirmed: true });
    expect(answerTo(bench, device).ack).toBe(true);
    expect(bench.faults().map((entry) => entry.message)).toEqual(['nobody could take a uplink event']);
  });
});

describe('a store that fails', () => {
  it('costs the frame it fails for and no other, and the payload taken for it is refused', async () => {
    class FailingStore extends MemoryNetworkStore {
      failing = false;
      override reserveDownlinkCounters(...args: Parameters<MemoryNetworkStore['reserveDownlinkCounters']>) {
        if (this.failing) return Promise.reject(new Error('disk full'));
        return super.reserveDownlinkCounters(...args);
      }
    }
    const store = new FailingStore();
    const bench = new Bench({ store });
    const device = await bench.joined();
    await bench.send(device.devEui, { fPort: 3, payload: Uint8Array.of(9), before: bench.in(30_000) });
    store.failing = true;
    bench.hear(device.uplink());
    await bench.clock.advance(10);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'internal' }]);
    expect(bench.faults()).toHaveLength(1);
    // The time on air that was promised to it is free again.
    store.failing = false;
    const other = device.uplink({ confirmed: true });
    bench.hear(other);
    await bench.clock.advance(900);
    expect(bench.requests).toMatchObject([{ frequencyHz: 868_100_000 }]);
    await bench.clock.advance(3_000);
    await bench.uplink(device, { confirmed: true });
    expect(answerTo(bench, device).ack).toBe(true);
  });

  it('says that the session is gone when the device joined anew while the answer was put together', async () => {
    class RacingStore extends MemoryNetworkStore {
      override async reserveDownlinkCounters(): Promise<undefined> {
        return undefined;
      }
    }
    const bench = new Bench({ store: new RacingStore() });
    const device = await bench.joined();
    await bench.send(device.devEui, { fPort: 3, payload: Uint8Array.of(9), before: bench.in(30_000) });
    await bench.uplink(device, { confirmed: true });
    expect(bench.requests).toEqual([]);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'session-gone' }]);
    expect(bench.faults()).toEqual([]);
  });
});

describe('stopping', () => {
  it('waits for the work under way and lets nothing happen afterwards', async () => {
    const bench = new Bench();
    const device = await bench.joined(undefined, 'C');
    bench.link.word = () => 'silence';
    bench.hear(device.uplink({ confirmed: true, fPort: 1 }));
    await bench.clock.advance(500);
    await bench.send(device.devEui, { fPort: 3, payload: Uint8Array.of(9), before: bench.in(30_000) });
    await bench.server.stop();
    const { requests, events } = bench;
    const { counters } = bench.server;
    const seen = [requests.length, events.length, counters.receptions];
    bench.hear(device.uplink({ confirmed: true }));
    await bench.clock.advance(100_000);
    expect([requests.length, events.length, counters.receptions]).toEqual(seen);
    expect(bench.clock.nextAt()).toBeUndefined();
  });

  it('needs no time to pass', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.link.word = () => 'silence';
    bench.hear(device.uplink({ confirmed: true }));
    await bench.clock.advance(500);
    const before = bench.clock.now();
    await bench.server.idle();
    await bench.server.stop();
    expect(bench.clock.now()).toBe(steadyMs(before));
  });
});

describe('what is logged', () => {
  it('never holds a key', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    bench.hear(device.joinRequest(1));
    bench.hear(device.joinRequest(2, new Uint8Array(16)));
    await bench.clock.advance(10_000);
    const text = JSON.stringify(bench.log);
    expect(bench.log.length).toBeGreaterThan(2);
    for (const key of [device.appKey, toHex(device.session.keys.nwkSKey), toHex(device.session.keys.appSKey)]) {
      expect(text).not.toContain(key);
    }
  });
});
