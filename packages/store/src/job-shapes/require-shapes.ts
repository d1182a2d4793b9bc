import type { CampaignEvent, DeviceState, GatewayFate, JobPlan, JobState, SessionState } from '@airlift/campaign';
import type { z } from 'zod';
import { key128, requireShape, shape } from '../record-shape.ts';
import { DEVICE_STATE } from './device-state-shape.ts';
import { EVENT, GATEWAY_FATES } from './event-shape.ts';
import { JOB_STATE } from './job-state-shape.ts';
import { PLAN } from './plan-shape.ts';
import { SESSION_STATE } from './session-shape.ts';

/** A check of a value that comes from the column. */
function required<T>(wanted: z.ZodType, column: string): (value: unknown) => T {
  return (value) => {
    requireShape(wanted, value, column);
    return value as T;
  };
}

/** @throws DamagedRecord */
export const requirePlan = required<JobPlan>(PLAN, 'plan');

/** @throws DamagedRecord */
export const requireJobState = required<JobState>(JOB_STATE, 'state');

/** The multicast key still sealed. @throws DamagedRecord */
export const requireSessionState = required<SessionState>(SESSION_STATE, 'state');

/** @throws DamagedRecord */
export const requireDeviceState = required<DeviceState>(DEVICE_STATE, 'state');

/** @throws DamagedRecord */
export const requireEvent = required<CampaignEvent>(EVENT, 'body');

/** @throws DamagedRecord */
export const requireGatewayFates = required<readonly GatewayFate[]>(GATEWAY_FATES, 'gateways');

/** @throws DamagedRecord */
export function requireMcKey(mcKey: string): string {
  requireShape(shape({ mcKey: key128 }), { mcKey });
  return mcKey;
}
