import type { StatusHabits } from './device-profile.ts';

/** The counts of a FragSessionStatusAns. */
export interface StatusCounts {
  /** 0..16383 */
  readonly NbFragReceived: number;
  /** 0..255 */
  readonly MissingFrag: number;
}

/** What the counts say once the device's habits are known. */
export interface StatusReading {
  /** `unknown`: the answer fits a complete block as well as an incomplete one. */
  readonly complete: 'yes' | 'no' | 'unknown';
  /** Fragments that the device certainly still needs. */
  readonly missingAtLeast: number;
  /** Plain fragments lost on the way, when the device reports them; modulo 256 where its count wraps. */
  readonly plainLosses: number | undefined;
}

/**
 * Reads the counts of a status answer as the device means them. Error bits are not looked at: with one of them set the
 * counts do not matter.
 * @param nbFrag number of plain fragments of the session
 */
export function readStatus(habits: StatusHabits, nbFrag: number, counts: StatusCounts): StatusReading {
  const { NbFragReceived: received, MissingFrag: missing } = counts;
  const certain = (missingAtLeast: number): StatusReading => ({
    complete: 'no',
    missingAtLeast,
    plainLosses: undefined,
  });
  const open = { complete: 'unknown', missingAtLeast: 0, plainLosses: undefined } as const;
  const complete = { complete: 'yes', missingAtLeast: 0, plainLosses: undefined } as const;
  // 256 missing fragments look like none where the octet wraps.
  const mayHaveWrapped = habits.overflow === 'modulo-256' && nbFrag > 255;

  switch (habits.missing) {
    case 'missing':
      if (missing > 0) return certain(missing);
      return mayHaveWrapped ? open : complete;
    case 'at-least':
      return missing > 0 ? certain(missing) : open;
    case 'missing-or-one':
      // Counting lost ones out, fewer than NbFrag received means that the end has not been reached.
      if (missing > 1) return certain(missing);
      if (received < nbFrag) return certain(Math.max(1, missing));
      return missing === 1 ? open : complete;
    case 'plain-losses': {
      if (received < nbFrag) return { ...certain(nbFrag - received), plainLosses: missing };
      const lossless = missing === 0 && !mayHaveWrapped;
      return { ...(lossless ? complete : open), plainLosses: mayHaveWrapped && missing === 0 ? undefined : missing };
    }
  }
}
