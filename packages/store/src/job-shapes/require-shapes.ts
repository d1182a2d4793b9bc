import type { CampaignEvent, DeviceState, GatewayFate, JobPlan, JobState, SessionState } from '@airlift/campaign';
import { key128, requireShape, shape } from '../record-shape.ts';
import { DEVICE_STATE } from './device-state-shape.ts';
import { EVENT, GATEWAY_FATES } from './event-shape.ts';
import { JOB_STATE } from './job-state-shape.ts';
import { PLAN } from './plan-shape.ts';
import { SESSION_STATE } from './session-shape.ts';

/** @throws DamagedRecord */
export function requirePlan(value: unknown): JobPlan {
  requireShape(PLAN, value, 'plan');
  return value as JobPlan;
}

/** @throws DamagedRecord */
export function requireJobState(value: unknown): JobState {
  requireShape(JOB_STATE, value, 'state');
  return value as JobState;
}

/** The multicast key still sealed. @throws DamagedRecord */
export function requireSessionState(value: unknown): SessionState {
  requireShape(SESSION_STATE, value, 'state');
  return value as SessionState;
}

/** @throws DamagedRecord */
export function requireDeviceState(value: unknown): DeviceState {
  requireShape(DEVICE_STATE, value, 'state');
  return value as DeviceState;
}

/** @throws DamagedRecord */
export function requireEvent(value: unknown): CampaignEvent {
  requireShape(EVENT, value, 'body');
  return value as CampaignEvent;
}

/** @throws DamagedRecord */
export function requireGatewayFates(value: unknown): readonly GatewayFate[] {
  requireShape(GATEWAY_FATES, value, 'gateways');
  return value as readonly GatewayFate[];
}

/** @throws DamagedRecord */
export function requireMcKey(mcKey: string): string {
  requireShape(shape({ mcKey: key128 }), { mcKey });
  return mcKey;
}
