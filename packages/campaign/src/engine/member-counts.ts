import type { DeviceState } from '../device/device-state.ts';
import { mayBeListening } from '../device/set-up.ts';

/** How many devices of a session stand where, so that a step need not look at all of them. */
export interface MemberCounts {
  total: number;
  ready: number;
  receiving: number;
  unconfirmed: number;
  awaited: number;
  joining: number;
  between: number;
  unproven: number;
}

/** A device that left so many questions unanswered is not waited for, though it is still asked with the others. */
const SILENT_LIMIT = 12;

export function freshCounts(): MemberCounts {
  return { total: 0, ready: 0, receiving: 0, unconfirmed: 0, awaited: 0, joining: 0, between: 0, unproven: 0 };
}

export function tally(counts: MemberCounts, state: DeviceState, by: 1 | -1): void {
  counts.total += by;
  switch (state.kind) {
    case 'setting-up':
      if (mayBeListening(state)) {
        counts.receiving += by;
        counts.unconfirmed += by;
      } else if (state.isHeard) {
        counts.joining += by;
      }
      return;
    case 'ready':
      counts.ready += by;
      return;
    case 'receiving':
      counts.receiving += by;
      if (state.isUnconfirmed) counts.unconfirmed += by;
      if (state.silentFor > 0 && state.silentFor <= SILENT_LIMIT) counts.awaited += by;
      return;
    case 'between':
      counts.between += by;
      if (state.mayProve) counts.unproven += by;
      return;
    case 'pending':
    case 'held':
    case 'done':
    case 'unverified':
    case 'failed':
    case 'skipped':
      counts.total -= by;
  }
}
