import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rng } from '@airlift/kernel';
import { describe, expect, test } from 'vitest';
import { parityFor } from '../../src/tools/airtime/parity-estimate.ts';
import { outputOf, run } from '../support/run.ts';
import { vectors } from './support/vectors.ts';

type Point = readonly [sf: number, bw: number, payload: number, phy: number, downlinkUs: number, uplinkUs: number];
const { points } = vectors<{ points: Point[] }>('airtime.json');
const jsonOf = async (...args: string[]) =>
  JSON.parse(await outputOf(['airtime', '--json', ...args])) as Record<string, unknown>;

test('every known answer, both ways to give the length, both directions', async () => {
  for (const [sf, bw, payload, phy, downlinkUs, uplinkUs] of points) {
    const radio = ['--sf', `${sf}`, '--bw', `${bw}`];
    const at = `SF${sf} BW${bw} ${payload}`;
    const down = await jsonOf(...radio, '--payload', `${payload}`);
    expect(down, at).toEqual({
      modulation: `SF${sf}BW${bw}`,
      direction: 'downlink',
      phyOctets: phy,
      airtimeMs: downlinkUs / 1000,
      airtimeUs: downlinkUs,
    });
    expect(await jsonOf(...radio, '--phy-octets', `${phy}`, '--uplink'), at).toMatchObject({ airtimeUs: uplinkUs });
    expect(await outputOf(['airtime', ...radio, '--phy-octets', `${phy}`]), at).toContain(` ${downlinkUs / 1000} ms\n`);
  }
});

describe('by region', () => {
  test.each([
    [['EU868', '--dr', '5', '--payload', '242'], 'SF7BW125', 394.496],
    [['eu868', '--dr', '0', '--payload', '51', '--uplink'], 'SF12BW125', 2793.472],
    [['US915', '--dr', '13', '--payload', '242'], 'SF7BW500', 98.624],
    [['US915', '--dr', '3', '--payload', '242', '--uplink'], 'SF7BW125', 399.616],
    [['EU868', '--dr', '7', '--payload', '50'], 'FSK50000', ((5 + 3 + 1 + 63 + 2) * 8) / 50],
    // Without a data rate: that of multicast sessions.
    [['EU868', '--payload', '242'], 'SF7BW125', 394.496],
  ])('%j', async ([region = '', ...args], modulation, airtimeMs) => {
    expect(await jsonOf('--region', region, ...args)).toMatchObject({
      region: region.toUpperCase(),
      modulation,
      airtimeMs,
    });
  });

  test('for people', async () => {
    expect(await outputOf(['airtime', '--region', 'EU868', '--dr', '5', '--payload', '242'])).toBe(
      [
        'modulation  SF7BW125 (EU868 DR5)',
        'direction   downlink',
        'PHYPayload  255 octets',
        'airtime     394.496 ms',
        '',
      ].join('\n'),
    );
  });

  test('a payload that nobody may send is told', async () => {
    const { code, out, err } = await run(['airtime', '--region', 'EU868', '--dr', '0', '--payload', '52']);
    expect(code).toBe(0);
    expect(out).toContain('airtime');
    expect(err).toBe('airlift: EU868 allows payloads of 51 octets at DR0\n');
  });
});

