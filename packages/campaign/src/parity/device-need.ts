import { doneBy, type Lack } from '../evidence/completion-chance.ts';
import type { Finding } from '../evidence/finding.ts';

/** What a device needs of the frames that are still to be sent, or `nothing`. */
export type DeviceNeed =
  | {
      readonly kind: 'parity';
      readonly lack: Lack;
      /** What it says proves completion only when so many fragments went by after it; 0 for most stacks. */
      readonly provedAfter: number;
      /** It was not done before this number. */
      readonly notDoneBefore: number;
      /** Number sent without that the device took it, for stacks that tell the last one. */
      readonly quietSince: number | undefined;
    }
  /** More fragments do not change what it can prove from this number on. */
  | { readonly kind: 'proof'; readonly from: number }
  | { readonly kind: 'nothing' };

const NOTHING: DeviceNeed = { kind: 'nothing' };
/** No device is taken to lose more: it would hold up all others. */
const WORST_LOSS = 0.95;

/** A device that can prove nothing is given so many at a time, lest it be asked after each. */
const WITHOUT_PROOF = 4;

/** What a finding asks for. @param fleetLoss share of lost fragments where the device itself has not told */
export function needOf(found: Finding | undefined, nbFrag: number, fleetLoss: number): DeviceNeed {
  const plain = (lack: Lack): DeviceNeed => ({
    kind: 'parity',
    lack,
    provedAfter: 0,
    notDoneBefore: 0,
    quietSince: undefined,
  });
  if (found === undefined) return plain({ from: 0, missing: nbFrag, loss: fleetLoss });
  switch (found.kind) {
    case 'complete':
    case 'corrupt':
    case 'no-session':
    case 'impossible':
      return NOTHING;
    case 'incomplete':
    case 'undecided':
      break;
  }
  if (found.kind === 'incomplete' && found.memory === 'exhausted') return NOTHING;
  if (found.kind === 'undecided' && found.isSettled) return NOTHING;
  const { at, missing, lossRate, losses } = found.reception;
  const loss = Math.min(WORST_LOSS, lossRate ?? fleetLoss);
  if (losses !== undefined) {
    return {
      kind: 'parity',
      lack: { from: Math.min(nbFrag, losses.lastNumber), missing: losses.plain, loss },
      provedAfter: losses.tellingRun,
      notDoneBefore: losses.lastNumber,
      quietSince: at,
    };
  }
  if (found.kind === 'undecided' && found.provableFrom !== undefined)
    return { kind: 'proof', from: found.provableFrom };
  const least = found.kind === 'undecided' ? WITHOUT_PROOF : 1;
  return plain({ from: at, missing: Math.max(least, missing.likely), loss });
}

/** Below this chance that a device is still at it, its estimate was wrong: it is taken to lack two more. */
const ESTIMATE_FAILED = 1e-4;

/** Probability that the device can be known to be done once number `upTo` is sent. */
export function provedBy(need: DeviceNeed, upTo: number, nbFrag: number): number {
  if (need.kind === 'nothing') return 1;
  if (need.kind === 'proof') return upTo >= need.from ? 1 : 0;
  const { lack, provedAfter, notDoneBefore, quietSince } = need;
  const by = upTo - provedAfter;
  if (quietSince === undefined) return doneBy(lack, by, nbFrag);
  const before = doneBy(lack, notDoneBefore - 1, nbFrag);
  const open = 1 - before;
  const isOff = open < ESTIMATE_FAILED;
  const restart = { from: notDoneBefore, missing: 2, loss: lack.loss };
  const atLast = isOff ? 0 : (doneBy(lack, notDoneBefore, nbFrag) - before) / open;
  const later = isOff ? doneBy(restart, by, nbFrag) : (doneBy(lack, by, nbFrag) - before) / open;
  // The longer it has not taken a fragment, the likelier it was done with the last one.
  const missedAll = lack.loss ** Math.max(0, quietSince - notDoneBefore);
  const done = atLast / Math.max(1e-12, atLast + (1 - atLast) * missedAll);
  const proved = by >= notDoneBefore ? done : 0;
  const rest = 1 - atLast <= 0 ? 1 : Math.max(0, (later - atLast) / (1 - atLast));
  return Math.min(1, proved + (1 - done) * rest);
}
