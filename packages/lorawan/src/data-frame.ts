import { CallerError } from '@airlift/kernel';
import {
  cryptFOpts,
  cryptFrmPayload,
  type FOptsForm,
  sameMic,
  singleKeyMic,
  twoKeyMic,
  type UplinkRadio,
} from './data-security.ts';
import type { DevAddr } from './dev-addr.ts';
import {
  type DownlinkFCtrl,
  encodeDownlinkFCtrl,
  encodeUplinkFCtrl,
  type FrameIdentity,
  type UplinkFCtrl,
} from './fctrl.ts';
import type { SessionKeys } from './frame-keys.ts';
import { type DataFrame, MAX_PHY_OCTETS, MIC_OCTETS } from './phy-payload.ts';
import { unsigned } from './unsigned.ts';

/** MHDR, DevAddr, FCtrl and FCnt. */
const HEADER_OCTETS = 8;

interface DataFrameContent {
  readonly confirmed?: boolean;
  readonly devAddr: DevAddr;
  /** The full 32-bit counter; its lower half goes on air. */
  readonly fCnt: number;
  /** MAC commands in the clear, at most 15 octets. */
  readonly fOpts?: Uint8Array;
  /** 0 for MAC commands, 1..223 application, 224 test; absent for a frame without FRMPayload. */
  readonly fPort?: number;
  /** FRMPayload in the clear; needs `fPort`. */
  readonly payload?: Uint8Array;
  readonly keys: SessionKeys;
  /**
   * Counts in 1.1 sessions only, and only with `fCtrl.ack`: the counter (lower 16 bits are used) of the confirmed frame
   * of the other direction that this frame acknowledges.
   */
  readonly confFCnt?: number;
  /** 1.1 sessions only; `erratum` when absent. */
  readonly fOptsForm?: FOptsForm;
}

/** An uplink to build. Flags left out are clear. `radio` is needed in 1.1 sessions only. */
export interface UplinkContent extends DataFrameContent {
  readonly direction: 'up';
  readonly fCtrl?: Partial<UplinkFCtrl>;
  readonly radio?: UplinkRadio;
}

/** A downlink to build. Flags left out are clear. */
export interface DownlinkContent extends DataFrameContent {
  readonly direction: 'down';
  readonly fCtrl?: Partial<DownlinkFCtrl>;
}

/** How a received data frame is to be opened. */
export interface DataFrameSecrets {
  readonly keys: SessionKeys;
  /** The full 32-bit counter, as `reconstructFCnt` proposes it; the integrity code decides whether it is right. */
  readonly fCnt: number;
  /** As in the content to build: 1.1 with the ACK flag only. */
  readonly confFCnt?: number;
  /**
   * What a 1.1 uplink was received with. `unknown` checks only the half of the code that does not depend on it: two
   * octets, for finding a device whose channel list is uncertain, not for trusting a frame.
   */
  readonly radio?: UplinkRadio | 'unknown';
  /** 1.1 sessions only; `erratum` when absent. */
  readonly fOptsForm?: FOptsForm;
}

/** A data frame in the clear. */
export interface OpenedDataFrame {
  /** MAC commands of the FOpts field. */
  readonly fOpts: Uint8Array;
  /** FRMPayload: MAC commands when `fPort` of the frame is 0; empty when it is absent. */
  readonly payload: Uint8Array;
}

/**
 * Builds a complete PHYPayload: FRMPayload (and in 1.1 FOpts) encrypted, integrity code appended (section 4).
 * @throws CallerError `value-range`, `fopts-too-long`, `fport0-with-fopts`, `payload-without-fport`, `frame-too-long`,
 *   `radio-missing` (a 1.1 uplink), `key-length`
 */
export function buildDataFrame(content: UplinkContent | DownlinkContent): Uint8Array {
  const { devAddr, fCnt, keys, fPort, payload = new Uint8Array(0), fOpts = new Uint8Array(0) } = content;
  unsigned(devAddr, 32, 'DevAddr');
  unsigned(fCnt, 32, 'FCnt');
  if (fPort !== undefined) unsigned(fPort, 8, 'FPort');
  if (fOpts.length > 15) throw new CallerError('fopts-too-long', 'FOpts hold at most 15 octets');
  if (fPort === 0 && fOpts.length > 0) {
    throw new CallerError('fport0-with-fopts', 'MAC commands go into FOpts or under FPort 0, not both');
  }
  if (fPort === undefined && payload.length > 0) {
    throw new CallerError('payload-without-fport', 'a payload needs an FPort');
  }
  const identity: FrameIdentity = { direction: content.direction, devAddr, fCnt };
  const wireFOpts =
    keys.macVersion === '1.1' ? cryptFOpts(keys, identity, fPort, fOpts, content.fOptsForm ?? 'erratum') : fOpts;
  const length = HEADER_OCTETS + wireFOpts.length + (fPort === undefined ? 0 : 1 + payload.length);
  if (length + MIC_OCTETS > MAX_PHY_OCTETS) {
    throw new CallerError('frame-too-long', `a frame holds ${MAX_PHY_OCTETS} octets`);
  }
  const frame = new Uint8Array(length + MIC_OCTETS);
  frame[0] = mhdrOf(content);
  for (let i = 0; i < 4; i++) frame[1 + i] = devAddr >>> (8 * i);
  frame[5] = fCtrlOf(content, fOpts.length);
  frame[6] = fCnt;
  frame[7] = fCnt >>> 8;
  frame.set(wireFOpts, HEADER_OCTETS);
  if (fPort !== undefined) {
    const at = HEADER_OCTETS + wireFOpts.length;
    frame[at] = fPort;
    frame.set(cryptFrmPayload(keys, identity, fPort, payload), at + 1);
  }
  const radio = content.direction === 'up' ? content.radio : undefined;
  frame.set(dataMic(identity, frame.subarray(0, length), keys, ackedFCnt(content), radio), length);
  return frame;
}

