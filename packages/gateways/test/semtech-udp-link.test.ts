import { type Eui64, gpsMs, parseEui64 } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { gatewayDatagram, pullAck, pushAck, type SemtechContext } from '../src/index.ts';
import { GATEWAY, LinkBench, PULLS_FROM, PUSHES_FROM, REQUEST, rxpkOf } from './support/link-bench.ts';

const IMPOSTOR = { address: '203.0.113.66', port: 6 };
const OTHER = parseEui64('00800000a0001234');
const numbered = (i: number): Eui64 => parseEui64((0x1000_0000 + i).toString(16).padStart(16, '0'));

const HEARD = {
  phyPayload: Uint8Array.of(0x40, 1, 2, 3),
  frequencyHz: 868_100_000,
  modulation: { kind: 'lora', spreadingFactor: 7, bandwidthKhz: 125 },
  rssiDbm: -100,
  snrDb: 3,
  counterUs: 1,
  gpsTime: undefined,
} as const;

describe('acknowledging', () => {
  it('happens at once, to where the datagram came from, before anybody hears of the frame', () => {
    const bench = new LinkBench();
    const order: string[] = [];
    bench.socket.onSent = () => order.push('acknowledged');
    bench.link.onFrame(() => order.push('heard'));
    bench.push({ rxpk: [rxpkOf(HEARD), rxpkOf({ ...HEARD, counterUs: 2 })] });
    bench.pull();
    expect(order).toEqual(['acknowledged', 'heard', 'heard', 'acknowledged']);
    expect(bench.sent()).toEqual([
      { octets: pushAck(2, 0x4321), to: PUSHES_FROM },
      { octets: pullAck(2, 0x1234), to: PULLS_FROM },
    ]);
  });

  it('is done in the version of the forwarder, and never for a TX_ACK', () => {
    const bench = new LinkBench();
    const old = gatewayDatagram('pull-data', 7, GATEWAY);
    old[0] = 1;
    bench.socket.arrive(old, PULLS_FROM);
    expect(bench.sent()).toEqual([{ octets: pullAck(1, 7), to: PULLS_FROM }]);
    bench.acknowledge(99);
    expect(bench.sent()).toEqual([]);
  });
});

