import { CallerError } from '@airlift/kernel';
import { frameTimeOnAirMs } from '@airlift/lorawan';
import { describe, expect, it } from 'vitest';
import { MemoryNetworkStore } from '../src/testing/index.ts';
import { Bench, GATEWAY, SECOND_GATEWAY, sf, THIRD_GATEWAY } from './support/bench.ts';
import { counters, OPENING, read, US } from './support/groups.ts';
import { TestDevice } from './support/test-device.ts';

/** Of instants beyond 2^40 ms. */
const ROUNDING_MS = 0.001;

describe('frames to a group', () => {
  it('leave at once through every gateway, unasked for, and are read by the members', async () => {
    const bench = new Bench();
    await bench.server.openGroup(OPENING);
    const at = bench.clock.now();
    const ticketId = bench.sendToGroup('group-1', 201, Uint8Array.of(8, 1, 0, 255), at);
    await bench.clock.advance(0);
    expect(bench.requests).toMatchObject([
      {
        gatewayEui: GATEWAY,
        frequencyHz: 869_525_000,
        modulation: sf(7),
        powerDbm: 29,
        time: { kind: 'immediately' },
        context: undefined,
      },
    ]);
    expect(bench.requests.map((request) => read(request))).toEqual([
      { fCnt: 0, fPort: 201, payload: Uint8Array.of(8, 1, 0, 255) },
    ]);
    const airtimeMs = frameTimeOnAirMs(sf(7), 17, 'down');
    expect(bench.events).toEqual([
      {
        kind: 'ticket',
        ticketId,
        fate: 'on-air',
        at,
        airtimeMs,
        fCnt: 0,
        error: undefined,
        gateways: [{ gatewayEui: GATEWAY, sent: true, error: undefined }],
      },
    ]);
    expect(bench.server.counters.groupFrames).toBe(1);
  });

  it('count from firstFCnt on and never repeat, over crashes and closings', async () => {
    const bench = new Bench({ region: 'US915', config: { subBand: 2 } });
    await bench.server.openGroup({ ...OPENING, ...US, firstFCnt: 40 });
    const send = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) bench.sendToGroup('group-1', 1, Uint8Array.of(i), bench.clock.now());
      await bench.clock.advance(count * 1_000);
    };
    await send(20);
    await bench.crash();
    await send(3);
    await bench.server.closeGroup('group-1');
    await bench.server.openGroup({ ...OPENING, ...US, firstFCnt: 40 });
    await send(3);
    const used = counters(bench);
    expect(used).toHaveLength(26);
    expect(used.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, i) => 40 + i));
    expect(new Set(used).size).toBe(26);
    expect([...used].sort((a, b) => a - b)).toEqual(used);
  });

  it('keep their counter above 16 bits', async () => {
    const bench = new Bench();
    await bench.server.openGroup({ ...OPENING, firstFCnt: 0x1_ffff });
    for (let i = 0; i < 2; i++) bench.sendToGroup('group-1', 1, Uint8Array.of(i), bench.clock.now());
    await bench.clock.advance(5_000);
    const [first, second] = bench.requests;
    if (first === undefined || second === undefined) throw new Error('two frames were expected');
    expect(read(first, 0x1_ffff).fCnt).toBe(0x1_ffff);
    expect(read(second, 0x2_0000).fCnt).toBe(0x2_0000);
  });

  it('leave in the order they were handed in, one at a time, not before their instant', async () => {
    const bench = new Bench({ region: 'US915', config: { subBand: 2 } });
    await bench.server.openGroup({ ...OPENING, ...US });
    const start = bench.clock.now();
    const notBefore = [5_000, 0, 0, 9_000, 0].map((span) => bench.in(span));
    for (const [i, at] of notBefore.entries()) bench.sendToGroup('group-1', 1, Uint8Array.of(i), at);
    await bench.clock.advance(60_000);
    expect(bench.requests.map((request) => read(request).payload[0])).toEqual([0, 1, 2, 3, 4]);
    const fates = bench.fates();
    expect(fates.map((fate) => fate.fate)).toEqual(Array(5).fill('on-air'));
    expect((fates[0]?.at ?? 0) - start).toBe(5_000);
    expect((fates[3]?.at ?? 0) - start).toBe(9_000);
    for (const [i, fate] of fates.entries()) {
      const next = fates[i + 1];
      if (next !== undefined) expect(next.at - fate.at).toBeGreaterThanOrEqual(fate.airtimeMs + 80 - ROUNDING_MS);
    }
  });

  it('keep to the 10 % of their band: the rest of an hour they wait', async () => {
    const bench = new Bench();
    await bench.server.openGroup({ ...OPENING, dataRate: 0 });
    const airtimeMs = frameTimeOnAirMs(sf(12), 64, 'down');
    const share = Math.floor(360_000 / airtimeMs);
    const start = bench.clock.now();
    for (let i = 0; i < share + 2; i++) bench.sendToGroup('group-1', 1, new Uint8Array(51), start);
    await bench.clock.advance(3_590_000);
    expect(bench.requests).toHaveLength(share);
    await bench.clock.advance(3_600_000);
    expect(bench.requests).toHaveLength(share + 2);
    const after = bench.fates().at(-2);
    expect((after?.at ?? 0) - start).toBeGreaterThan(3_590_000);
    // No hour holds too much.
    const fates = bench.fates();
    for (const { at } of fates) {
      const used = fates.filter((other) => other.at >= at && other.at < at + 3_600_000 - airtimeMs).length * airtimeMs;
      expect(used).toBeLessThanOrEqual(360_000);
    }
  });

  it('give way to answers that were promised before', async () => {
    const bench = new Bench();
    const device = await bench.joined();
    await bench.server.openGroup(OPENING);
    const uplinkAt = bench.clock.now();
    bench.hear(device.uplink({ confirmed: true }));
    await bench.clock.advance(900);
    // RX1 opens in 100 ms, too soon for a frame of 0.3 s to go before.
    bench.sendToGroup('group-1', 1, new Uint8Array(200), bench.clock.now());
    await bench.clock.advance(5_000);
    const [answer] = bench.requests;
    expect(bench.requests.map((request) => request.time.kind)).toEqual(['at-counter', 'immediately']);
    const answerMs = frameTimeOnAirMs(sf(7), answer?.phyPayload.length ?? 0, 'down');
    expect((bench.fates()[0]?.at ?? 0) - uplinkAt).toBeCloseTo(1_000 + answerMs + 80, 2);
  });

  it.each([
    ['frequency', { frequencyHz: 868_650_000 }],
    ['data rate', { dataRate: 8 }],
  ])('cannot be announced on a %s that members would refuse', async (_what, setting) => {
    const bench = new Bench();
    await expect(bench.server.openGroup({ ...OPENING, ...setting })).rejects.toThrow(CallerError);
    expect(await bench.store.openGroups()).toEqual([]);
  });

  it('are refused when the group closes before they leave, whatever they wait for', async () => {
    const bench = new Bench();
    await bench.server.openGroup(OPENING);
    for (const span of [50_000, 0]) bench.sendToGroup('group-1', 1, new Uint8Array(1), bench.in(span));
    await bench.clock.advance(1_000);
    await bench.server.closeGroup('group-1');
    await bench.clock.advance(0);
    expect(bench.fates().map(({ fate, error }) => [fate, error])).toEqual([
      ['refused', 'group-closed'],
      ['refused', 'group-closed'],
    ]);
    expect(bench.requests).toEqual([]);
    expect(bench.clock.nextAt()).toBeUndefined();
  });

  it('that wait are taken back by a flush, in order, and the next one goes', async () => {
    const bench = new Bench();
    await bench.server.openGroup(OPENING);
    const tickets = [50_000, 0, 0].map((span) => bench.sendToGroup('group-1', 1, new Uint8Array(1), bench.in(span)));
    await bench.clock.advance(1_000);
    bench.server.flushGroup('group-1');
    await bench.clock.advance(0);
    expect(bench.fates()).toMatchObject(
      tickets.map((ticketId) => ({ ticketId, fate: 'expired', error: 'flushed', fCnt: 0, airtimeMs: 0, gateways: [] })),
    );
    bench.sendToGroup('group-1', 1, new Uint8Array(1), bench.clock.now());
    await bench.clock.advance(60_000);
    expect(counters(bench)).toEqual([0]);
    expect(bench.fates()).toHaveLength(4);
  });

  it('of another group are not touched by a flush, nor is one that a gateway has', async () => {
    const bench = new Bench();
    await bench.server.openGroup(OPENING);
    await bench.server.openGroup({ ...OPENING, groupId: 'group-2' });
    bench.link.word = () => 'silence';
    bench.sendToGroup('group-1', 1, Uint8Array.of(1), bench.clock.now());
    bench.sendToGroup('group-2', 1, Uint8Array.of(2), bench.in(5_000));
    await bench.clock.advance(10);
    bench.server.flushGroup('group-1');
    bench.server.flushGroup('group-3');
    await bench.clock.advance(10_000);
    expect(bench.fates().map(({ fate }) => fate)).toEqual(['on-air', 'on-air']);
  });

  it('are refused when no gateway is there, when it refuses, when they are too long; the next one goes on', async () => {
    const bench = new Bench();
    await bench.server.openGroup(OPENING);
    const send = async (octets = 1): Promise<void> => {
      bench.sendToGroup('group-1', 1, new Uint8Array(octets), bench.clock.now());
      await bench.clock.advance(2_000);
    };
    bench.link.appear(GATEWAY, false);
    await send();
    await bench.clock.advance(60_000);
    bench.link.appear(GATEWAY, true);
    bench.link.word = () => ({ kind: 'refused', error: 'COLLISION_PACKET' });
    await send();
    bench.link.word = () => ({ kind: 'programmed' });
    await send(243);
    await send(242);
    expect(bench.fates()).toMatchObject([
      { fate: 'refused', error: 'no-gateway', fCnt: 0 },
      { fate: 'refused', error: 'COLLISION_PACKET', fCnt: 0 },
      { fate: 'refused', error: 'payload-too-long', fCnt: 0 },
      { fate: 'on-air', fCnt: 1 },
    ]);
  });

  it('give back the airtime of frames that were not sent', async () => {
    const bench = new Bench();
    await bench.server.openGroup({ ...OPENING, dataRate: 0 });
    bench.link.word = () => ({ kind: 'refused', error: 'TX_FREQ' });
    for (let i = 0; i < 300; i++) bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(1_000);
    expect(bench.fates()).toHaveLength(300);
    bench.link.word = () => ({ kind: 'programmed' });
    bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(0);
    expect(bench.fates().at(-1)).toMatchObject({ fate: 'on-air' });
  });

  it('cost what they hold and nothing else when the store fails', async () => {
    class FailingStore extends MemoryNetworkStore {
      failing = false;
      override reserveGroupCounters(...args: Parameters<MemoryNetworkStore['reserveGroupCounters']>) {
        return this.failing ? Promise.reject(new Error('disk full')) : super.reserveGroupCounters(...args);
      }
    }
    const store = new FailingStore();
    const bench = new Bench({ store });
    await bench.server.openGroup(OPENING);
    store.failing = true;
    bench.sendToGroup('group-1', 1, new Uint8Array(1), bench.clock.now());
    await bench.clock.advance(1_000);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'internal' }]);
    store.failing = false;
    bench.sendToGroup('group-1', 1, new Uint8Array(1), bench.clock.now());
    await bench.clock.advance(0);
    expect(bench.fates()).toHaveLength(2);
    expect(counters(bench)).toEqual([0]);
  });

  it('are tried once more, under a new counter, at a power that the gateway has', async () => {
    const bench = new Bench();
    await bench.server.openGroup(OPENING);
    bench.link.word = ({ powerDbm }) =>
      powerDbm > 14 ? { kind: 'refused', error: 'TX_POWER' } : { kind: 'programmed' };
    for (let i = 0; i < 2; i++) bench.sendToGroup('group-1', 1, new Uint8Array(1), bench.clock.now());
    await bench.clock.advance(5_000);
    expect(bench.requests.map((request) => request.powerDbm)).toEqual([29, 14, 14]);
    expect(counters(bench)).toEqual([0, 1, 2]);
    expect(bench.fates()).toMatchObject([
      { fate: 'on-air', fCnt: 1 },
      { fate: 'on-air', fCnt: 2 },
    ]);
  });
});

