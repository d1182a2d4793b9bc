import { steadyMs } from '@airlift/kernel';
import type { CampaignEvent } from '../events.ts';
import type { JobChange } from '../stores.ts';
import { everyKind } from './every-kind.ts';
import { SAMPLE_AT } from './sample-at.ts';
import { sampleEui } from './sample-jobs.ts';

/** What gateways made of a frame. */
export const SAMPLE_FATES = [
  { gatewayEui: sampleEui(0xa1), sent: true, error: undefined },
  { gatewayEui: sampleEui(0xa2), sent: false, error: 'COLLISION_PACKET' },
];

/** Events of every kind. */
export const SAMPLE_EVENTS = everyKind<CampaignEvent>({
  job: [
    { kind: 'job', to: 'running', outcome: undefined },
    { kind: 'job', to: 'complete', outcome: 'halted' },
  ],
  control: [{ kind: 'control', to: 'awaiting-approval', wave: 1 }],
  session: [{ kind: 'session', session: 1, to: 'broadcasting', round: 2, sent: 40 }],
  device: [
    { kind: 'device', devEui: sampleEui(1), to: 'done', evidence: 'block-mic', reason: undefined },
    { kind: 'device', devEui: sampleEui(2), to: 'failed', evidence: undefined, reason: 'memory-exhausted' },
  ],
  asked: [{ kind: 'asked', devEui: sampleEui(1), steps: ['clock', 'group', 'status', 'block-received', 'release'] }],
  said: [{ kind: 'said', devEui: sampleEui(1), answers: ['McGroupSetupAns McGroupID 0', 'ä'] }],
  'frame-refused': [
    {
      kind: 'frame-refused',
      session: 1,
      frame: { kind: 'parity', number: 12 },
      error: 'TOO_LATE',
      gateways: SAMPLE_FATES,
    },
  ],
  waits: [
    { kind: 'waits', session: 1, cause: 'duty-cycle', until: steadyMs(SAMPLE_AT + 0.5) },
    { kind: 'waits', session: 2, cause: 'no-gateway', until: undefined },
  ],
});

/** The events with an instant each, as a step brings them about. */
export const sampleEvents = (events: readonly CampaignEvent[] = SAMPLE_EVENTS): JobChange['events'] =>
  events.map((event, index) => ({ at: steadyMs(SAMPLE_AT + index + 0.25), event }));