describe('the way to a gateway', () => {
  it('is where PULL_DATA comes from, never where frames come from', async () => {
    const bench = new LinkBench();
    bench.push({ rxpk: [rxpkOf(HEARD)] });
    expect(await bench.link.transmit(REQUEST)).toEqual({ kind: 'unreachable' });
    expect(bench.link.gateways()).toMatchObject([{ downlinkReady: false, port: PUSHES_FROM.port }]);
    bench.pull();
    bench.push({ rxpk: [rxpkOf(HEARD)] });
    expect(bench.transmit().order.to).toEqual(PULLS_FROM);
    bench.pull(OTHER, { address: '192.0.2.1', port: 3 });
    expect(bench.transmit().order.to).toEqual(PULLS_FROM);
  });

  it.each([
    ['another machine', IMPOSTOR],
    ['another port of the same machine', { ...PULLS_FROM, port: 6 }],
  ])('is not given to %s that pulls in its name all the time', async (_where, impostor) => {
    const bench = new LinkBench();
    bench.pull();
    const start = bench.clock.now();
    for (let tenth = 1; tenth <= 1_200; tenth++) {
      await bench.clock.advance(100);
      bench.pull(GATEWAY, impostor);
      if (tenth % 100 === 0) bench.pull();
      expect(bench.transmit().order.to).toEqual(PULLS_FROM);
    }
    expect(bench.link.gateway(GATEWAY)).toMatchObject({
      ...PULLS_FROM,
      conflict: { count: 1_200, ...impostor, at: start + 120_000 },
    });
  });

  it('follows a gateway whose port has changed, within the time of three PULL_DATA', async () => {
    const bench = new LinkBench();
    const moved = { ...PULLS_FROM, port: 50_123 };
    for (let i = 0; i < 4; i++) {
      bench.pull();
      await bench.clock.advance(10_000);
    }
    for (let i = 0; i < 3; i++) {
      bench.pull(GATEWAY, moved);
      await bench.clock.advance(10_000);
    }
    bench.pull(GATEWAY, moved);
    expect(bench.transmit().order.to).toEqual(moved);
    expect(bench.link.gateway(GATEWAY)).toMatchObject(moved);
    expect(bench.log.map(({ message }) => message)).toContain('the way to a gateway has moved');
  });

  it('is given back to the gateway whose frames are genuine, when somebody else pulled first', () => {
    const bench = new LinkBench();
    bench.pull(GATEWAY, IMPOSTOR);
    bench.push({ rxpk: [rxpkOf(HEARD)] });
    bench.pull();
    expect(bench.transmit().order.to).toEqual(IMPOSTOR);
    for (const frame of bench.heard) bench.link.vouch(frame);
    bench.pull();
    bench.pull(GATEWAY, IMPOSTOR);
    expect(bench.transmit().order.to).toEqual(PULLS_FROM);
  });

  it('is lost when nothing was pulled for more than 90 seconds', async () => {
    const bench = new LinkBench();
    bench.pull();
    await bench.clock.advance(90_000);
    expect(bench.link.gateways()).toMatchObject([{ downlinkReady: true }]);
    await bench.clock.advance(1);
    bench.push({ rxpk: [rxpkOf(HEARD)] });
    expect(bench.link.gateways()).toMatchObject([{ downlinkReady: false }]);
    expect(await bench.link.transmit(REQUEST)).toEqual({ kind: 'unreachable' });
    bench.pull();
    expect(bench.link.gateways()).toMatchObject([{ downlinkReady: true }]);
  });

  it('is kept alive by TX_ACK, which comes the same way', async () => {
    const bench = new LinkBench();
    bench.pull();
    await bench.clock.advance(60_000);
    const { order, outcome } = bench.transmit();
    bench.acknowledge(order.token);
    await outcome;
    await bench.clock.advance(60_000);
    expect(bench.link.gateways()).toMatchObject([{ downlinkReady: true }]);
  });

  it('is not moved by a TX_ACK that answers nothing', async () => {
    const bench = new LinkBench();
    bench.pull();
    bench.acknowledge(0x7777, '', GATEWAY, { address: '203.0.113.9', port: 50_000 });
    expect(bench.transmit().order.to).toEqual(PULLS_FROM);
  });

  it('is not moved by a TX_ACK that answers nothing', () => {
    const bench = new LinkBench();
    bench.pull();
    bench.acknowledge(7, '', GATEWAY, { address: '203.0.113.66', port: 6 });
    expect(bench.transmit().order.to).toEqual(PULLS_FROM);
  });

  it('ends with the link', async () => {
    const bench = new LinkBench();
    bench.pull();
    const { outcome } = bench.transmit();
    await bench.link.close();
    expect(await outcome).toEqual({ kind: 'unknown' });
    expect(bench.socket.closed).toBe(true);
    expect(await bench.link.transmit(REQUEST)).toEqual({ kind: 'unreachable' });
    expect(bench.clock.nextAt()).toBeUndefined();
  });
});