describe('several gateways', () => {
  const gateways = [GATEWAY, SECOND_GATEWAY, THIRD_GATEWAY];

  it('send the same frame, those near the members if any can', async () => {
    const bench = new Bench({ gateways });
    const device = await bench.joined();
    const other = new TestDevice('0004a30b001c0531', 'ff112233445566778899aabbccddeeff');
    await bench.joined(other);
    bench.hear(other.uplink(), { gatewayEui: SECOND_GATEWAY });
    await bench.clock.advance(5_000);
    bench.forget();
    await bench.server.openGroup({ ...OPENING, devEuis: [device.devEui, other.devEui] });
    const send = async (): Promise<string[]> => {
      bench.forget();
      bench.sendToGroup('group-1', 1, Uint8Array.of(1), bench.clock.now());
      await bench.clock.advance(5_000);
      return bench.requests.map((request) => request.gatewayEui);
    };
    expect(await send()).toEqual([GATEWAY, SECOND_GATEWAY]);
    expect(new Set(counters(bench)).size).toBe(1);
    bench.link.appear(GATEWAY, false);
    expect(await send()).toEqual([SECOND_GATEWAY]);
    bench.link.appear(SECOND_GATEWAY, false);
    expect(await send()).toEqual([THIRD_GATEWAY]);
  });

  it('make a frame one on the air as soon as one of them takes it', async () => {
    const bench = new Bench({ gateways });
    await bench.server.openGroup(OPENING);
    bench.link.word = ({ gatewayEui }) =>
      gatewayEui === THIRD_GATEWAY ? 'silence' : { kind: 'refused', error: 'TOO_LATE' };
    bench.sendToGroup('group-1', 1, Uint8Array.of(1), bench.clock.now());
    await bench.clock.advance(5_000);
    expect(bench.fates()).toMatchObject([{ fate: 'on-air', fCnt: 0 }]);
    expect(bench.requests).toHaveLength(3);
    expect(bench.server.counters.gateways.get(THIRD_GATEWAY)?.downlinks).toBe(1);
    expect(bench.server.counters.gateways.get(GATEWAY)?.downlinks ?? 0).toBe(0);
  });
});

