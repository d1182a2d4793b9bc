import { frameTimeOnAirMs } from '@airlift/lorawan';
import type { Link } from './link.ts';

/** Octets of a frame beside its application payload, without FOpts. */
export const FRAME_HEAD_OCTETS = 13;

/** Microseconds on the air; always whole ones, which milliseconds as binary fractions only approximate. */
export function airtimeUs({ modulation, direction }: Link, phyOctets: number): number {
  return Math.round(frameTimeOnAirMs(modulation, phyOctets, direction) * 1000);
}