describe('TX_ACK', () => {
  it.each([
    ['no body', '', { kind: 'programmed' }],
    ['a NUL', '\0', { kind: 'programmed' }],
    ['an empty object', '{}', { kind: 'programmed' }],
    ['an empty txpk_ack', '{"txpk_ack":{}}', { kind: 'programmed' }],
    ['error NONE', '{"txpk_ack":{"error":"NONE"}}', { kind: 'programmed' }],
    ['error none and a NUL', '{"txpk_ack":{"error":"none"}}\0', { kind: 'programmed' }],
    ['a warning', '{"txpk_ack":{"warn":"TX_POWER","value":20}}', { kind: 'programmed' }],
    ['a txpk_ack that is no object', '{"txpk_ack":[1]}', { kind: 'programmed' }],
    ['TOO_LATE', '{"txpk_ack":{"error":"TOO_LATE"}}', { kind: 'refused', error: 'TOO_LATE' }],
    ['COLLISION_PACKET', '{"txpk_ack":{"error":"COLLISION_PACKET"}}', { kind: 'refused', error: 'COLLISION_PACKET' }],
    ['an unknown word', '{"txpk_ack":{"error":"Zorn"}}', { kind: 'refused', error: 'Zorn' }],
    [
      'error beside warning',
      '{"txpk_ack":{"error":"TX_POWER","warn":"TX_POWER"}}',
      { kind: 'refused', error: 'TX_POWER' },
    ],
    [
      'a word without end',
      `{"txpk_ack":{"error":"${'A'.repeat(10_000)}"}}`,
      { kind: 'refused', error: 'A'.repeat(64) },
    ],
  ])('with %s', async (_what, json, expected) => {
    const bench = new LinkBench();
    bench.pull();
    const { order, outcome } = bench.transmit();
    bench.acknowledge(order.token, json);
    expect(await outcome).toEqual(expected);
    expect(bench.clock.nextAt()).toBeUndefined();
  });

  it('that never comes leaves the outcome unknown after a second', async () => {
    const bench = new LinkBench();
    bench.pull();
    const { outcome, order } = bench.transmit();
    let seen: unknown;
    void outcome.then((value) => {
      seen = value;
    });
    await bench.clock.advance(999);
    expect(seen).toBeUndefined();
    await bench.clock.advance(1);
    expect(seen).toEqual({ kind: 'unknown' });
    // One that comes later changes nothing any more.
    bench.acknowledge(order.token, '{"txpk_ack":{"error":"TOO_LATE"}}');
    expect(await outcome).toEqual({ kind: 'unknown' });
  });

  it('that cannot be read leaves the outcome unknown and is counted', async () => {
    const bench = new LinkBench();
    bench.pull();
    const { outcome, order } = bench.transmit();
    bench.acknowledge(order.token, '{"txpk_ack":');
    await bench.clock.advance(1_000);
    expect(await outcome).toEqual({ kind: 'unknown' });
    expect(bench.link.drops()).toEqual({ 'datagram-json': 1 });
  });

  it('of another gateway or with another token settles nothing', async () => {
    const bench = new LinkBench();
    bench.pull();
    bench.pull(OTHER, { address: '192.0.2.1', port: 3 });
    const { outcome, order } = bench.transmit();
    bench.acknowledge(order.token, '', OTHER);
    bench.acknowledge((order.token + 1) & 0xffff);
    await bench.clock.advance(1_000);
    expect(await outcome).toEqual({ kind: 'unknown' });
  });

  it('is not waited for with version 1, which has none', async () => {
    const bench = new LinkBench();
    const old = gatewayDatagram('pull-data', 7, GATEWAY);
    old[0] = 1;
    bench.socket.arrive(old, PULLS_FROM);
    const { outcome, order } = bench.transmit();
    expect(order.version).toBe(1);
    expect(await outcome).toEqual({ kind: 'unknown' });
    expect(bench.clock.nextAt()).toBeUndefined();
  });

  it.each([
    ['another machine', IMPOSTOR],
    ['another port of the same machine', { ...PULLS_FROM, port: 6 }],
  ])('is not believed from %s', async (_where, impostor) => {
    const bench = new LinkBench();
    bench.pull();
    bench.pull(GATEWAY, impostor);
    const { outcome, order } = bench.transmit();
    bench.acknowledge(order.token, '{"txpk_ack":{"error":"TX_FREQ"}}', GATEWAY, impostor);
    bench.acknowledge(order.token, '', GATEWAY, impostor);
    bench.acknowledge(order.token, '{"txpk_ack":{"error":"TOO_LATE"}}');
    expect(await outcome).toEqual({ kind: 'refused', error: 'TOO_LATE' });
    expect(bench.link.gateway(GATEWAY)?.drops).toEqual({ 'tx-ack-foreign': 2 });
    expect(bench.transmit().order.to).toEqual(PULLS_FROM);
  });

  it('may come while the frame is being sent', async () => {
    const bench = new LinkBench();
    bench.pull();
    bench.socket.onSent = ({ octets }) => bench.acknowledge((octets[1] ?? 0) * 256 + (octets[2] ?? 0));
    expect(await bench.link.transmit(REQUEST)).toEqual({ kind: 'programmed' });
    expect(bench.clock.nextAt()).toBeUndefined();
  });
});

describe('tokens', () => {
  it('differ as long as they are pending, beyond 65536 frames too', async () => {
    const bench = new LinkBench();
    bench.pull();
    const kept = bench.transmit();
    for (let i = 0; i < 70_000; i++) {
      const outcome = bench.link.transmit(REQUEST);
      const [datagram] = bench.sent();
      const token = (datagram?.octets[1] ?? 0) * 256 + (datagram?.octets[2] ?? 0);
      if (token === kept.order.token) throw new Error(`the pending token came again with frame ${i}`);
      bench.acknowledge(token);
      if ((await outcome).kind !== 'programmed') throw new Error(`frame ${i} got lost`);
    }
    bench.acknowledge(kept.order.token, '{"txpk_ack":{"error":"TOO_LATE"}}');
    expect(await kept.outcome).toEqual({ kind: 'refused', error: 'TOO_LATE' });
  });

  it('run out before memory does', async () => {
    const bench = new LinkBench();
    bench.pull();
    const outcomes = Array.from({ length: 12_000 }, () => bench.link.transmit(REQUEST));
    await bench.clock.advance(1_000);
    const kinds = (await Promise.all(outcomes)).map((outcome) => outcome.kind);
    expect(kinds.filter((kind) => kind === 'unknown')).toHaveLength(10_000);
    expect(kinds.filter((kind) => kind === 'unreachable')).toHaveLength(2_000);
    expect(bench.transmit().order.token).toBeGreaterThanOrEqual(0);
  });
});

