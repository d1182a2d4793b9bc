/** A decoded FragSessionStatusAns of any version. */
export interface StatusAnswer {
  readonly fragIndex: number;
  /** 0..16383, as the device means it. */
  readonly nbFragReceived: number;
  /** 0..255, as the device means it. */
  readonly missingFrag: number;
  /** The device had too little memory for its losses; on some stacks once set for ever. */
  readonly memoryError: boolean;
  /** Version 2 only: the block is complete and its MIC is wrong. */
  readonly micError?: boolean;
}

/** Fragment numbers from `first` to `last`, both included. */
export interface NumberSpan {
  readonly first: number;
  readonly last: number;
}

/**
 * Where the broadcast stood when the device was asked. Fragment numbers count from 1, whatever the device's first index.
 * A question heard late or twice makes the moment uncertain, hence two numbers.
 */
export interface Asking {
  readonly fragIndex: number;
  /** Highest fragment number on the air before the earliest question that this may answer. */
  readonly sentLow: number;
  /** The same before the latest such question. */
  readonly sentHigh: number;
  /** Highest fragment number on the air when the answer came in. */
  readonly sentByAnswer: number;
  /** Fragments that had gone out again under their number by then. */
  readonly repeats?: number;
  /** Numbers that no gateway in reach of the device has sent. */
  readonly unaired?: readonly NumberSpan[];
}

/** An answer of one device in its present fragmentation session. */
export interface HeardAnswer {
  /** `no-session`: version 2, the device knows no session of that index. */
  readonly said: StatusAnswer | 'no-session';
  readonly asked: Asking;
}

/** What the session sends. */
export interface BlockFacts {
  readonly nbFrag: number;
  /**
   * Whether the device may still hold the numbers of an earlier session: some stacks report those until the first
   * fragment of the new one. `possible` unless told otherwise.
   */
  readonly staleNumbers?: 'possible' | 'excluded';
}

/** All fragments sent before the earliest question, repeats counted in. */
export function fragmentsSent({ sentLow, repeats = 0 }: Asking): number {
  return sentLow + repeats;
}

/** As `fragmentsSent`, without those that were not on the air in reach of the device: it came later. */
export function fragmentsInReach({ sentLow, unaired, repeats = 0 }: Asking): number {
  return airedBetween(0, sentLow, unaired) + repeats;
}

/** How many of the numbers above `after`, up to `upTo`, went on the air in reach of the device. */
export function airedBetween(after: number, upTo: number, unaired: readonly NumberSpan[] = []): number {
  let count = Math.max(0, upTo - after);
  for (const { first, last } of unaired) {
    count -= Math.max(0, Math.min(last, upTo) - Math.max(first, after + 1) + 1);
  }
  return Math.max(0, count);
}