describe('a group', () => {
  it('that is opened twice stays as it is, but for its members', async () => {
    const bench = new Bench();
    await Promise.all([bench.server.openGroup(OPENING), bench.server.openGroup(OPENING)]);
    await bench.server.openGroup({ ...OPENING, firstFCnt: 500 });
    for (let i = 0; i < 3; i++) bench.sendToGroup('group-1', 1, Uint8Array.of(i), bench.clock.now());
    await bench.clock.advance(5_000);
    expect(counters(bench)).toEqual([0, 1, 2]);
  });

  it('that is opened twice at the same time is one: its frames end with it', async () => {
    class SlowStore extends MemoryNetworkStore {
      saved = 0;
      release: () => void = () => undefined;
      override async saveGroup(...args: Parameters<MemoryNetworkStore['saveGroup']>): Promise<void> {
        this.saved += 1;
        if (this.saved === 2) {
          await new Promise<void>((resolve) => {
            this.release = resolve;
          });
        }
        await super.saveGroup(...args);
      }
    }
    const store = new SlowStore();
    const bench = new Bench({ store });
    const [first, second] = [bench.server.openGroup(OPENING), bench.server.openGroup(OPENING)];
    await first;
    bench.sendToGroup('group-1', 1, Uint8Array.of(1), bench.in(5_000));
    store.release();
    await second;
    await bench.server.closeGroup('group-1');
    await bench.clock.advance(0);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'group-closed' }]);
  });

  it('tells how long its frames take and what its band allows', () => {
    const eu = new Bench().server;
    expect(eu.groupTiming(869_525_000, 5, 51)).toEqual({
      airtimeMs: frameTimeOnAirMs(sf(7), 64, 'down'),
      dutyCycle: 0.1,
    });
    expect(eu.groupTiming(868_100_000, 5, 51).dutyCycle).toBe(0.01);
    expect([0, 3, 5, 13].map((dataRate) => eu.maxPayload(dataRate))).toEqual([51, 115, 242, 0]);
    const us = new Bench({ region: 'US915' }).server;
    expect(us.groupTiming(923_300_000, 10, 51).dutyCycle).toBe(1);
  });

  it('does not hold up a stop', async () => {
    const bench = new Bench();
    await bench.server.openGroup(OPENING);
    bench.sendToGroup('group-1', 1, Uint8Array.of(1), bench.in(3_600_000));
    await bench.clock.advance(10);
    await bench.server.stop();
    expect(bench.clock.nextAt()).toBeUndefined();
    await bench.clock.advance(7_200_000);
    expect(bench.requests).toEqual([]);
    expect(bench.events).toEqual([]);
    expect(await bench.store.openGroups()).toHaveLength(1);
  });
});
