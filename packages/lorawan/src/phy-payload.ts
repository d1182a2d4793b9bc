import { type Eui64, eui64FromLittleEndian, PeerError, readLittleEndian } from '@airlift/kernel';
import type { DevAddr } from './dev-addr.ts';
import { type DownlinkFCtrl, decodeDownlinkFCtrl, decodeUplinkFCtrl, type UplinkFCtrl } from './fctrl.ts';

/** Most octets one LoRa frame can carry. */
export const MAX_PHY_OCTETS = 255;
/** Octets of the message integrity code that ends every LoRaWAN frame. */
export const MIC_OCTETS = 4;
/** MHDR, DevAddr, FCtrl, FCnt and MIC: the shortest data frame. */
export const MIN_DATA_FRAME_OCTETS = 12;

interface FrameCommon {
  /** A copy of the whole PHYPayload as received: what the integrity code covers, then the code. */
  readonly octets: Uint8Array;
  /** The last four octets of the frame. */
  readonly mic: Uint8Array;
}

/** A device asks for a session (section 6.2.4; 23 octets). */
export interface JoinRequest extends FrameCommon {
  readonly type: 'join-request';
  readonly joinEui: Eui64;
  readonly devEui: Eui64;
  /** 16 bits. */
  readonly devNonce: number;
}

/** The answer to a join or rejoin (17 or 33 octets), still encrypted: see `openJoinAccept`. */
export interface EncryptedJoinAccept {
  readonly type: 'join-accept';
  readonly octets: Uint8Array;
}

interface DataFrameCommon extends FrameCommon {
  readonly type: 'data';
  readonly confirmed: boolean;
  readonly devAddr: DevAddr;
  /** The lower 16 bits of the frame counter; see `reconstructFCnt`. */
  readonly fCnt16: number;
  /** As on air: encrypted in sessions of LoRaWAN 1.1. 0..15 octets. */
  readonly fOpts: Uint8Array;
  /** Absent when the frame carries no FRMPayload field at all; 0 announces MAC commands. */
  readonly fPort?: number;
  /** As on air, that is encrypted; empty when `fPort` is absent, and possibly when it is present. */
  readonly frmPayload: Uint8Array;
}

/** A data frame from a device. */
export interface UplinkFrame extends DataFrameCommon {
  readonly direction: 'up';
  readonly fCtrl: UplinkFCtrl;
}

/** A data frame to a device or to a multicast group. */
export interface DownlinkFrame extends DataFrameCommon {
  readonly direction: 'down';
  readonly fCtrl: DownlinkFCtrl;
}

/** A data frame of either direction; tell them apart by `direction`. */
export type DataFrame = UplinkFrame | DownlinkFrame;

/** LoRaWAN 1.1 section 6.2.4: a device wants new session keys (2) or also new radio parameters (0); 19 octets. */
export interface RejoinRequest02 extends FrameCommon {
  readonly type: 'rejoin-request';
  readonly rejoinType: 0 | 2;
  /** 24 bits. */
  readonly netId: number;
  readonly devEui: Eui64;
  /** RJcount0, 16 bits. */
  readonly rjCount: number;
}

/** A join-request in disguise that a device sends from time to time to mend a lost session; 24 octets. */
export interface RejoinRequest1 extends FrameCommon {
  readonly type: 'rejoin-request';
  readonly rejoinType: 1;
  readonly joinEui: Eui64;
  readonly devEui: Eui64;
  /** RJcount1, 16 bits. */
  readonly rjCount: number;
}

/** A rejoin-request of any type; tell them apart by `rejoinType`. */
export type RejoinRequest = RejoinRequest02 | RejoinRequest1;

/** MType 7: not ours to read. */
export interface ProprietaryFrame {
  readonly type: 'proprietary';
  readonly octets: Uint8Array;
}

/** Everything a PHYPayload can be; tell them apart by `type`. */
export type PhyPayload = JoinRequest | EncryptedJoinAccept | DataFrame | RejoinRequest | ProprietaryFrame;

/**
 * Reads a PHYPayload (LoRaWAN sections 4 and 6.2). Nothing is verified or decrypted; reserved bits are ignored.
 * @throws PeerError `phy-empty`, `phy-too-long`, `phy-major`, `phy-length` (a length no frame of that type has),
 *   `phy-fopts-length` (FOptsLen beyond the end), `phy-fport0-fopts` (commands in both places), `phy-rejoin-type`
 */