describe('txpk', () => {
  it('fits into a datagram of 999 octets with the longest frame', () => {
    const bench = new LinkBench();
    bench.pull();
    const context: SemtechContext = { board: 257, antenna: 1 };
    void bench.link.transmit({
      ...REQUEST,
      phyPayload: new Uint8Array(255).fill(255),
      time: { kind: 'at-gps', gpsTime: gpsMs(1_479_456_130_120) },
      frequencyHz: 868_125_500,
      powerDbm: 26.85,
      context,
    });
    expect(bench.sent().at(-1)?.octets.length).toBeLessThanOrEqual(999);
  });

  it('has whole decibels, the frequency to the hertz, and the board and antenna of the reception', () => {
    const bench = new LinkBench();
    bench.pull();
    bench.push({ rxpk: [{ ...rxpkOf(HEARD), brd: 2, ant: 1 }] });
    const { order } = bench.transmit({
      powerDbm: 26.85,
      frequencyHz: 923_300_100,
      context: bench.heard[0]?.context,
    });
    expect(order.txpk).toMatchObject({ powe: 27, freq: 923.3001, brd: 2, ant: 1, rfch: 0, imme: false });
    expect(bench.transmit().order.txpk).not.toHaveProperty('brd');
  });

  it('keeps every frequency of 100 Hz steps through a forwarder that truncates', () => {
    const bench = new LinkBench();
    bench.pull();
    for (let frequencyHz = 863_000_000; frequencyHz <= 928_000_000; frequencyHz += 99_900) {
      const { order } = bench.transmit({ frequencyHz });
      // A forwarder computes in double precision, too, and drops what is behind the point.
      expect(Math.abs(Math.trunc((order.txpk.freq as number) * 1e6) - frequencyHz)).toBeLessThanOrEqual(1);
    }
  });

  it('at tmst 0 says so', () => {
    const bench = new LinkBench();
    bench.pull();
    const { order } = bench.transmit({ time: { kind: 'at-counter', counterUs: 0 } });
    expect(order.txpk).toMatchObject({ imme: false, tmst: 0 });
    const at = bench.transmit({ time: { kind: 'immediately' } }).order.txpk;
    expect(at).toMatchObject({ imme: true });
    expect(at).not.toHaveProperty('tmst');
  });
});

describe('gateways', () => {
  it('are described by what they last said of themselves', async () => {
    const bench = new LinkBench();
    const start = bench.clock.now();
    bench.pull();
    expect(bench.link.gateways()).toEqual([
      {
        gatewayEui: GATEWAY,
        address: PULLS_FROM.address,
        port: PULLS_FROM.port,
        version: 'Semtech UDP 2',
        connectedAt: start,
        lastSeenAt: start,
        downlinkReady: true,
        proven: false,
        received: 0,
        receivedOk: 0,
        forwarded: 0,
        transmitted: 0,
        ackRate: 0,
        conflict: undefined,
        drops: {},
      },
    ]);
    await bench.clock.advance(30_000);
    bench.push({ stat: { rxnb: 10, rxok: 9, rxfw: 8, txnb: 3, ackr: 50, pfrm: 'mPower 6.3' } });
    expect(bench.link.gateways()).toMatchObject([
      {
        port: PUSHES_FROM.port,
        version: 'mPower 6.3',
        connectedAt: start,
        lastSeenAt: start + 30_000,
        received: 10,
        receivedOk: 9,
        forwarded: 8,
        transmitted: 3,
        ackRate: 0.5,
      },
    ]);
  });

  it('may say nonsense of themselves', () => {
    const bench = new LinkBench();
    bench.push({ stat: { rxnb: -1, rxok: 1.5, rxfw: '8', txnb: 1e300, ackr: 250, pfrm: 'x'.repeat(500) } });
    const [gateway] = bench.link.gateways();
    expect(gateway).toMatchObject({ received: 0, receivedOk: 0, forwarded: 0, transmitted: 0, ackRate: 1 });
    expect(gateway?.version).toHaveLength(64);
    for (const stat of [7, null, 'x', [1]]) bench.push({ stat });
    expect(bench.link.gateways()).toHaveLength(1);
  });

  it('are a thousand at most; the stalest is forgotten first', async () => {
    const bench = new LinkBench();
    bench.pull();
    for (let i = 0; i < 2_500; i++) {
      bench.pull(numbered(i));
      await bench.clock.advance(1);
      if (i % 100 === 0) bench.pull();
    }
    const euis = bench.link.gateways().map((gateway) => gateway.gatewayEui);
    expect(euis).toHaveLength(1_000);
    expect(euis).toContain(GATEWAY);
    expect(euis).toContain(numbered(2_499));
    expect(euis).not.toContain(numbered(0));
  });

  it('that have proved themselves stay, however many others are invented', async () => {
    const bench = new LinkBench();
    bench.pull();
    bench.push({ rxpk: [rxpkOf(HEARD)] });
    for (const frame of bench.heard) bench.link.vouch(frame);
    for (let i = 0; i < 3_000; i++) bench.pull(numbered(i), IMPOSTOR);
    expect(bench.link.gateways()).toHaveLength(1_000);
    expect(bench.link.gateway(GATEWAY)).toMatchObject({ proven: true, downlinkReady: true });
    expect(bench.transmit().order.to).toEqual(PULLS_FROM);
  });

  it('that were forgotten come back as proven when somebody vouches for their frame', () => {
    const bench = new LinkBench();
    bench.push({ rxpk: [rxpkOf(HEARD)] });
    for (let i = 0; i < 1_500; i++) bench.pull(numbered(i), IMPOSTOR);
    expect(bench.link.gateway(GATEWAY)).toBeUndefined();
    for (const frame of bench.heard) bench.link.vouch(frame);
    expect(bench.link.gateway(GATEWAY)).toMatchObject({ proven: true, downlinkReady: false });
  });

  it('are not described by somebody elsewhere', async () => {
    const bench = new LinkBench();
    bench.pull();
    bench.push({ stat: { rxnb: 10, pfrm: 'mPower 6.3' } });
    const before = bench.link.gateway(GATEWAY);
    await bench.clock.advance(5_000);
    bench.push({ stat: { rxnb: 99, pfrm: 'x' }, rxpk: [rxpkOf(HEARD)] }, GATEWAY, IMPOSTOR);
    expect(bench.link.gateway(GATEWAY)).toEqual(before);
    expect(bench.heard).toMatchObject([{ doubtful: true, phyPayload: HEARD.phyPayload }]);
    bench.push({ rxpk: [rxpkOf(HEARD)] });
    expect(bench.heard[1]).not.toHaveProperty('doubtful');
  });
});

