import type {
  AskStep,
  CampaignEvent,
  DeviceState,
  GatewayFate,
  JobControl,
  JobState,
  SessionState,
} from '@airlift/campaign';
import { z } from 'zod';
import { byKind, count, eui64, instant, oneOf, type ShapeOf, shape, text } from '../record-shape.ts';
import { reason, SETUP_STEPS } from './device-state-shape.ts';
import { evidence } from './evidence-shape.ts';
import { outcome } from './job-state-shape.ts';
import { frame, waitCause } from './session-shape.ts';

const FATE: ShapeOf<GatewayFate> = { gatewayEui: eui64, sent: z.boolean(), error: text.optional() };

/** What gateways made of a frame, as it is stored. */
export const GATEWAY_FATES = z.array(shape(FATE));

/** `CampaignEvent` as it is stored. */
export const EVENT = byKind<CampaignEvent>({
  job: {
    to: oneOf<JobState['kind']>({ scheduled: true, waiting: true, running: true, complete: true, cancelled: true }),
    outcome: outcome.optional(),
  },
  control: { to: oneOf<JobControl['kind']>({ going: true, paused: true, 'awaiting-approval': true }), wave: count },
  session: {
    session: count,
    to: oneOf<SessionState['kind']>({ opening: true, setup: true, broadcasting: true, closing: true, ended: true }),
    round: count,
    sent: count,
  },
  device: {
    devEui: eui64,
    to: oneOf<DeviceState['kind']>({
      pending: true,
      held: true,
      'setting-up': true,
      ready: true,
      receiving: true,
      between: true,
      done: true,
      unverified: true,
      failed: true,
      skipped: true,
    }),
    evidence: evidence.optional(),
    reason: reason.optional(),
  },
  asked: {
    devEui: eui64,
    steps: z.array(oneOf<AskStep>({ ...SETUP_STEPS, status: true, 'block-received': true, release: true })),
  },
  said: { devEui: eui64, answers: z.array(text) },
  'frame-refused': { session: count, frame, error: text, gateways: GATEWAY_FATES },
  waits: { session: count, cause: waitCause, until: instant.optional() },
});
