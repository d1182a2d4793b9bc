import { PeerError, toHex } from '@airlift/kernel';
import { downlinkChannelsHz, region } from '@airlift/lorawan';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTxRequest } from '../../src/gateway/tx-request.ts';
import { vectorFile } from '../vectors.ts';

const { semtech } = vectorFile<{
  semtech: readonly { id: string; kind: string; json?: string; expect?: Record<string, unknown> }[];
}>('l2.json');

const TXPK = {
  tmst: 5,
  freq: 923.3,
  rfch: 0,
  powe: 20,
  modu: 'LORA',
  datr: 'SF10BW500',
  codr: '4/5',
  ipol: true,
  ncrc: true,
  size: 3,
  data: 'AQID',
};

function parse(changes: Record<string, unknown>): ReturnType<typeof parseTxRequest> {
  return parseTxRequest(JSON.stringify({ txpk: { ...TXPK, ...changes } }));
}

describe('known answers', () => {
  it('reads the orders among them', () => {
    const orders = semtech.filter(({ kind }) => kind === 'PULL_RESP');
    expect(orders.length).toBeGreaterThan(2);
    for (const { json = '' } of orders) {
      const { txpk } = JSON.parse(json) as { txpk: Record<string, unknown> };
      const request = parseTxRequest(json);
      expect(request.frequencyHz).toBe(Math.round(Number(txpk.freq) * 1e6));
      expect(request.dataRate).toBe(String(txpk.datr));
      expect(request.invertedPolarity).toBe(txpk.ipol);
      expect(request.payloadCrc).toBe(txpk.ncrc !== true);
      expect(request.octets.length).toBe(txpk.size);
      expect(Buffer.from(request.octets).toString('base64')).toBe(txpk.data);
      if (txpk.imme === true) expect(request.time).toEqual({ kind: 'immediately' });
      else if (txpk.tmst !== undefined) expect(request.time).toEqual({ kind: 'counter', tmst: txpk.tmst });
      else expect(request.time).toEqual({ kind: 'gps', tmms: txpk.tmms });
    }
  });
});

describe('parseTxRequest', () => {
  it('prefers imme to tmst and tmst to tmms, and takes a tmst of 0', () => {
    expect(parse({ imme: true, tmms: 9 }).time).toEqual({ kind: 'immediately' });
    expect(parse({ imme: false, tmms: 9 }).time).toEqual({ kind: 'counter', tmst: 5 });
    expect(parse({ tmst: 0, tmms: 9 }).time).toEqual({ kind: 'counter', tmst: 0 });
    expect(parse({ tmst: undefined, tmms: 9 }).time).toEqual({ kind: 'gps', tmms: 9 });
  });

  it('truncates the frequency to Hz as forwarders do, which every channel survives', () => {
    for (const name of ['US915', 'AU915'] as const) {
      for (const hz of downlinkChannelsHz(region(name))) expect(parse({ freq: hz / 1e6 }).frequencyHz).toBe(hz);
    }
    for (let hz = 863_000_000; hz <= 870_000_000; hz += 100_000) {
      expect(parse({ freq: hz / 1e6 }).frequencyHz).toBe(hz);
    }
    expect(parse({ freq: 868.1234567 }).frequencyHz).toBe(868_123_456);
  });

  it('lets size decide over data', () => {
    expect(toHex(parse({ size: 2 }).octets)).toBe('0102');
    expect(toHex(parse({ size: 5 }).octets)).toBe('0102030000');
    expect(toHex(parse({ size: 0 }).octets)).toBe('');
  });

  it('reads FSK', () => {
    const request = parse({ modu: 'FSK', datr: 50000, fdev: 25000, codr: undefined });
    expect(request).toMatchObject({ modulation: 'FSK', dataRate: '50000' });
  });

  it.each([
    ['no time', { tmst: undefined }, 'txpk-missing'],
    ['no rfch', { rfch: undefined }, 'txpk-missing'],
    ['no freq', { freq: undefined }, 'txpk-missing'],
    ['no codr', { codr: undefined }, 'txpk-missing'],
    ['a strange codr', { codr: '1/2' }, 'txpk-invalid'],
    ['no size', { size: undefined }, 'txpk-missing'],
    ['no data', { data: undefined }, 'txpk-missing'],
    ['no modu', { modu: undefined }, 'txpk-invalid'],
    ['SF6', { datr: 'SF6BW125' }, 'txpk-invalid'],
    ['FSK without fdev', { modu: 'FSK', datr: 50000 }, 'txpk-missing'],
    ['a negative tmst', { tmst: -1 }, 'txpk-invalid'],
    ['a tmst of 33 bits', { tmst: 2 ** 32 }, 'txpk-invalid'],
    ['a long frame', { size: 256 }, 'txpk-invalid'],
    ['freq as text', { freq: '868.1' }, 'txpk-invalid'],
  ])('refuses %s', (_, changes, code) => {
    expect(() => parse(changes)).toThrowError(expect.objectContaining({ code }) as Error);
  });

  it('answers arbitrary JSON with a request or a PeerError', () => {
    const almost = fc.record(
      Object.fromEntries(
        Object.entries(TXPK).map(([name, value]) => [name, fc.oneof(fc.constant(value), fc.jsonValue())]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          almost.map((txpk) => JSON.stringify({ txpk })),
        ),
        (json) => {
          try {
            expect(parseTxRequest(json).octets.length).toBeLessThanOrEqual(255);
          } catch (error) {
            expect(error).toBeInstanceOf(PeerError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