/**
 * Whether the integrity code of a received data frame is right for these keys and this counter.
 * @throws CallerError `value-range`, `radio-missing` (a 1.1 uplink without `radio`), `key-length`
 */
export function verifyDataMic(frame: DataFrame, secrets: DataFrameSecrets): boolean {
  const identity: FrameIdentity = {
    direction: frame.direction,
    devAddr: frame.devAddr,
    fCnt: unsigned(secrets.fCnt, 32, 'FCnt'),
  };
  const message = frame.octets.subarray(0, frame.octets.length - MIC_OCTETS);
  const { keys, radio } = secrets;
  if (keys.macVersion === '1.1' && frame.direction === 'up' && radio === 'unknown') {
    const forwarding = singleKeyMic(keys.fNwkSIntKey, identity, message, 0);
    return sameMic(frame.mic.subarray(2), forwarding.subarray(0, 2));
  }
  const confFCnt = frame.fCtrl.ack ? (secrets.confFCnt ?? 0) : 0;
  return sameMic(frame.mic, dataMic(identity, message, keys, confFCnt, radio === 'unknown' ? undefined : radio));
}

/**
 * Verifies and decrypts a data frame.
 * @returns undefined when the integrity code is wrong
 * @throws CallerError as `verifyDataMic`
 */
export function openDataFrame(frame: DataFrame, secrets: DataFrameSecrets): OpenedDataFrame | undefined {
  return verifyDataMic(frame, secrets) ? decryptDataFrame(frame, secrets) : undefined;
}

/** Decrypts a data frame without looking at its integrity code; for frames that were verified before. */
export function decryptDataFrame(
  frame: DataFrame,
  secrets: Pick<DataFrameSecrets, 'keys' | 'fCnt' | 'fOptsForm'>,
): OpenedDataFrame {
  const { keys, fCnt } = secrets;
  const identity: FrameIdentity = { direction: frame.direction, devAddr: frame.devAddr, fCnt };
  return {
    fOpts:
      keys.macVersion === '1.1'
        ? cryptFOpts(keys, identity, frame.fPort, frame.fOpts, secrets.fOptsForm ?? 'erratum')
        : frame.fOpts,
    payload:
      frame.fPort === undefined ? new Uint8Array(0) : cryptFrmPayload(keys, identity, frame.fPort, frame.frmPayload),
  };
}

function dataMic(
  identity: FrameIdentity,
  message: Uint8Array,
  keys: SessionKeys,
  confFCnt: number,
  radio: UplinkRadio | undefined,
): Uint8Array {
  if (keys.macVersion === '1.0') return singleKeyMic(keys.nwkSKey, identity, message, 0);
  if (identity.direction === 'down') return singleKeyMic(keys.sNwkSIntKey, identity, message, confFCnt);
  if (radio === undefined) {
    throw new CallerError('radio-missing', 'the code of a 1.1 uplink depends on its data rate and channel');
  }
  unsigned(radio.txDr, 8, 'TxDr');
  unsigned(radio.txCh, 8, 'TxCh');
  return twoKeyMic(keys, identity, message, confFCnt, radio);
}

function ackedFCnt(content: UplinkContent | DownlinkContent): number {
  return content.fCtrl?.ack === true ? (content.confFCnt ?? 0) : 0;
}

function mhdrOf(content: UplinkContent | DownlinkContent): number {
  if (content.direction === 'up') return content.confirmed === true ? 0x80 : 0x40;
  return content.confirmed === true ? 0xa0 : 0x60;
}

function fCtrlOf(content: UplinkContent | DownlinkContent, fOptsLength: number): number {
  return content.direction === 'up'
    ? encodeUplinkFCtrl(content.fCtrl ?? {}, fOptsLength)
    : encodeDownlinkFCtrl(content.fCtrl ?? {}, fOptsLength);
}
