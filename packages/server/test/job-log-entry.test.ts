import type { CampaignEvent } from '@airlift/campaign';
import { OffsetCalendar, parseEui64, steadyMs } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { logEntryOf } from '../src/job-log-entry.ts';

const AT = steadyMs(Date.UTC(2026, 0, 15, 12));
const devEui = parseEui64('00-80-00-ff-00-00-00-02');
const gatewayEui = parseEui64('00-80-00-00-00-00-00-0a');

/** The entry as it travels. */
function members(event: CampaignEvent): unknown {
  const calendar = new OffsetCalendar();
  const entry = logEntryOf({ sequence: 3, at: AT, event }, calendar);
  expect(entry).toMatchObject({ sequence: 3, at: calendar.dateOf(AT), kind: event.kind });
  expect(entry.devEui).toBe('devEui' in event ? devEui : undefined);
  return JSON.parse(JSON.stringify(entry.members));
}

describe('an entry of the log', () => {
  it.each<readonly [CampaignEvent, unknown]>([
    [
      { kind: 'job', to: 'complete', outcome: 'halted' },
      { to: 'complete', outcome: 'halted' },
    ],
    [{ kind: 'job', to: 'running', outcome: undefined }, { to: 'running' }],
    [
      { kind: 'control', to: 'paused', wave: 0 },
      { to: 'paused', wave: 1 },
    ],
    [
      { kind: 'session', session: 2, to: 'broadcasting', round: 1, sent: 40 },
      { session: 2, to: 'broadcasting', round: 1, last_fragment: 40 },
    ],
    [
      { kind: 'device', devEui, to: 'done', evidence: 'crc64', reason: undefined },
      { to: 'done', verified_by: 'crc64' },
    ],
    [
      { kind: 'device', devEui, to: 'failed', evidence: undefined, reason: 'no-answer' },
      { to: 'failed', reason_code: 'no-answer' },
    ],
    [{ kind: 'asked', devEui, steps: ['status'] }, { steps: ['status'] }],
    [{ kind: 'said', devEui, answers: ['FragSessionStatusAns'] }, { answers: ['FragSessionStatusAns'] }],
    [
      {
        kind: 'frame-refused',
        session: 1,
        frame: { kind: 'plain', number: 5 },
        error: 'duty-cycle',
        gateways: [{ gatewayEui, sent: false, error: 'duty-cycle' }],
      },
      {
        session: 1,
        frame: 'plain',
        number: 5,
        error: 'duty-cycle',
        gateways: [{ gateway: '00-80-00-00-00-00-00-0a', sent: false, error: 'duty-cycle' }],
      },
    ],
    [
      { kind: 'waits', session: 1, cause: 'duty-cycle', until: steadyMs(AT + 1_500) },
      { session: 1, cause: 'duty-cycle', until: '2026-01-15T12:00:01.500Z' },
    ],
    [
      { kind: 'waits', session: 1, cause: 'no-gateway', until: undefined },
      { session: 1, cause: 'no-gateway' },
    ],
  ])('says in words of the contract what happened: %j', (event, expected) => {
    expect(members(event)).toEqual(expected);
  });
});
