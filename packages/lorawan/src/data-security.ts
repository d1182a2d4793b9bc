import { timingSafeEqual } from 'node:crypto';
import { concatOctets } from '@airlift/kernel';
import { AES_BLOCK_OCTETS, aesCmac, aesEncryptBlock } from './crypto.ts';
import type { FrameIdentity } from './fctrl.ts';
import type { SessionKeys, SessionKeys11 } from './frame-keys.ts';
import { MIC_OCTETS } from './phy-payload.ts';

/** What an uplink of LoRaWAN 1.1 was sent with: both numbers enter its integrity code (block B1). */
export interface UplinkRadio {
  /** Data-rate index. */
  readonly txDr: number;
  /** Index of the channel in the device's own list. */
  readonly txCh: number;
}

/**
 * How FOpts are encrypted in LoRaWAN 1.1: `erratum` as corrected (and in 1.1.1), `original` as the text of 1.1.0 had it.
 * Both are in the field; section C.6.
 */
export type FOptsForm = 'erratum' | 'original';

/** Block B0 of section 4.4; `confFCnt` is 0 save in 1.1 downlinks that acknowledge. `length` counts octets before the MIC. */
export function blockB0(frame: FrameIdentity, length: number, confFCnt: number): Uint8Array {
  return identityBlock(0x49, confFCnt & 0xffff, 0, 0, frame, length);
}

/** Block B1 of LoRaWAN 1.1 section 4.4.2, uplinks only. */
export function blockB1(frame: FrameIdentity, length: number, confFCnt: number, radio: UplinkRadio): Uint8Array {
  return identityBlock(0x49, confFCnt & 0xffff, radio.txDr, radio.txCh, frame, length);
}

function identityBlock(
  first: number,
  next: number,
  third: number,
  fourth: number,
  frame: FrameIdentity,
  last: number,
): Uint8Array {
  const block = new Uint8Array(AES_BLOCK_OCTETS);
  putIdentity(block, first, next, third, fourth, frame, last);
  return block;
}

/** Writes what all blocks have in common to the beginning of `target`: numbers of several octets with the lowest first. */
function putIdentity(
  target: Uint8Array,
  first: number,
  next: number,
  third: number,
  fourth: number,
  { direction, devAddr, fCnt }: FrameIdentity,
  last: number,
): void {
  target[0] = first;
  target[1] = next;
  target[2] = next >> 8;
  target[3] = third;
  target[4] = fourth;
  target[5] = direction === 'up' ? 0 : 1;
  for (let i = 0; i < 4; i++) {
    target[6 + i] = devAddr >>> (8 * i);
    target[10 + i] = fCnt >>> (8 * i);
  }
  target[14] = 0;
  target[15] = last;
}

function cmacOver(key: Uint8Array, block: Uint8Array, message: Uint8Array): Uint8Array {
  return aesCmac(key, concatOctets(block, message)).subarray(0, MIC_OCTETS);
}

/**
 * The code under one key and block B0: all of a 1.0 code in either direction, all of a 1.1 downlink's, and the half
 * that a 1.1 uplink carries in its octets 2 and 3.
 */
export function singleKeyMic(key: Uint8Array, frame: FrameIdentity, message: Uint8Array, confFCnt: number): Uint8Array {
  return cmacOver(key, blockB0(frame, message.length, confFCnt), message);
}

/** The two-key code of a 1.1 uplink: two octets of the serving half, then two of the forwarding half. */
export function twoKeyMic(
  keys: SessionKeys11,
  frame: FrameIdentity,
  message: Uint8Array,
  confFCnt: number,
  radio: UplinkRadio,
): Uint8Array {
  const serving = cmacOver(keys.sNwkSIntKey, blockB1(frame, message.length, confFCnt, radio), message);
  const forwarding = singleKeyMic(keys.fNwkSIntKey, frame, message, 0);
  return concatOctets(serving.subarray(0, 2), forwarding.subarray(0, 2));
}

/** Whether two integrity codes (or halves) are equal, in a time that tells nothing about where they differ. */
export function sameMic(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Encrypts or decrypts FRMPayload (section 4.3.3): the operation is its own inverse. `fPort` selects the key. */
export function cryptFrmPayload(
  keys: SessionKeys,
  frame: FrameIdentity,
  fPort: number,
  payload: Uint8Array,
): Uint8Array {
  const networkKey = keys.macVersion === '1.0' ? keys.nwkSKey : keys.nwkSEncKey;
  return cryptWith(fPort === 0 ? networkKey : keys.appSKey, frame, payload);
}

function cryptWith(key: Uint8Array, frame: FrameIdentity, payload: Uint8Array): Uint8Array {
  const blockCount = Math.ceil(payload.length / AES_BLOCK_OCTETS);
  const blocks = new Uint8Array(blockCount * AES_BLOCK_OCTETS);
  putIdentity(blocks, 0x01, 0, 0, 0, frame, 1);
  for (let i = 1; i < blockCount; i++) {
    blocks.copyWithin(i * AES_BLOCK_OCTETS, 0, AES_BLOCK_OCTETS);
    blocks[(i + 1) * AES_BLOCK_OCTETS - 1] = i + 1;
  }
  return xor(payload, aesEncryptBlock(key, blocks));
}

/**
 * Encrypts or decrypts FOpts of LoRaWAN 1.1 (section 4.3.1.6). A downlink with FPort above 0 counts in AFCntDown, every
 * other one in NFCntDown, and the erratum tells the two apart so that no key stream is used twice.
 */
export function cryptFOpts(
  keys: SessionKeys11,
  frame: FrameIdentity,
  fPort: number | undefined,
  fOpts: Uint8Array,
  form: FOptsForm,
): Uint8Array {
  if (fOpts.length === 0) return fOpts;
  const applicationCounter = frame.direction === 'down' && fPort !== undefined && fPort > 0;
  const counterKind = form === 'original' ? 0 : applicationCounter ? 2 : 1;
  const block = identityBlock(0x01, 0, 0, counterKind, frame, form === 'original' ? 0 : 1);
  return xor(fOpts, aesEncryptBlock(keys.nwkSEncKey, block));
}

function xor(octets: Uint8Array, stream: Uint8Array): Uint8Array {
  const out = new Uint8Array(octets.length);
  for (let i = 0; i < out.length; i++) out[i] = (octets[i] as number) ^ (stream[i] as number);
  return out;
}
