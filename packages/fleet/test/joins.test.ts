import { parseEui64, Rng } from '@airlift/kernel';
import { encodeCfListFrequencies, parseRegion, regionCfList, subBandChannels, uplinkChannels } from '@airlift/lorawan';
import { describe, expect, it } from 'vitest';
import { behaviour } from '../src/behaviour/presets.ts';
import { VirtualDevice } from '../src/device/virtual-device.ts';
import { fleetIdentities } from '../src/fleet/identities.ts';
import { WordsCache } from '../src/fragments/words-cache.ts';
import { FrameCache } from '../src/mac/frame-cache.ts';
import { VolatileMemory } from '../src/storage/device-memory.ts';
import { until, world } from './world.ts';

describe('join', () => {
  it('joins, sets its clock by DeviceTimeAns and sends application uplinks', async () => {
    const { clock, network, fleet, first, eui } = world();
    await until(clock, () => first.snapshot().joined, 60);
    await until(clock, () => first.snapshot().clockSynchronised, 120);
    await clock.advance(120_000);
    expect(network.on(eui, 2).length).toBeGreaterThanOrEqual(4);
    expect(first.snapshot()).toMatchObject({ joined: true, state: 'idle', clockSynchronised: true });
    fleet.stop();
    expect(clock.nextAt()).toBeUndefined();
  });

  it.each(['US915', 'EU868', 'AU915', 'AS923-1', 'IN865', 'KR920', 'RU864'])(
    'joins in %s in either window',
    async (region) => {
      for (const window of ['rx1', 'rx2'] as const) {
        const w = world({ region });
        w.network.joinWindow = window;
        await until(w.clock, () => w.first.snapshot().joined, 30);
        expect(w.network.joinRequests).toHaveLength(1);
        await until(w.clock, () => w.network.on(w.eui, 2).length > 1, 120);
      }
    },
  );

  it('tries the nine channels of the gateway, narrow and wide, at the data rates for joins', async () => {
    const w = world({ uplinkIntervalS: 0 });
    w.network.acceptsJoins = false;
    await w.clock.advance(4 * 3_600_000);
    const region = parseRegion('US915');
    const frequencies = new Set(
      uplinkChannels(region).flatMap((c) => (subBandChannels(region, 2).includes(c.index) ? [c.frequencyHz] : [])),
    );
    const seen = new Set(w.network.joinRequests.map(({ frequencyHz }) => frequencyHz));
    expect([...seen].sort()).toEqual([...frequencies].sort());
    expect(new Set(w.network.joinRequests.map(({ datr }) => datr))).toEqual(new Set(['SF10BW125', 'SF8BW500']));
  });

  it('is heard by one gateway in eight attempts when it does not know the sub-band, and gets there', async () => {
    const w = world({ deviceCount: 8, devicesKnowSubBand: false });
    await until(w.clock, () => w.fleet.snapshot().every(({ joined }) => joined), 3 * 3_600);
    const { sent } = w.fleet.radio.counters();
    expect(sent['join-request'] / w.network.joinRequests.length).toBeGreaterThan(3);
  });

  it('takes its channels from the CFList', async () => {
    const us = world({ devicesKnowSubBand: false, uplinkIntervalS: 5 });
    us.network.cfList = regionCfList(parseRegion('US915'), { subBand: 2 });
    await until(us.clock, () => us.first.snapshot().joined, 3_600);
    const before = us.first.snapshot().uplinks;
    await us.clock.advance(300_000);
    expect(us.network.uplinks.length).toBeGreaterThan(40);
    expect(us.network.uplinks.length).toBe(us.first.snapshot().uplinks - before);

    const eu = world({ region: 'EU868', uplinkIntervalS: 5 });
    eu.network.cfList = encodeCfListFrequencies([867_100_000, 0, 867_500_000]);
    await until(eu.clock, () => eu.network.uplinks.length > 60, 3_600);
    const used = new Set(eu.network.uplinks.map(({ frequencyHz }) => frequencyHz / 1e6));
    expect([...used].sort()).toEqual([867.1, 867.5, 868.1, 868.3, 868.5]);
  });

  it('honours RxDelay and RX1DROffset of the answer', async () => {
    const w = world({ region: 'EU868', uplinkIntervalS: 0 });
    w.network.rxDelay = 5;
    w.network.rx1DrOffset = 2;
    await until(w.clock, () => w.first.snapshot().clockSynchronised, 40);

    const late = world({ region: 'EU868', uplinkIntervalS: 0 });
    late.network.rxDelay = 5;
    late.network.rx1DrOffset = 2;
    await until(late.clock, () => late.first.snapshot().joined, 40);
    late.network.rx1DrOffset = 1;
    await late.clock.advance(60_000);
    expect(late.first.snapshot().clockSynchronised).toBe(false);
    late.network.rx1DrOffset = 2;
    late.network.rxDelay = 1;
    await late.clock.advance(60_000);
    expect(late.first.snapshot().clockSynchronised).toBe(false);
    late.network.rxDelay = 5;
    await until(late.clock, () => late.first.snapshot().clockSynchronised, 60);
  });

  it('backs off when nobody answers, and never repeats a DevNonce', async () => {
    const w = world({ uplinkIntervalS: 0 });
    w.network.acceptsJoins = false;
    await w.clock.advance(3_600_000);
    const nonces = w.network.joinRequests.map(({ devNonce }) => devNonce);
    expect(nonces).toEqual(nonces.map((_, i) => i + 1));
    const gaps = w.network.joinRequests.slice(1).map(({ at }, i) => at - (w.network.joinRequests[i]?.at ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(10_000);
    expect(Math.max(...gaps.slice(0, 2))).toBeLessThan(30_000);
    expect(Math.min(...gaps.slice(-3))).toBeGreaterThan(150_000);
    expect(Math.max(...gaps)).toBeLessThan(460_000);
  });

  it('behaviour 20: refuses JoinNonce 0 at the first join, and one that repeats the last', async () => {
    const w = world({ uplinkIntervalS: 0 });
    w.network.nextJoinNonce = 0;
    await w.clock.advance(8_000);
    expect([w.network.joinRequests.length, w.first.snapshot().joined]).toEqual([1, false]);
    await until(w.clock, () => w.first.snapshot().joined, 60);
    const { joinNonce } = w.network.device(w.eui);
    w.first.reboot();
    w.network.nextJoinNonce = joinNonce;
    await w.clock.advance(9_500);
    expect([w.network.joinRequests.length, w.first.snapshot().joined]).toEqual([3, false]);
    await until(w.clock, () => w.first.snapshot().joined, 60);
  });

  it('behaviour 20: a device that shares its AppKey takes the answer meant for another', async () => {
    const addresses: (readonly [number | null, number | undefined])[] = [];
    for (let seed = 0; seed < 8; seed++) {
      const w = world({ bootSpreadS: 0, uplinkIntervalS: 0 });
      w.network.joinWindow = 'rx2';
      // The network does not know this one. Both listen in RX2 at the same time if their requests are of one length.
      const thief = new VirtualDevice({
        name: 'thief',
        identity: { ...w.first.identity, devEui: parseEui64('1111111111111111') },
        clock: w.clock,
        rng: new Rng(seed),
        radio: w.fleet.radio,
        region: parseRegion('US915'),
        subBand: 2,
        behaviour: behaviour('multitech-dot'),
        uplinkIntervalS: 0,
        sink: w.sink,
        memory: new VolatileMemory(),
        resumes: false,
        cache: new FrameCache(),
        words: new WordsCache(),
      });
      thief.start(0);
      await w.clock.advance(8_000);
      if (thief.snapshot().joined) {
        addresses.push([thief.snapshot().devAddr, w.network.device(w.eui).session?.devAddr]);
      }
    }
    expect(addresses.length).toBeGreaterThan(0);
    for (const [stolen, own] of addresses) expect(stolen).toBe(own);
  });
});

describe('identities', () => {
  it('begin with the three that documentation speaks of', () => {
    const w = world({ deviceCount: 5 });
    expect(
      w.fleet
        .whitelist()
        .map(({ deveui }) => deveui)
        .slice(0, 3),
    ).toEqual(['00-80-00-ff-00-00-00-02', '00-80-00-00-0a-00-11-ba', '70-b3-d5-32-60-00-12-34']);
    expect(fleetIdentities(new Rng('a'), 4)[3]?.devEui).not.toBe(fleetIdentities(new Rng('b'), 4)[3]?.devEui);
    expect(fleetIdentities(new Rng('a'), 4)).toEqual(fleetIdentities(new Rng('a'), 9).slice(0, 4));
  });
});
