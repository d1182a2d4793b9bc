import { fromHex, PeerError } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRxpk } from '../src/index.ts';
import { LinkBench } from './support/link-bench.ts';

const FRAME = {
  tmst: 3_512_348_611,
  freq: 868.5,
  stat: 1,
  modu: 'LORA',
  datr: 'SF7BW125',
  codr: '4/5',
  lsnr: 5.1,
  rssi: -35,
  size: 17,
  data: 'QPF9vkkAAQABlZcJ2w5v2cQ=',
};
const OCTETS = fromHex('40f17dbe4900010001959709db0e6fd9c4');

const without = (...keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(FRAME).filter(([key]) => !keys.includes(key)));

/** The code of the error that a reception is dropped with. */
function dropped(value: unknown): string {
  try {
    parseRxpk(value);
  } catch (error) {
    if (error instanceof PeerError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a reception', () => {
  it.each([
    ['unpadded data', { ...FRAME, data: 'QPF9vkkAAQABlZcJ2w5v2cQ' }],
    ['data padded too much', { ...FRAME, data: 'QPF9vkkAAQABlZcJ2w5v2cQ==' }],
    ['no size', without('size')],
    ['no stat', without('stat')],
    ['unknown keys', { ...FRAME, jver: 7, aesk: 0, meta: { a: 'b' }, __proto__x: 1 }],
    ['a coding rate that does not exist', { ...FRAME, codr: 'OFF' }],
    ['no coding rate', without('codr')],
  ])('with %s is read all the same', (_what, value) => {
    expect(parseRxpk(value)).toMatchObject({ phyPayload: OCTETS, frequencyHz: 868_500_000 });
  });

  it.each([
    ['a failed checksum', { ...FRAME, stat: -1 }, 'rxpk-crc'],
    ['no checksum', { ...FRAME, stat: 0 }, 'rxpk-crc'],
    ['another size', { ...FRAME, size: 18 }, 'rxpk-invalid'],
    ['no octets', { ...FRAME, size: 0, data: '' }, 'rxpk-invalid'],
    ['256 octets', { ...without('size'), data: Buffer.alloc(256).toString('base64') }, 'rxpk-invalid'],
    ['data of another alphabet', { ...FRAME, data: 'QPF9vkkAAQABlZcJ2w5v2c_-' }, 'rxpk-invalid'],
    ['blanks in data', { ...FRAME, data: 'QPF9vkkAAQABlZcJ 2w5v2cQ=' }, 'rxpk-invalid'],
    ['no data', without('data'), 'rxpk-invalid'],
    ['data that is no text', { ...FRAME, data: 7 }, 'rxpk-invalid'],
    ['no tmst', without('tmst'), 'rxpk-invalid'],
    ['tmst as text', { ...FRAME, tmst: '1' }, 'rxpk-invalid'],
    ['a negative tmst', { ...FRAME, tmst: -1 }, 'rxpk-invalid'],
    ['tmst beyond 32 bits', { ...FRAME, tmst: 2 ** 32 }, 'rxpk-invalid'],
    ['a broken tmst', { ...FRAME, tmst: 0.5 }, 'rxpk-invalid'],
    ['no freq', without('freq'), 'rxpk-invalid'],
    ['freq in hertz', { ...FRAME, freq: 868_500_000 }, 'rxpk-invalid'],
    ['freq 0', { ...FRAME, freq: 0 }, 'rxpk-invalid'],
    ['an infinite freq', { ...FRAME, freq: Number.POSITIVE_INFINITY }, 'rxpk-invalid'],
    ['no datr', without('datr'), 'rxpk-invalid'],
    ['a number as LoRa datr', { ...FRAME, datr: 50_000 }, 'rxpk-invalid'],
    ['a strange datr', { ...FRAME, datr: 'SF7' }, 'datr-unreadable'],
    ['an unknown modu', { ...FRAME, modu: 'AM' }, 'rxpk-invalid'],
    ['an empty rsig', { ...FRAME, rsig: [] }, 'rxpk-invalid'],
    ['rsig of nothing', { ...FRAME, rsig: [1, null, 'x'] }, 'rxpk-invalid'],
  ])('with %s is dropped', (_what, value, code) => {
    expect(dropped(value)).toBe(code);
  });

  it.each([null, 7, 'x', [], true, undefined])('that is %j is dropped', (value) => {
    expect(dropped(value)).toBe('rxpk-invalid');
  });

  it.each([0, 1, 0xffff_ffff])('may have tmst %d', (tmst) => {
    expect(parseRxpk({ ...FRAME, tmst }).counterUs).toBe(tmst);
  });

  it('may be FSK, or LR-FHSS with its code rate', () => {
    expect(parseRxpk({ ...without('codr', 'lsnr'), modu: 'FSK', datr: 50_000 })).toMatchObject({
      modulation: { kind: 'fsk', bitRate: 50_000 },
      snrDb: 0,
    });
    expect(parseRxpk({ ...FRAME, modu: 'LR-FHSS', datr: 'M0CW137', codr: '4/6' }).modulation).toEqual({
      kind: 'lr-fhss',
      bandwidthKhz: 137,
      codingRate: '2/3',
    });
  });

  it('may lack signal strengths or have senseless ones', () => {
    expect(parseRxpk(without('lsnr', 'rssi'))).toMatchObject({ rssiDbm: 0, snrDb: 0 });
    const text = JSON.stringify(FRAME).replace('5.1', '1e999').replace('-35', '-1e999');
    expect(parseRxpk(JSON.parse(text))).toMatchObject({ rssiDbm: 0, snrDb: 0 });
  });

  it('of several antennas counts as what the best of them heard', () => {
    const rsig = [
      { ant: 0, lsnr: -3, rssic: -80 },
      { ant: 1, lsnr: 6.5, rssis: -101 },
      { lsnr: 2, rssic: -60 },
    ];
    expect(parseRxpk({ ...without('lsnr', 'rssi'), rsig, brd: 1 })).toMatchObject({
      snrDb: 6.5,
      rssiDbm: -101,
      antenna: 1,
      board: 1,
    });
  });

  it('knows GPS time only when the gateway does', () => {
    expect(parseRxpk({ ...FRAME, tmms: 1_285_579_871_592 }).gpsTime).toBe(1_285_579_871_592);
    for (const tmms of [null, '1285579871592', undefined]) {
      expect(parseRxpk({ ...FRAME, tmms }).gpsTime).toBeUndefined();
    }
  });

  it('has its frequency to the hertz', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_500_000, max: 30_000_000 }), (hundreds) => {
        const freq = Number((hundreds / 10_000).toFixed(6));
        expect(parseRxpk({ ...FRAME, freq }).frequencyHz).toBe(hundreds * 100);
      }),
    );
  });

  it('that is crafted to take long to read is dropped at once', () => {
    const data = `${'='.repeat(60_000)}a`;
    const start = performance.now();
    expect(dropped({ ...FRAME, data })).toBe('rxpk-invalid');
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('receptions in one datagram', () => {
  it('are each dropped or taken on their own', () => {
    const bench = new LinkBench();
    bench.push({ rxpk: [{ ...FRAME, stat: -1 }, FRAME, 7, { ...FRAME, tmst: 1 }, without('freq')], stat: { rxnb: 5 } });
    expect(bench.heard.map((frame) => frame.counterUs)).toEqual([FRAME.tmst, 1]);
    expect(bench.link.drops()).toEqual({ 'rxpk-crc': 1, 'rxpk-invalid': 2 });
    expect(bench.link.gateways()).toMatchObject([{ received: 5 }]);
  });

  it('that are no list are counted as one', () => {
    const bench = new LinkBench();
    for (const rxpk of [FRAME, 7, null, 'x']) bench.push({ rxpk });
    expect(bench.link.drops()).toEqual({ 'rxpk-invalid': 4 });
    expect(bench.heard).toEqual([]);
  });
});
