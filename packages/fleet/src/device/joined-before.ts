import type { JoinAccept, Region } from '@airlift/lorawan';
import { ChannelPlan } from '../mac/channel-plan.ts';
import { saveSession } from '../mac/device-session.ts';
import { newSession, readCfList } from '../mac/new-session.ts';
import type { ResumeRecord } from './device-record.ts';

/** What a device that joined some time ago starts with: a session, and a clock that was set. */
export function joinedBefore(
  accept: JoinAccept,
  device: {
    readonly appKey: Uint8Array;
    readonly devNonce: number;
    readonly region: Region;
    /** Fixed plans: the sub-band it searched its network in. */
    readonly subBand: number | undefined;
    /** Of its uplinks. */
    readonly dataRate: number;
    /** How far its clock is ahead of the true one. */
    readonly clockAheadMs: number;
  },
): ResumeRecord {
  const plan = new ChannelPlan(device.region, device.subBand);
  const channels = accept.cfList === undefined ? undefined : readCfList(accept.cfList);
  if (channels !== undefined) plan.applyCfList(channels);
  const session = newSession(accept, device.devNonce, device.appKey, device);
  session.fCntUp = 1;
  session.heardDownlink = true;
  return {
    mac: { session: saveSession(session, 0), plan: plan.save() },
    groups: [],
    sessions: [],
    fragSessions: [],
    clockAheadMs: device.clockAheadMs,
    clockSynchronised: true,
  };
}
