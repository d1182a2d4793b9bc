import { adrDataRates, type Region } from '@airlift/lorawan';
import type { ChannelPlan } from './channel-plan.ts';
import type { DeviceSession } from './device-session.ts';

const ADR_ACK_LIMIT = 64;
const ADR_ACK_DELAY = 32;

/**
 * What a device does when the network has been silent for long: full power, then every 32 uplinks one data rate lower,
 * and at the lowest all default channels and single transmissions.
 */
export function backOff(session: DeviceSession, region: Region, plan: ChannelPlan): void {
  const over = session.adrAckCount - ADR_ACK_LIMIT;
  if (over < ADR_ACK_DELAY || over % ADR_ACK_DELAY !== 0) return;
  if (session.txPower > 0) {
    session.txPower = 0;
    return;
  }
  const { min } = adrDataRates(region);
  if (session.dataRate > min) session.dataRate -= 1;
  if (session.dataRate === min) {
    plan.enableDefaults();
    session.nbTrans = 1;
  }
}

/**
 * Whether the network has been silent for so long that the session must be lost at its side, far beyond the point where
 * every data rate has been tried: the device joins anew.
 */
export function isGivenUp(session: DeviceSession): boolean {
  return session.adrAckCount >= ADR_ACK_LIMIT + 10 * ADR_ACK_DELAY;
}
