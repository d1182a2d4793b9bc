import { CallerError } from '@airlift/kernel';
import { buildDataFrame, openDataFrame } from './data-frame.ts';
import type { DevAddr } from './dev-addr.ts';
import type { SessionKeys10 } from './frame-keys.ts';
import type { DataFrame } from './phy-payload.ts';

/** Session keys of a multicast group, derived from its McKey (TS005). 16 octets each. */
export interface MulticastKeys {
  readonly mcNwkSKey: Uint8Array;
  readonly mcAppSKey: Uint8Array;
}

/** A multicast downlink to build. */
export interface MulticastContent {
  readonly mcAddr: DevAddr;
  /** The full 32-bit counter of the group. */
  readonly fCnt: number;
  /** 1..255: multicast frames carry no MAC commands. */
  readonly fPort: number;
  readonly payload: Uint8Array;
  readonly keys: MulticastKeys;
}

/**
 * Builds a multicast downlink: unconfirmed, FCtrl 0, no FOpts, rules of LoRaWAN 1.0 whatever the devices speak
 * (TS005 section 3; devices drop anything else).
 * @throws CallerError `multicast-fport` for FPort 0, else as `buildDataFrame`
 */
export function buildMulticastFrame(content: MulticastContent): Uint8Array {
  if (content.fPort === 0) throw new CallerError('multicast-fport', 'a multicast frame cannot carry MAC commands');
  return buildDataFrame({
    direction: 'down',
    devAddr: content.mcAddr,
    fCnt: content.fCnt,
    fPort: content.fPort,
    payload: content.payload,
    keys: groupKeys(content.keys),
  });
}

/**
 * The payload of a received multicast frame.
 * @returns undefined when the frame breaks the rules above or its integrity code is wrong for this counter
 */
export function openMulticastFrame(frame: DataFrame, keys: MulticastKeys, fCnt: number): Uint8Array | undefined {
  const { fCtrl } = frame;
  const allowed =
    frame.direction === 'down' &&
    !frame.confirmed &&
    !fCtrl.ack &&
    frame.fOpts.length === 0 &&
    frame.fPort !== undefined &&
    frame.fPort > 0;
  return allowed ? openDataFrame(frame, { keys: groupKeys(keys), fCnt })?.payload : undefined;
}

function groupKeys(keys: MulticastKeys): SessionKeys10 {
  return { macVersion: '1.0', nwkSKey: keys.mcNwkSKey, appSKey: keys.mcAppSKey };
}
