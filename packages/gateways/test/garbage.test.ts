import { fromHex } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatewayDatagram, parseGatewayDatagram } from '../src/index.ts';
import { GATEWAY, LinkBench, PULLS_FROM, PUSHES_FROM, REQUEST } from './support/link-bench.ts';

const RXPK = {
  tmst: 1,
  freq: 868.5,
  stat: 1,
  modu: 'LORA',
  datr: 'SF7BW125',
  codr: '4/5',
  lsnr: 5,
  rssi: -35,
  size: 4,
  data: 'QAECAw==',
};

/** What was dropped, frame or datagram. */
const dropsOf = (bench: LinkBench): number => Object.values(bench.link.drops()).reduce((a, b) => a + b, 0);

describe('whatever arrives', () => {
  it('of octets, nothing is thrown, and what is not understood is counted', () => {
    const bench = new LinkBench();
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.integer({ min: 0, max: 3 }), fc.uint8Array({ minLength: 2, maxLength: 2 }), fc.nat({ max: 7 }))
        .chain(([version, token, kind]) =>
          fc.uint8Array({ maxLength: 60 }).map((rest) => Uint8Array.of(version, ...token, kind, ...rest)),
        ),
    );
    fc.assert(
      fc.property(octets, (datagram) => {
        const before = dropsOf(bench);
        bench.sent();
        bench.socket.arrive(datagram, PUSHES_FROM);
        const understood = isUnderstood(datagram);
        expect(dropsOf(bench) - before).toBe(understood ? 0 : 1);
        const answered = bench.sent().length;
        expect(answered).toBe(understood && datagram[3] !== 5 ? 1 : 0);
      }),
      { numRuns: 3_000 },
    );
    expect(bench.link.drops()).not.toHaveProperty('internal');
    expect(bench.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('of JSON under a valid head, nothing is thrown', () => {
    const bench = new LinkBench();
    fc.assert(
      fc.property(fc.constantFrom('push-data', 'tx-ack'), fc.json({ maxDepth: 4 }), (kind, json) => {
        bench.socket.arrive(gatewayDatagram(kind, 1, GATEWAY, json), PUSHES_FROM);
      }),
      { numRuns: 1_000 },
    );
    expect(bench.heard).toEqual([]);
    expect(bench.link.drops()).not.toHaveProperty('internal');
  });

  it('in the fields of a reception, it comes out sound or is dropped and counted', () => {
    const bench = new LinkBench();
    const anything = fc.oneof(
      fc.constantFrom(0, -1, 1.5, 2 ** 32, 2 ** 53, 1e308, '', 'SF7BW125', '1e999', null, true, [], {}),
      fc.jsonValue({ maxDepth: 2 }),
      fc.double(),
    );
    const spoiled = fc.dictionary(
      fc.constantFrom(
        'tmst',
        'freq',
        'stat',
        'modu',
        'datr',
        'codr',
        'lsnr',
        'rssi',
        'size',
        'data',
        'rsig',
        'tmms',
        'brd',
      ),
      anything,
      { maxKeys: 3 },
    );
    const extra = fc.dictionary(fc.string(), anything, { maxKeys: 2 });
    fc.assert(
      fc.property(spoiled, extra, (fields, more) => {
        const before = [bench.heard.length, dropsOf(bench)];
        bench.push({ rxpk: [{ ...more, ...RXPK, ...fields }] });
        const after = [bench.heard.length, dropsOf(bench)];
        expect((after[0] ?? 0) - (before[0] ?? 0) + (after[1] ?? 0) - (before[1] ?? 0)).toBe(1);
      }),
      { numRuns: 3_000 },
    );
    for (const frame of bench.heard) {
      expect(Number.isInteger(frame.frequencyHz) && frame.frequencyHz > 0).toBe(true);
      expect(Number.isInteger(frame.counterUs) && frame.counterUs >= 0 && frame.counterUs < 2 ** 32).toBe(true);
      expect([frame.snrDb, frame.rssiDbm, frame.gpsTime ?? 0].every(Number.isFinite)).toBe(true);
      expect(frame.phyPayload.length).toBeGreaterThan(0);
    }
    expect(bench.heard.length).toBeGreaterThan(100);
    expect(bench.link.drops()).not.toHaveProperty('internal');
  });

  it('of brackets nested very deep, the process survives it', () => {
    const bench = new LinkBench();
    for (const text of ['['.repeat(60_000), '{"a":'.repeat(12_000), `{"rxpk":${'['.repeat(30_000)}`]) bench.push(text);
    expect(bench.link.drops()).toEqual({ 'datagram-json': 3 });
    bench.push(`{"rxpk":${'['.repeat(20_000)}${']'.repeat(20_000)}}`);
    expect(dropsOf(bench)).toBe(4);
  });

  it('of text that is not UTF-8, it is dropped', () => {
    const bench = new LinkBench();
    const datagram = gatewayDatagram('push-data', 1, GATEWAY, '{"rxpk":[]}xx');
    datagram.set([0xff, 0xfe], datagram.length - 2);
    bench.socket.arrive(datagram, PUSHES_FROM);
    expect(bench.link.drops()).toEqual({ 'datagram-json': 1 });
  });

  it.each([
    ['', 'datagram-short'],
    ['021a2b', 'datagram-short'],
    ['021a2b00a84041fdfe276a', 'datagram-short'],
    ['001a2b02a84041fdfe276a10', 'datagram-version'],
    ['031a2b02a84041fdfe276a10', 'datagram-version'],
    ['021a2b01', 'datagram-kind'],
    ['021a2b037b7d', 'datagram-kind'],
    ['021a2b04', 'datagram-kind'],
    ['021a2b06a84041fdfe276a10', 'datagram-kind'],
    ['021a2b00a84041fdfe276a10', 'datagram-json'],
    ['021a2b00a84041fdfe276a105b5d', 'datagram-json'],
  ])('of "%s", it is counted as %s', (hex, code) => {
    const bench = new LinkBench();
    bench.socket.arrive(fromHex(hex), PULLS_FROM);
    expect(bench.link.drops()).toEqual({ [code]: 1 });
    expect(bench.link.gateways()).toEqual([]);
    expect(bench.sent()).toEqual([]);
  });
});

describe('a fault of our own', () => {
  it('ends neither the socket nor the other frames; it is counted and logged', async () => {
    const bench = new LinkBench();
    bench.link.onFrame((frame) => {
      if (frame.counterUs === 1) throw new TypeError('a fault of the listener');
      bench.heard.push(frame);
    });
    expect(() => bench.push({ rxpk: [RXPK, { ...RXPK, tmst: 2 }] })).not.toThrow();
    expect(bench.heard.map((frame) => frame.counterUs)).toEqual([2]);
    expect(bench.link.drops()).toEqual({ internal: 1 });
    expect(bench.log).toMatchObject([{ level: 'error', cause: new TypeError('a fault of the listener') }]);
    bench.pull();
    const { outcome, order } = bench.transmit(REQUEST);
    bench.acknowledge(order.token);
    expect(await outcome).toEqual({ kind: 'programmed' });
  });
});

function isUnderstood(datagram: Uint8Array): boolean {
  try {
    parseGatewayDatagram(datagram);
    return true;
  } catch {
    return false;
  }
}