describe('a flood', () => {
  const many = (count: number): object => ({ rxpk: Array.from({ length: count }, () => rxpkOf(HEARD)) });

  it('of receptions in one datagram is acted on up to 255 of them; the others are counted', () => {
    const bench = new LinkBench();
    bench.push(many(721));
    expect(bench.heard).toHaveLength(255);
    expect(bench.link.drops()).toEqual({ 'rxpk-too-many': 466 });
    expect(bench.link.gateway(GATEWAY)?.drops).toEqual({ 'rxpk-too-many': 466 });
    expect(bench.log).toMatchObject([{ level: 'warn', fields: { reason: 'rxpk-too-many' }, count: 466 }]);
  });

  it('in the name of one gateway is acted on up to 4,000 receptions a second; every other one is counted', async () => {
    const bench = new LinkBench();
    let sent = 0;
    for (let i = 0; i < 100; i++) {
      bench.push(many(200));
      sent += 200;
      await bench.clock.advance(20);
    }
    expect(bench.heard.length).toBeGreaterThan(7_000);
    expect(bench.heard.length).toBeLessThanOrEqual(10_000);
    const { 'rxpk-too-fast': receptions = 0, 'datagram-too-fast': datagrams = 0 } = bench.link.drops();
    // Each unread datagram held 200.
    expect(bench.heard.length + receptions + 200 * datagrams).toBe(sent);
    expect(bench.sent()).toHaveLength(100);
  });

  it('of unreadable datagrams is not read to its end', () => {
    const bench = new LinkBench();
    for (let i = 0; i < 1_000; i++) bench.push(`{"rxpk":[${'[],'.repeat(20_000)}`);
    const { 'datagram-json': read = 0, 'datagram-too-fast': unread = 0 } = bench.link.drops();
    expect(read + unread).toBe(1_000);
    expect(read).toBeLessThan(100);
  });

  it('in the names of strangers leaves a proven gateway its share', () => {
    const bench = new LinkBench();
    bench.pull();
    bench.push({ rxpk: [rxpkOf(HEARD)] });
    for (const frame of bench.heard.splice(0)) bench.link.vouch(frame);
    for (let i = 0; i < 100; i++) {
      bench.push(many(200), numbered(i), IMPOSTOR);
      bench.push(many(200), GATEWAY, IMPOSTOR);
    }
    const strangers = bench.heard.splice(0).length;
    expect(strangers).toBeLessThanOrEqual(4_000);
    bench.push(many(200));
    expect(bench.heard).toHaveLength(200);
  });
});
