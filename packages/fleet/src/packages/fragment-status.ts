import type { FragmentationBehaviour } from '../behaviour/device-behaviour.ts';
import type { FragmentDecoder } from '../fragments/fragment-decoder.ts';

/** What stacks remember for their status answers besides the decoder. */
export interface StatusMemory {
  /** Number of the last fragment that the decoder was given; a new session does not reset it everywhere. */
  lastHeard: number;
  /** DataFragments since the last setup, of whatever session. */
  everHeard: number;
  /** NbFrag of the last setup. */
  announced: number;
  /** The memory bit. */
  memoryBit: boolean;
}

/** The counts of a status answer, before they are cut to the width of their fields. */
export interface StatusCounts {
  readonly received: number;
  readonly missing: number;
}

const MOST_RECEIVED = 0x3fff;

/** The counts of FragSessionStatusAns as each stack makes them. */
export function statusCounts(
  habit: FragmentationBehaviour['status'],
  decoder: FragmentDecoder | undefined,
  memory: StatusMemory,
): StatusCounts {
  switch (habit) {
    case 'counted':
      return {
        received: Math.min(decoder?.heard ?? 0, MOST_RECEIVED),
        missing: Math.min(decoder?.missing ?? 0, 255),
      };
    case 'last-number':
      return { received: memory.lastHeard & MOST_RECEIVED, missing: (decoder?.plainLost ?? 0) & 255 };
    case 'last-number-minus-lost': {
      const lost = decoder?.plainLost ?? 0;
      const isLossless = decoder?.complete === true && lost === 0;
      const missing = isLossless ? 1 : (decoder?.missing ?? 0);
      const last = decoder === undefined || decoder.heard === 0 ? 0 : memory.lastHeard;
      return { received: (last - lost) & MOST_RECEIVED, missing: missing & 255 };
    }
    case 'every-fragment':
      return {
        received: memory.everHeard & MOST_RECEIVED,
        missing: Math.min(Math.max(memory.announced - memory.everHeard, 0), 255),
      };
  }
}
