import { crc32 } from 'node:zlib';
import type { Finding } from './finding.ts';

/**
 * What Semtech's FUOTA application, and those of ST and others that follow it, send on the fragmentation port when the
 * block is complete: 0x05 and the CRC-32 (as of zip files) of the file, little-endian.
 */
export interface FileReport {
  readonly crc32: number;
}

const COMMAND = 0x05;
const LENGTH = 5;

/** Reads a file report; undefined when the payload is something else. */
export function readFileReport(payload: Uint8Array): FileReport | undefined {
  if (payload.length !== LENGTH || payload[0] !== COMMAND) return undefined;
  return { crc32: new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(1, true) };
}

/** The values that a right file can report. */
export interface FileChecksums {
  readonly image: number;
  /** With the zero octets that fill the last fragment: some builds do not take the padding away. */
  readonly padded: number;
  /**
   * Of the first octets only, as many as the length modulo 65536 says: Semtech's function takes a length of 16 bits.
   * Undefined for files below 65536 octets.
   */
  readonly beginning: number | undefined;
}

const LENGTH_LIMIT = 0x1_0000;

/** @param paddedLength NbFrag * FragSize, at least the length of the image */
export function fileChecksums(image: Uint8Array, paddedLength: number): FileChecksums {
  const whole = crc32(image);
  return {
    image: whole,
    padded: crc32(new Uint8Array(Math.max(0, paddedLength - image.length)), whole),
    beginning: image.length < LENGTH_LIMIT ? undefined : crc32(image.subarray(0, image.length % LENGTH_LIMIT)),
  };
}

/** What the report says of the image; undefined when it only covers the beginning of the file, which proves nothing. */
export function judgeFileReport(report: FileReport, right: FileChecksums): Finding | undefined {
  if (report.crc32 === right.image || report.crc32 === right.padded) {
    return { kind: 'complete', proof: 'crc32', errorRate: 2 ** -31 };
  }
  return report.crc32 === right.beginning ? undefined : { kind: 'corrupt', by: 'crc32' };
}
