import type { CampaignEvent, RecordedEvent } from '@airlift/campaign';
import type { LogEntry } from '@airlift/contract';
import { type Calendar, type Eui64, formatEui64, type SteadyMs } from '@airlift/kernel';

/** An event of a job in the words of the contract: waves count from 1, EUIs and instants are texts. */
export function logEntryOf({ sequence, at, event }: RecordedEvent, calendar: Calendar): LogEntry {
  return {
    sequence,
    at: calendar.dateOf(at),
    kind: event.kind,
    devEui: devEuiOf(event),
    members: membersOf(event, (instant) => new Date(calendar.dateOf(instant)).toISOString()),
  };
}

function devEuiOf(event: CampaignEvent): Eui64 | undefined {
  return 'devEui' in event ? event.devEui : undefined;
}

function membersOf(event: CampaignEvent, iso: (at: SteadyMs) => string): LogEntry['members'] {
  switch (event.kind) {
    case 'job':
      return { to: event.to, outcome: event.outcome };
    case 'control':
      return { to: event.to, wave: event.wave + 1 };
    case 'session':
      return { session: event.session, to: event.to, round: event.round, last_fragment: event.sent };
    case 'device':
      return { to: event.to, verified_by: event.evidence, reason_code: event.reason };
    case 'asked':
      return { steps: event.steps };
    case 'said':
      return { answers: event.answers };
    case 'frame-refused':
      return {
        session: event.session,
        frame: event.frame.kind,
        number: event.frame.number,
        error: event.error,
        gateways: event.gateways.map(({ gatewayEui, sent, error }) => ({
          gateway: formatEui64(gatewayEui),
          sent,
          error,
        })),
      };
    case 'waits':
      return {
        session: event.session,
        cause: event.cause,
        until: event.until === undefined ? undefined : iso(event.until),
      };
  }
}