export function parsePhyPayload(octets: Uint8Array): PhyPayload {
  if (octets.length === 0) throw new PeerError('phy-empty', 'a frame without octets');
  if (octets.length > MAX_PHY_OCTETS) throw new PeerError('phy-too-long', `a frame of ${octets.length} octets`);
  const own = Uint8Array.from(octets);
  const mhdr = own[0] ?? 0;
  if ((mhdr & 3) !== 0) throw new PeerError('phy-major', `major version ${mhdr & 3} is not LoRaWAN R1`);
  const mType = mhdr >> 5;
  switch (mType) {
    case 0:
      return parseJoinRequest(own);
    case 1:
      requireLength(own, 'join-accept', 17, 33);
      return { type: 'join-accept', octets: own };
    case 2:
    case 4:
      return { ...parseData(own), direction: 'up', confirmed: mType === 4, fCtrl: decodeUplinkFCtrl(own[5] ?? 0) };
    case 3:
    case 5:
      return { ...parseData(own), direction: 'down', confirmed: mType === 5, fCtrl: decodeDownlinkFCtrl(own[5] ?? 0) };
    case 6:
      return parseRejoinRequest(own);
    default:
      return { type: 'proprietary', octets: own };
  }
}

function parseJoinRequest(octets: Uint8Array): JoinRequest {
  requireLength(octets, 'join-request', 23);
  return {
    type: 'join-request',
    octets,
    joinEui: eui64FromLittleEndian(octets.subarray(1, 9)),
    devEui: eui64FromLittleEndian(octets.subarray(9, 17)),
    devNonce: readLittleEndian(octets, 17, 2),
    mic: micOf(octets),
  };
}

function parseData(octets: Uint8Array): DataFrameCommon & { confirmed: boolean } {
  if (octets.length < MIN_DATA_FRAME_OCTETS) {
    throw new PeerError('phy-length', `a data frame of ${octets.length} octets`);
  }
  const end = octets.length - MIC_OCTETS;
  const fOptsEnd = 8 + ((octets[5] ?? 0) & 15);
  if (fOptsEnd > end) throw new PeerError('phy-fopts-length', 'FOptsLen reaches beyond the end of the frame');
  const fPort = fOptsEnd < end ? octets[fOptsEnd] : undefined;
  if (fPort === 0 && fOptsEnd > 8) {
    throw new PeerError('phy-fport0-fopts', 'MAC commands both in FOpts and under FPort 0');
  }
  return {
    type: 'data',
    octets,
    confirmed: false,
    devAddr: readLittleEndian(octets, 1, 4),
    fCnt16: readLittleEndian(octets, 6, 2),
    fOpts: octets.slice(8, fOptsEnd),
    ...(fPort === undefined ? {} : { fPort }),
    frmPayload: octets.slice(fPort === undefined ? end : fOptsEnd + 1, end),
    mic: micOf(octets),
  };
}

function parseRejoinRequest(octets: Uint8Array): RejoinRequest {
  const rejoinType = octets[1];
  switch (rejoinType) {
    case 0:
    case 2:
      requireLength(octets, 'rejoin-request', 19);
      return {
        type: 'rejoin-request',
        octets,
        rejoinType,
        netId: readLittleEndian(octets, 2, 3),
        devEui: eui64FromLittleEndian(octets.subarray(5, 13)),
        rjCount: readLittleEndian(octets, 13, 2),
        mic: micOf(octets),
      };
    case 1:
      requireLength(octets, 'rejoin-request', 24);
      return {
        type: 'rejoin-request',
        octets,
        rejoinType,
        joinEui: eui64FromLittleEndian(octets.subarray(2, 10)),
        devEui: eui64FromLittleEndian(octets.subarray(10, 18)),
        rjCount: readLittleEndian(octets, 18, 2),
        mic: micOf(octets),
      };
    case undefined:
      throw new PeerError('phy-length', 'a rejoin-request of one octet');
    default:
      throw new PeerError('phy-rejoin-type', `rejoin-request of type ${rejoinType}`);
  }
}

function requireLength(octets: Uint8Array, what: string, ...lengths: readonly number[]): void {
  if (!lengths.includes(octets.length)) throw new PeerError('phy-length', `a ${what} of ${octets.length} octets`);
}

function micOf(octets: Uint8Array): Uint8Array {
  return octets.slice(octets.length - MIC_OCTETS);
}
