import { frameTimeOnAirMs } from '@airlift/lorawan';
import { describe, expect, it } from 'vitest';
import { Bench, GATEWAY, SECOND_GATEWAY, sf } from './support/bench.ts';
import { OPENING, US } from './support/groups.ts';
import { TestDevice } from './support/test-device.ts';

const SLOW = { ...OPENING, dataRate: 0 };
/** A frame of 51 octets at SF12, and how many of them 10 % of an hour hold. */
const AIRTIME_MS = frameTimeOnAirMs(sf(12), 64, 'down');
const SHARE = Math.floor(360_000 / AIRTIME_MS);

describe('a frame that waits', () => {
  it('for its share of the band says so once, with the instant, as soon as that is known', async () => {
    const bench = new Bench();
    await bench.server.openGroup(SLOW);
    for (let i = 0; i < SHARE; i++) bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    const startAt = bench.clock.now();
    await bench.clock.advance(SHARE * 3_000);
    expect(bench.waits()).toEqual([]);
    const ticketId = bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(0);
    const [waiting] = bench.events.filter((event) => event.kind === 'waiting');
    expect(waiting).toMatchObject({ ticketId, cause: 'duty-cycle' });
    await bench.clock.advance(3_600_000);
    expect(bench.waits()).toHaveLength(1);
    const fate = bench.fates().at(-1);
    expect(fate).toMatchObject({ ticketId, fate: 'on-air' });
    expect(waiting?.kind === 'waiting' && waiting.until).toBeCloseTo(fate?.at ?? 0, 2);
    expect((fate?.at ?? 0) - startAt).toBeGreaterThan(3_590_000);
  });

  it('for a transmitter says so after two seconds, and a shorter wait is not worth a word', async () => {
    const bench = new Bench({ region: 'US915', config: { subBand: 2 } });
    // 242 octets take 0.4 s: the sixth of them has waited for two seconds.
    const groups = Array.from({ length: 9 }, (_, i) => `group-${i}`);
    for (const [i, groupId] of groups.entries()) {
      await bench.server.openGroup({ ...OPENING, ...US, groupId, mcAddr: OPENING.mcAddr + i });
    }
    const dueAt = bench.clock.now();
    for (const groupId of groups) bench.sendToGroup(groupId, 1, new Uint8Array(242), dueAt);
    await bench.clock.advance(20_000);
    const late = bench.fates().filter(({ at }) => at - dueAt > 2_000);
    expect(late.length).toBeGreaterThan(0);
    expect(late.length).toBeLessThan(groups.length - 3);
    const told = bench.events.flatMap((event) => (event.kind === 'waiting' ? event : []));
    expect(told.map(({ ticketId }) => ticketId)).toEqual(late.map(({ ticketId }) => ticketId));
    expect(new Set(told.map(({ cause }) => cause))).toEqual(new Set(['transmitter']));
  });

  it('for a gateway goes as soon as one comes, and says so when that takes long', async () => {
    const bench = new Bench();
    await bench.server.openGroup(OPENING);
    bench.link.appear(GATEWAY, false);
    const send = (): string => bench.sendToGroup('group-1', 1, new Uint8Array(1), bench.clock.now());
    send();
    await bench.clock.advance(1_900);
    bench.link.appear(GATEWAY, true);
    await bench.clock.advance(1_000);
    expect(bench.fates()).toMatchObject([{ fate: 'on-air' }]);
    expect(bench.waits()).toEqual([]);

    bench.forget();
    bench.link.appear(GATEWAY, false);
    send();
    await bench.clock.advance(2_000);
    expect(bench.waits()).toEqual([{ cause: 'no-gateway', until: undefined }]);
    await bench.clock.advance(57_000);
    bench.link.appear(SECOND_GATEWAY);
    await bench.clock.advance(1_000);
    expect(bench.requests).toMatchObject([{ gatewayEui: SECOND_GATEWAY }]);
    expect(bench.waits()).toHaveLength(1);
  });

  it('for a gateway is refused after a minute', async () => {
    const bench = new Bench();
    await bench.server.openGroup(OPENING);
    bench.link.appear(GATEWAY, false);
    const at = bench.clock.now();
    for (let i = 0; i < 2; i++) bench.sendToGroup('group-1', 1, new Uint8Array(1), at);
    await bench.clock.advance(59_999);
    expect(bench.fates()).toEqual([]);
    await bench.clock.advance(1);
    expect(bench.fates()).toMatchObject([{ fate: 'refused', error: 'no-gateway', fCnt: 0, at: at + 60_000 }]);
    await bench.clock.advance(60_000);
    expect(bench.fates()).toHaveLength(2);
  });

  it('after a restart for the gateway to show itself is delayed, not refused', async () => {
    const bench = new Bench();
    await bench.server.openGroup(OPENING);
    bench.link.appear(GATEWAY, false);
    await bench.crash();
    bench.sendToGroup('group-1', 1, new Uint8Array(1), bench.clock.now());
    await bench.clock.advance(29_000);
    bench.link.appear(GATEWAY, true);
    await bench.clock.advance(1_000);
    expect(bench.fates()).toMatchObject([{ fate: 'on-air' }]);
  });

  it('goes another way at once when its members change', async () => {
    const bench = new Bench({ gateways: [GATEWAY, SECOND_GATEWAY] });
    const near = await bench.joined();
    const far = await bench.joined(new TestDevice('0004a30b001c0531', 'ff112233445566778899aabbccddeeff'));
    bench.hear(near.uplink(), { gatewayEui: GATEWAY });
    for (let i = 0; i < 3; i++) {
      bench.hear(far.uplink(), { gatewayEui: SECOND_GATEWAY });
      await bench.clock.advance(5_000);
    }
    await bench.server.openGroup({ ...SLOW, devEuis: [near.devEui] });
    for (let i = 0; i < SHARE + 1; i++) bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(SHARE * 3_000);
    bench.forget();
    await bench.server.setMembers('group-1', [far.devEui]);
    await bench.clock.advance(0);
    expect(bench.requests).toMatchObject([{ gatewayEui: SECOND_GATEWAY }]);
  });

  it('is taken back when the group is flushed or closed, and leaves its place to others', async () => {
    const bench = new Bench();
    for (const groupId of ['group-1', 'group-2', 'group-3']) await bench.server.openGroup({ ...SLOW, groupId });
    for (let i = 0; i < SHARE; i++) bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(SHARE * 3_000);
    bench.forget();
    for (const groupId of ['group-1', 'group-2', 'group-3']) {
      bench.sendToGroup(groupId, 1, new Uint8Array(51), bench.clock.now());
      await bench.clock.advance(10);
    }
    expect(bench.waits()).toHaveLength(3);
    bench.server.flushGroup('group-1');
    await bench.server.closeGroup('group-2');
    await bench.clock.advance(10);
    expect(bench.fates()).toMatchObject([
      { fate: 'expired', error: 'flushed' },
      { fate: 'refused', error: 'group-closed' },
    ]);
    await bench.clock.advance(3_600_000);
    expect(bench.requests).toHaveLength(1);
    expect(bench.fates()).toHaveLength(3);
    expect(bench.clock.nextAt()).toBeUndefined();
  });
});

