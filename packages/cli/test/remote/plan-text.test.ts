import type { PlannedJobJson } from '@airlift/contract';
import { describe, expect, it } from 'vitest';
import { planText } from '../../src/remote/plan-text.ts';

const span = (earliest: number, expected: number, latest: number) => ({ earliest, expected, latest });
const PLAN: PlannedJobJson = {
  filename: 'fota_1',
  assumed_loss: 0.1,
  sessions: [
    {
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
      duty_percent: 3.8,
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
        '   fragments  210 of 239 octets, parity rule v1',
        '   frames     210 plain, 29 parity, 1 questions',
        "   airtime    135 s, 3.8 % of a gateway's hour",
        '   start in   30 s (30 s to 3 min)',
        '   end in     8 min (6 min to 2.5 h)',
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
});
