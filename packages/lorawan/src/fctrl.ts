import type { DevAddr } from './dev-addr.ts';

/** Which way a frame travels; also the `Dir` octet of the cipher blocks: up 0, down 1. */
export type Direction = 'up' | 'down';

/** FCtrl of an uplink (section 4.3.1.1 ff.): what the device says about itself. */
export interface UplinkFCtrl {
  /** The device lets the network choose data rate, power and repetitions. */
  readonly adr: boolean;
  /** The device has heard nothing for long and asks for any downlink. */
  readonly adrAckReq: boolean;
  /** Acknowledges the last confirmed downlink. */
  readonly ack: boolean;
  /** The device has a beacon lock and opens ping slots. */
  readonly classB: boolean;
}

/** FCtrl of a downlink. */
export interface DownlinkFCtrl {
  /** The network is able to control the data rate. */
  readonly adr: boolean;
  /** Acknowledges the confirmed uplink this frame answers. */
  readonly ack: boolean;
  /** More frames are waiting: a class A device should send soon. */
  readonly fPending: boolean;
}

const ADR = 0x80;
const ADR_ACK_REQ = 0x40;
const ACK = 0x20;
const CLASS_B_OR_PENDING = 0x10;

/** Octet of an uplink's FCtrl; `fOptsLength` 0..15. */
export function encodeUplinkFCtrl(fCtrl: Partial<UplinkFCtrl>, fOptsLength: number): number {
  return (
    (fCtrl.adr === true ? ADR : 0) |
    (fCtrl.adrAckReq === true ? ADR_ACK_REQ : 0) |
    (fCtrl.ack === true ? ACK : 0) |
    (fCtrl.classB === true ? CLASS_B_OR_PENDING : 0) |
    fOptsLength
  );
}

/** Octet of a downlink's FCtrl; `fOptsLength` 0..15. */
export function encodeDownlinkFCtrl(fCtrl: Partial<DownlinkFCtrl>, fOptsLength: number): number {
  return (
    (fCtrl.adr === true ? ADR : 0) |
    (fCtrl.ack === true ? ACK : 0) |
    (fCtrl.fPending === true ? CLASS_B_OR_PENDING : 0) |
    fOptsLength
  );
}

/** The flags of an uplink's FCtrl octet. */
export function decodeUplinkFCtrl(octet: number): UplinkFCtrl {
  return {
    adr: (octet & ADR) !== 0,
    adrAckReq: (octet & ADR_ACK_REQ) !== 0,
    ack: (octet & ACK) !== 0,
    classB: (octet & CLASS_B_OR_PENDING) !== 0,
  };
}

/** The flags of a downlink's FCtrl octet. */
export function decodeDownlinkFCtrl(octet: number): DownlinkFCtrl {
  return {
    adr: (octet & ADR) !== 0,
    ack: (octet & ACK) !== 0,
    fPending: (octet & CLASS_B_OR_PENDING) !== 0,
  };
}

/** What identifies a frame to the ciphers: direction, address and the full 32-bit counter. */
export interface FrameIdentity {
  readonly direction: Direction;
  readonly devAddr: DevAddr;
  /** 0 .. 2^32-1, not the 16 bits of the air. */
  readonly fCnt: number;
}
