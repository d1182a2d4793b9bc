import type { PlannedJobJson } from '@airlift/contract';
import { describe, expect, it } from 'vitest';
import { planText } from '../../src/remote/plan-text.ts';

const span = (earliest: number, expected: number, latest: number) => ({ earliest, expected, latest });
const PLAN: PlannedJobJson = {
  filename: 'fota_1',
  assumed_loss: 0.1,
  sessions: [
    {
      wave: 1,
      devices: 4,
      region: 'US915',
      frequency_hz: 923_300_000,
      data_rate: 10,
      fragment_size: 239,
      fragments: 210,
      padding: 190,
      parity_rule: 'v1',
      frames: { plain: 210, parity: 29, status: 1 },
      airtime_ms: 135_000,
      busiest_hour_ms: 100_000,
      duty_percent: 27.8,
      duty_limit_percent: 10,
      time_out_seconds: 1_024,
      start_seconds: span(30, 30, 190),
      end_seconds: span(345, 480, 9_000),
    },
  ],
  warnings: [],
  refused: [],
};

describe('a plan as text', () => {
  it('tells frames, airtime and times of every session', () => {
    expect(planText(PLAN)).toBe(
      [
        'fota_1: 1 session, figures at 10 % loss',
        '1. 4 devices, US915, 923.3 MHz, DR10',
        '   fragments  210 of 239 octets (190 of padding), parity rule v1',
        '   frames     210 plain, 29 parity, 1 status',
        '   airtime    135 s, busiest hour 100 s a gateway',
        '   duty       27.8 % of the 10 % that the sub-band allows',
        '   start in   30 s (30 s to 3 min)',
        '   end in     8 min (6 min to 2.5 h)',
        '   time-out   17 min after the start',
        '',
      ].join('\n'),
    );
  });

  it('counts devices of which the same is to be said', () => {
    const warnings = Array.from({ length: 7 }, (_, n) => ({
      deveui: `00-80-00-00-00-00-00-0${n}`,
      code: 'never-joined',
      text: 'The device has not joined the network',
    }));
    const lines = planText({ ...PLAN, sessions: [], warnings }).split('\n');
    expect(lines.slice(1, 3)).toEqual(['warning: The device has not joined the network', '   00-80-00-00-00-00-00-00']);
    expect(lines.at(-2)).toBe('   and 2 more');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  it('names the waves where there are several', () => {
    const [session] = PLAN.sessions;
    if (session === undefined) throw new Error('the plan has no session');
    const waves = [
      { ...session, devices: 1 },
      { ...session, wave: 2 },
    ];
    const text = planText({ ...PLAN, sessions: waves });
    expect(text).toContain('1. 1 device of wave 1, US915');
    expect(text).toContain('2. 4 devices of wave 2, US915');
    expect(planText(PLAN)).not.toContain('wave');
  });

  it('keeps to 80 columns whatever the texts and names, and says until when', () => {
    const deveui = '00-80-00-00-00-00-00-01';
    const until = '2026-01-01T00:00:00Z';
    const text = planText({
      ...PLAN,
      filename: 'n'.repeat(128),
      warnings: [
        { code: 'start-in-past', text: 'The wanted start is past' },
        { deveui, code: 'device-in-use', text: `Long ${'words '.repeat(30)}end`, until },
      ],
      refused: [{ deveui, code: 'unknown-device', text: 'The device is not provisioned on this server' }],
    });
    expect(text).toContain('warning: The wanted start is past\nwarning: Long');
    expect(text).toContain(`   ${deveui} until ${until}\n`);
    expect(text).toContain(`not served: The device is not provisioned on this server\n   ${deveui}\n`);
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });
});