describe('two groups on one transmitter', () => {
  /** Lets both send as much as they can; returns which group each frame was of, in order. */
  async function contest(bench: Bench, opening: typeof OPENING, octets: number, spanMs: number): Promise<string> {
    const tickets = new Map<string, string>();
    for (const name of ['a', 'b']) {
      await bench.server.openGroup({ ...opening, groupId: name, mcAddr: OPENING.mcAddr + name.charCodeAt(0) });
    }
    // The first has a long start, and hands in its next frame when one has left, as campaigns do.
    const hand = (name: string): void => {
      tickets.set(bench.sendToGroup(name, 1, new Uint8Array(octets), bench.clock.now()), name);
    };
    bench.listener = async (event) => {
      const name = event.kind === 'ticket' ? tickets.get(event.ticketId) : undefined;
      if (name !== undefined) hand(name);
    };
    hand('a');
    await bench.clock.advance(3_000);
    hand('b');
    await bench.clock.advance(spanMs);
    return bench
      .fates()
      .map(({ ticketId }) => tickets.get(ticketId))
      .join('');
  }

  it('take turns', async () => {
    const bench = new Bench({ region: 'US915', config: { subBand: 2 } });
    const order = await contest(bench, { ...OPENING, ...US }, 100, 60_000);
    expect(order).toMatch(/^a+(ba)+b?$/);
    expect(order.length).toBeGreaterThan(100);
  });

  it('take turns while both wait for their share of the band', async () => {
    const bench = new Bench();
    const order = await contest(bench, SLOW, 51, 3 * 3_600_000);
    expect(order).toMatch(/^a+(ba)+b?$/);
    expect(order.length).toBeGreaterThan(3 * SHARE);
    expect(bench.waits().some(({ cause }) => cause === 'duty-cycle')).toBe(true);
  });

  it('wait for each other no longer than the other is there: what is flushed makes way at once', async () => {
    const bench = new Bench();
    await bench.server.openGroup(SLOW);
    await bench.server.openGroup({ ...SLOW, groupId: 'other' });
    for (let i = 0; i < SHARE; i++) bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(SHARE * 3_000);
    bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(10);
    bench.forget();
    // There is budget for a short frame, but the long one came before.
    bench.sendToGroup('other', 1, new Uint8Array(1), bench.clock.now());
    await bench.clock.advance(60_000);
    expect(bench.requests).toEqual([]);
    bench.server.flushGroup('group-1');
    await bench.clock.advance(0);
    expect(bench.requests).toHaveLength(1);
  });

  it('in different bands do not wait for each other: one without budget blocks nobody', async () => {
    const bench = new Bench();
    await bench.server.openGroup(SLOW);
    for (let i = 0; i < SHARE; i++) bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(SHARE * 3_000);
    bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(1_000);
    bench.forget();
    await bench.server.openGroup({ ...OPENING, groupId: 'other', frequencyHz: 868_100_000 });
    bench.sendToGroup('other', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(0);
    expect(bench.requests).toMatchObject([{ frequencyHz: 868_100_000 }]);
  });
});

describe('a group and a device of class C on one transmitter', () => {
  const US_BENCH = { region: 'US915', config: { subBand: 2 } } as const;
  const unicast = (bench: Bench, device: TestDevice, beforeMs = 3_600_000, octets = 1): Promise<string> =>
    bench.send(device.devEui, { fPort: 1, payload: new Uint8Array(octets), before: bench.in(beforeMs) });

  it('take turns: the device is not kept waiting by a group that never pauses', async () => {
    const bench = new Bench(US_BENCH);
    const device = await bench.joined(undefined, 'C');
    await bench.server.openGroup({ ...OPENING, ...US });
    const ticketsOfDevice = new Set<string>();
    const hand = (): string => bench.sendToGroup('group-1', 1, new Uint8Array(100), bench.clock.now());
    bench.listener = async (event) => {
      if (event.kind === 'ticket' && !ticketsOfDevice.has(event.ticketId)) hand();
    };
    hand();
    await bench.clock.advance(10_000);
    for (let i = 0; i < 3; i++) ticketsOfDevice.add(await unicast(bench, device));
    await bench.clock.advance(10_000);
    const order = bench
      .fates()
      .map(({ ticketId }) => (ticketsOfDevice.has(ticketId) ? 'd' : 'g'))
      .join('');
    expect(order).toMatch(/^g+dg{1,2}dg{1,2}dg+$/);
  });

  it('do not wait for each other while the device does not listen', async () => {
    const bench = new Bench(US_BENCH);
    const device = await bench.joined(undefined, 'C');
    await bench.server.openGroup({ ...OPENING, ...US });
    await bench.server.openGroup({ ...OPENING, ...US, groupId: 'other' });
    const startAt = bench.clock.now();
    bench.sendToGroup('group-1', 1, new Uint8Array(242), startAt);
    await bench.clock.advance(10);
    for (let i = 0; i < 2; i++) await unicast(bench, device);
    await bench.clock.advance(10);
    const ticketId = bench.sendToGroup('other', 1, new Uint8Array(50), bench.clock.now());
    // The device, first in the line, opens its windows for 2.5 s: one payload leaves in them, one waits.
    bench.hear(device.uplink());
    await bench.clock.advance(10_000);
    const fate = bench.fates().find((one) => one.ticketId === ticketId);
    expect((fate?.at ?? 0) - startAt).toBeLessThan(1_000);
  });

  it('go on when what was ahead is flushed, or when a payload has expired in the line', async () => {
    const bench = new Bench();
    const device = await bench.joined(undefined, 'C');
    await bench.server.openGroup(SLOW);
    for (let i = 0; i < SHARE; i++) bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(SHARE * 3_000);
    bench.sendToGroup('group-1', 1, new Uint8Array(51), bench.clock.now());
    await bench.clock.advance(10);
    bench.forget();
    await unicast(bench, device, 5_000);
    await bench.clock.advance(5_000);
    expect(bench.fates()).toMatchObject([{ fate: 'expired' }]);
    await unicast(bench, device);
    await bench.clock.advance(60_000);
    expect(bench.requests).toEqual([]);
    bench.server.flushGroup('group-1');
    await bench.clock.advance(10_000);
    expect(bench.requests).toHaveLength(1);
    await unicast(bench, device, 3_600_000, 0);
    await bench.clock.advance(10_000);
    expect(bench.requests).toHaveLength(2);
  });
});
