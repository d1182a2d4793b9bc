import { createCipheriv } from 'node:crypto';

const BLOCK = 16;
const INTEGRITY_KEY = 0x30;
const FIRST_OCTET = 0x49;

/** What FragSessionSetupReq of version 2 says about the block that its MIC covers. */
export interface MicCover {
  readonly sessionCnt: number;
  readonly fragIndex: number;
  /** Four octets in order on air. */
  readonly descriptor: Uint8Array;
}

/**
 * The MIC of a data block (TS004-2.0.0) as a device computes it: four octets in order on air.
 * @param rootKey GenAppKey of a LoRaWAN 1.0.x device
 * @param block without padding
 */
export function blockMic(rootKey: Uint8Array, cover: MicCover, block: Uint8Array): Uint8Array {
  const input = Buffer.alloc(BLOCK);
  input[0] = INTEGRITY_KEY;
  const key = encrypted(rootKey, input);
  const first = Buffer.alloc(BLOCK);
  first[0] = FIRST_OCTET;
  first.writeUInt16LE(cover.sessionCnt, 1);
  first[3] = cover.fragIndex;
  first.set(cover.descriptor.subarray(0, 4), 4);
  first.writeUInt32LE(block.length, 12);
  return cmac(key, Buffer.concat([first, block])).subarray(0, 4);
}

/** AES-CMAC (RFC 4493) by chaining over the whole message: what precedes the last block needs no special treatment. */
function cmac(key: Uint8Array, message: Buffer): Uint8Array {
  const subKey = doubled(encrypted(key, Buffer.alloc(BLOCK)));
  const rest = message.length % BLOCK;
  const isFull = rest === 0 && message.length > 0;
  const padded = isFull ? Buffer.from(message) : Buffer.concat([message, Buffer.alloc(BLOCK - rest)]);
  if (!isFull) padded[message.length] = 0x80;
  const mask = isFull ? subKey : doubled(subKey);
  const last = padded.length - BLOCK;
  for (let i = 0; i < BLOCK; i++) padded[last + i] = (padded[last + i] ?? 0) ^ (mask[i] ?? 0);
  const cipher = createCipheriv('aes-128-cbc', key, Buffer.alloc(BLOCK)).setAutoPadding(false);
  return cipher.update(padded).subarray(-BLOCK);
}

function encrypted(key: Uint8Array, block: Uint8Array): Uint8Array {
  return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block);
}

/** Twice a value of the field that CMAC reckons in: one bit to the left, and 0x87 where a bit falls out. */
function doubled(value: Uint8Array): Uint8Array {
  const out = new Uint8Array(BLOCK);
  for (let i = 0; i < BLOCK; i++) out[i] = (((value[i] ?? 0) << 1) | ((value[i + 1] ?? 0) >> 7)) & 255;
  if (((value[0] ?? 0) & 0x80) !== 0) out[BLOCK - 1] = (out[BLOCK - 1] ?? 0) ^ 0x87;
  return out;
}