describe('campaigns', () => {
  test('all that follows from an image', async () => {
    const estimate = await jsonOf('--region', 'EU868', '--image', '100000', '--parity', '60', '--sleep', '0');
    expect(estimate).toEqual({
      region: 'EU868',
      dataRate: 5,
      modulation: 'SF7BW125',
      direction: 'downlink',
      imageOctets: 100_000,
      fragSize: 239,
      nbFrag: 419,
      padding: 141,
      parity: 60,
      parityFrom: 'option',
      loss: 0.1,
      devices: 1,
      fragments: 479,
      phyOctets: 255,
      airtimeMs: 394.496,
      frequencyHz: 869_525_000,
      dutyCycle: 0.1,
      dutyCyclePeriodMs: 3944.96,
      totalAirtimeMs: 479 * 394.496,
      durationMs: 479 * 3944.96,
    });
  });

  test('times between fragments: those asked for, unless air and law need more', async () => {
    const image = ['--region', 'US915', '--dr', '13', '--image', '23900', '--frag-size', '239', '--parity', '10'];
    expect(await jsonOf(...image)).toMatchObject({ dutyCyclePeriodMs: 98.624, durationMs: 100 * 1500 + 10 * 3000 });
    expect(await jsonOf(...image, '--sleep', '200')).toMatchObject({ durationMs: 110 * 200 });
    expect(await jsonOf(...image, '--sleep', '200', '--parity-sleep', '50')).toMatchObject({
      durationMs: 100 * 200 + 10 * 98.624,
    });
    const slow = ['--region', 'EU868', '--frequency', '868100000', '--image', '2390', '--parity', '0'];
    expect(await jsonOf(...slow)).toMatchObject({ dutyCycle: 0.01, dutyCyclePeriodMs: 39_449.6, durationMs: 394_496 });
  });

  test('an image that is a file, without a region, for people', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'airlift-airtime-'));
    const file = join(folder, 'image.bin');
    await writeFile(file, new Uint8Array(1000));
    const text = await outputOf([
      'airtime',
      '--sf',
      '9',
      '--bw',
      '125',
      '--image',
      file,
      '--frag-size',
      '50',
      '--loss',
      '0',
    ]);
    await rm(folder, { recursive: true });
    expect(text).toContain('fragments             20 of 50 octets, padding 0\n');
    expect(text).toContain('parity fragments      0 (0 % loss, 1 device, all complete with 99 %)\n');
    expect(text).not.toContain('duty');
    expect(text).toContain('duration              30 s at least\n');
  });

  test.each([
    [['--image', '5000000', '--region', 'EU868'], 1],
    [['--image', '0', '--region', 'EU868'], 1],
    [['--image', '/nonexistent/image', '--region', 'EU868'], 1],
    [['--image', '1000', '--region', 'EU868', '--frequency', '900000000'], 1],
    [['--image', '1000', '--sf', '7', '--bw', '125'], 2],
    [['--image', '1000', '--region', 'EU868', '--payload', '5'], 2],
    [['--image', '1000', '--region', 'EU868', '--frag-size', '240'], 2],
    [['--image', '1000', '--region', 'EU868', '--loss', '1'], 2],
    [['--region', 'EU868', '--payload', '5', '--loss', '0.1'], 2],
    [['--region', 'EU868'], 2],
    [['--payload', '5'], 2],
    [['--dr', '5', '--payload', '5'], 2],
    [['--sf', '7', '--payload', '5'], 2],
    [['--sf', '7', '--bw', '200', '--payload', '5'], 2],
    [['--sf', '6', '--bw', '125', '--payload', '5'], 2],
    [['--region', 'EU868', '--dr', '5', '--payload', '243'], 2],
    [['--region', 'EU868', '--dr', '5', '--payload', '5', '--phy-octets', '18'], 2],
    [['--region', 'EU868', '--dr', '9', '--payload', '5'], 2],
    [['--region', 'EU868', '--dr', '9', '--payload', '5', '--uplink'], 2],
    [['--region', 'EU868', '--payload', '5', '--uplink'], 2],
    [['--region', 'XX868', '--dr', '5', '--payload', '5'], 2],
    [['--region', 'EU868', '--sf', '7', '--bw', '125', '--payload', '5'], 2],
    [['--sf', '7', '--bw', '125', '--image', '1000', '--frag-size', '9', '--frequency', '1'], 2],
  ])('refused: %j', async (args, code) => {
    const result = await run(['airtime', ...args]);
    expect({ code: result.code, out: result.out }).toEqual({ code, out: '' });
    expect(result.err).not.toBe('');
  });
});

describe('the parity estimate', () => {
  test('grows with loss, devices and image, and is none without loss', () => {
    const most = 16_383 - 2000;
    const estimate = (nbFrag: number, loss: number, devices: number) =>
      parityFor(nbFrag, loss, devices, most) ?? Number.NaN;
    expect(estimate(1000, 0, 1000)).toBe(0);
    expect(estimate(1000, 0.1, 1)).toBeGreaterThan(111);
    expect(estimate(1000, 0.2, 1)).toBeGreaterThan(estimate(1000, 0.1, 1));
    expect(estimate(1000, 0.1, 100)).toBeGreaterThan(estimate(1000, 0.1, 1));
    expect(estimate(2000, 0.1, 1)).toBeGreaterThan(estimate(1000, 0.1, 1));
    expect(parityFor(1000, 0.9, 1, 100)).toBeUndefined();
  });

  test('as many complete as promised, and not many more, when tried', () => {
    const seed = 'parity estimate';
    const rng = new Rng(seed);
    for (const [nbFrag, loss] of [
      [50, 0.1],
      [200, 0.3],
    ] as const) {
      const parity = parityFor(nbFrag, loss, 1, 10_000) ?? 0;
      const failed = (count: number): number => {
        let failures = 0;
        for (let i = 0; i < 4000; i++) {
          let lost = 0;
          let heard = 0;
          for (let n = 0; n < nbFrag; n++) lost += rng.chance(loss) ? 1 : 0;
          for (let n = 0; n < count; n++) heard += rng.chance(loss) ? 0 : 1;
          if (lost > 0 && (heard < lost || rng.chance(2 ** (lost - heard)))) failures += 1;
        }
        return failures / 4000;
      };
      expect(failed(parity), seed).toBeLessThan(0.016);
      expect(failed(parity - 8), seed).toBeGreaterThan(0.01);
    }
  });
});
