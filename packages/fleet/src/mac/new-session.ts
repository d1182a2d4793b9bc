import { PeerError } from '@airlift/kernel';
import {
  type CfList,
  DEFAULT_RX1_DELAY_S,
  decodeCfList,
  deriveSessionKeys10,
  type JoinAccept,
  type Region,
} from '@airlift/lorawan';
import type { DeviceSession } from './device-session.ts';

/** The session that a join-accept begins. */
export function newSession(
  accept: JoinAccept,
  devNonce: number,
  appKey: Uint8Array,
  start: { readonly region: Region; readonly dataRate: number },
): DeviceSession {
  const { region, dataRate } = start;
  const { joinNonce, netId } = accept;
  return {
    devAddr: accept.devAddr,
    keys: deriveSessionKeys10({ rootKey: appKey, joinNonce, netId, devNonce }),
    fCntUp: 0,
    fCntDown: undefined,
    rx1DelayS: Math.max(DEFAULT_RX1_DELAY_S, accept.rxDelay),
    rx1DrOffset: accept.rx1DrOffset,
    rx2: { frequencyHz: region.rx2.frequencyHz, dataRate: accept.rx2DataRate },
    dataRate,
    txPower: 0,
    nbTrans: 1,
    maxDutyCycle: 0,
    uplinkDwell: region.dwell.uplink,
    downlinkDwell: region.dwell.downlink,
    adrAckCount: 0,
    heardDownlink: false,
    ackPending: false,
    answers: [],
    stickyAnswers: [],
  };
}

/** A channel list; one of a kind that this edition does not know is passed over. */
export function readCfList(octets: Uint8Array): CfList | undefined {
  try {
    return decodeCfList(octets);
  } catch (error) {
    if (error instanceof PeerError) return undefined;
    throw error;
  }
}
