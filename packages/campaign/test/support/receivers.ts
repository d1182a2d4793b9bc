import { type ParityRowCache, RankDecoder } from '@airlift/applayer';
import type { DeviceState, Reception } from '../../src/device-state.ts';

/** Numbers that a stack reports in FragSessionStatusAns. */
type Report = (decoder: RankDecoder, lastNumber: number, plainLost: number) => [received: number, missing: number];

/** How stacks differ in what they report, see `StatusHabits`. */
export const REPORTS = {
  /** The fragments heard, and how many more are needed. */
  rank: (decoder) => [decoder.receivedCount, decoder.missing],
  /** The fragments heard, and the plain ones that are lacking until all are there. */
  plain: (decoder) => [decoder.receivedCount, decoder.complete ? 0 : decoder.missingPlain],
  /** LoRaMac-node: the last number, and the plain ones that were lost, repaired or not. */
  losses: (_decoder, lastNumber, plainLost) => [lastNumber, plainLost & 255],
  /** LoRa Basics Modem: the last number less the losses, and 1 when nothing was lost. */
  modem: (decoder, lastNumber, plainLost) => [
    lastNumber - plainLost,
    decoder.complete ? (plainLost === 0 ? 1 : 0) : decoder.missingPlain,
  ],
  /** Zephyr: the fragments heard, and what NbFrag is beyond them. */
  difference: (decoder) => [decoder.receivedCount, Math.max(0, decoder.nbFrag - decoder.receivedCount)],
} as const satisfies Readonly<Record<string, Report>>;

export type ReportName = keyof typeof REPORTS;

/** A device that hears fragments and says how it stands, as the parity policy sees it. */
export class Receiver {
  readonly #decoder: RankDecoder;
  readonly #report: Report;
  readonly #habits: Pick<Reception, 'countsMissingNow' | 'countsPlainLosses' | 'zeroIsOpen'>;
  #lastNumber = 0;
  #plainLost = 0;
  #reception: Reception | undefined;
  #silentFor = 0;

  /** `isKnown`: an operator said what the device reports. */
  constructor(rows: ParityRowCache, report: ReportName, isKnown: boolean) {
    this.#decoder = new RankDecoder(rows);
    this.#report = REPORTS[report];
    this.#habits = {
      countsMissingNow: isKnown && (report === 'rank' || report === 'plain' || report === 'difference'),
      countsPlainLosses: isKnown && report === 'losses',
      zeroIsOpen: report === 'difference',
    };
  }

  get complete(): boolean {
    return this.#decoder.complete;
  }

  get state(): DeviceState {
    return { kind: 'receiving', reception: this.#reception, silentFor: this.#silentFor };
  }

  hear(number: number): void {
    const { nbFrag } = this.#decoder;
    if (this.#lastNumber < nbFrag) this.#plainLost += Math.min(number, nbFrag + 1) - this.#lastNumber - 1;
    this.#lastNumber = number;
    this.#decoder.receive(number);
  }

  asked(): void {
    this.#silentFor += 1;
  }

  answer(sentByThen: number): Reception {
    const [nbFragReceived, said] = this.#report(this.#decoder, this.#lastNumber, this.#plainLost);
    const missingFrag = Math.min(255, said);
    const before = this.#reception;
    const steadySince = before?.missingFrag === missingFrag ? before.steadySince : sentByThen;
    this.#silentFor = 0;
    this.#reception = {
      nbFragReceived,
      missingFrag,
      sentByThen,
      steadySince,
      ...this.#habits,
    };
    return this.#reception;
  }

  get reception(): Reception | undefined {
    return this.#reception;
  }
}
