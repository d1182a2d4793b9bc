/** A span of a device's life, in seconds since the fleet was started. */
export interface FaultSpan {
  readonly fromS: number;
  /** Null: for good. */
  readonly untilS: number | null;
}

/**
 * How package answers lie. `swapped-counts`: the two octets of NbFragReceived in the other order; `too-many`: more
 * fragments received than were ever sent; `other-index`: of the next FragIndex; `other-group`: of the next McGroupID.
 */
export type AnswerLie = 'swapped-counts' | 'too-many' | 'other-index' | 'other-group';

/** What a device does wrong, for tests and demonstrations. */
export interface Faults {
  /** Hears no fragment from this number on. */
  readonly deafFromFragment: number | null;
  /** Neither executes nor answers what comes on FPorts 200 and 201, except fragments. */
  readonly silentInSetup: boolean;
  /** Computes a wrong checksum, or a wrong MIC. */
  readonly wrongCrc: boolean;
  /** Has another GenAppKey than it is registered with: keys of groups come out wrong, and every MIC. */
  readonly wrongGenAppKey: boolean;
  /** Probability with which a package answer is not sent at all. */
  readonly answerLoss: number;
  /** Sends no package answer after this many. */
  readonly answersLeft: number | null;
  /** Every package answer comes this much later. Seconds. */
  readonly answersLateS: number;
  /** Sends every package answer a second time after this. Seconds. */
  readonly answersAgainS: number | null;
  readonly lies: readonly AnswerLie[];
  /** Sets the memory bit in every status answer, whatever the memory. */
  readonly memoryBitStuck: boolean;
  /** Is switched on this much later than the rest of the fleet. Seconds. */
  readonly bootsLateS: number;
  /** Resets once, this many seconds after it was switched on: everything but nonces and versions is lost. */
  readonly rebootAtS: number | null;
  /** Resets once, when it hears a fragment with this number or a higher one. */
  readonly rebootAtFragment: number | null;
  /** Out of reach: neither heard nor hearing, while it goes on by itself. */
  readonly outOfReach: FaultSpan | null;
  /** Sends and is not heard, but hears. */
  readonly unheard: FaultSpan | null;
  /** Sends an application uplink this often while a multicast session is open. Seconds. */
  readonly sessionUplinkIntervalS: number | null;
}

/** A device without faults. */
export const FAULTLESS: Faults = {
  deafFromFragment: null,
  silentInSetup: false,
  wrongCrc: false,
  wrongGenAppKey: false,
  answerLoss: 0,
  answersLeft: null,
  answersLateS: 0,
  answersAgainS: null,
  lies: [],
  memoryBitStuck: false,
  bootsLateS: 0,
  rebootAtS: null,
  rebootAtFragment: null,
  outOfReach: null,
  unheard: null,
  sessionUplinkIntervalS: null,
};

/** Whether a span holds at this many milliseconds since the fleet was started. */
export function isWithin(span: FaultSpan | null, sinceStartMs: number): boolean {
  if (span === null || sinceStartMs < span.fromS * 1000) return false;
  return span.untilS === null || sinceStartMs < span.untilS * 1000;
}
