import { type DeviceProfile, type ParityRowCache, profile, RankDecoder } from '@airlift/applayer';
import type { StatusAnswer } from '../../src/evidence/index.ts';

/** What of an earlier session a stack still has in its variables. */
export interface Leftovers {
  readonly lastNumber?: number;
  readonly memoryBit?: boolean;
}

/** A device stack reduced to what it hears and says. */
export interface Stack {
  /** Whether the device holds the right image: the truth, which the server does not see. */
  readonly complete: boolean;
  hear(number: number): void;
  answer(): StatusAnswer;
}

abstract class StackModel implements Stack {
  protected readonly decoder: RankDecoder;
  protected readonly nbFrag: number;
  protected readonly maxLosses: number;

  constructor(rows: ParityRowCache, maxLosses: number) {
    this.decoder = new RankDecoder(rows);
    this.nbFrag = rows.nbFrag;
    this.maxLosses = maxLosses;
  }

  get complete(): boolean {
    return this.decoder.complete;
  }

  abstract hear(number: number): void;
  abstract answer(): StatusAnswer;
}

const said = (nbFragReceived: number, missingFrag: number, memoryError = false): StatusAnswer => ({
  fragIndex: 0,
  nbFragReceived,
  missingFrag,
  memoryError,
});

/** By the text: what it heard and what it still needs, equation by equation. */
class ByTheBook extends StackModel {
  hear(number: number): void {
    this.decoder.receive(number);
  }

  answer(): StatusAnswer {
    return said(this.decoder.receivedCount, Math.min(255, this.decoder.missing));
  }
}

/** By the text as well: recovered is what has been recovered, all at the end. */
class PlainCounting extends ByTheBook {
  override answer(): StatusAnswer {
    return said(this.decoder.receivedCount, this.complete ? 0 : Math.min(255, this.decoder.missingPlain));
  }
}

/** Counts the gaps so far, and nothing that has not been sent. */
class GapCounting extends ByTheBook {
  #last = 0;

  override hear(number: number): void {
    this.#last = Math.max(this.#last, number);
    super.hear(number);
  }

  override answer(): StatusAnswer {
    const gaps = this.complete ? 0 : Math.min(this.#last, this.nbFrag) - (this.nbFrag - this.decoder.missingPlain);
    return said(this.decoder.receivedCount, Math.min(255, Math.max(0, gaps)));
  }
}

/** The last number and the plain losses modulo 256; looks at nothing once it is done. */
export class LastNumber extends StackModel {
  #number: number;
  #heardPlain = 0;
  #lost = 0;
  #bit: boolean;
  #done = false;
  #gaveUp = false;
  readonly #endsAtLastPlain: boolean;

  constructor(rows: ParityRowCache, maxLosses: number, left: Leftovers = {}, endsAtLastPlain = true) {
    super(rows, maxLosses);
    this.#number = left.lastNumber ?? 0;
    this.#bit = left.memoryBit ?? false;
    this.#endsAtLastPlain = endsAtLastPlain;
  }

  override get complete(): boolean {
    return this.decoder.complete && !this.#gaveUp;
  }

  hear(number: number): void {
    if (this.#done) return;
    this.#number = number;
    this.#lost += Math.max(0, Math.min(number, this.nbFrag + 1) - this.#heardPlain - 1);
    this.#heardPlain = Math.max(this.#heardPlain, Math.min(number, this.nbFrag + 1));
    if (number > this.nbFrag && this.#lost > this.maxLosses) {
      this.#bit = true;
      this.#gaveUp = true;
      this.#done = true;
      return;
    }
    this.decoder.receive(number);
    this.#done = this.decoder.complete && (this.#endsAtLastPlain || number > this.nbFrag);
  }

  answer(): StatusAnswer {
    return said(this.#number, this.#lost & 255, this.#bit);
  }
}

/** As above, with the octets of the number swapped. */
class SwappedLastNumber extends LastNumber {
  override answer(): StatusAnswer {
    const honest = super.answer();
    const { nbFragReceived: number } = honest;
    const word = ((number & 0xff) << 8) | (number >> 8);
    return { ...honest, nbFragReceived: word & 0x3fff, fragIndex: word >> 14 };
  }
}

/** The last number less the losses, and exactly what is lacking modulo 256, but 1 after a lossless reception. */
class Modem extends StackModel {
  #number = 0;
  #heardPlain = 0;
  #lost = 0;
  #missing: number;
  #bit = false;
  #done = false;
  readonly #checksMic: boolean;

  constructor(rows: ParityRowCache, maxLosses: number, left: Leftovers = {}, checksMic = false) {
    super(rows, maxLosses);
    this.#number = left.lastNumber ?? 0;
    this.#missing = rows.nbFrag;
    this.#checksMic = checksMic;
  }

  hear(number: number): void {
    if (this.#done) return;
    this.#number = number;
    this.#lost += Math.max(0, Math.min(number, this.nbFrag + 1) - this.#heardPlain - 1);
    this.#heardPlain = Math.max(this.#heardPlain, Math.min(number, this.nbFrag + 1));
    if (number > this.nbFrag && this.#lost > this.maxLosses) {
      this.#bit = true;
      this.#done = true;
      return;
    }
    this.decoder.receive(number);
    this.#done = this.decoder.complete;
    if (!(this.#done && this.#lost === 0)) this.#missing = this.decoder.missing;
  }

  answer(): StatusAnswer {
    const answer = said(this.#number - this.#lost, this.#missing & 255, this.#bit);
    return this.#checksMic ? { ...answer, micError: false } : answer;
  }
}

/** Counts all it hears, for ever, and subtracts that from NbFrag; beyond its tolerance it never ends. */
class HeardCount extends StackModel {
  override get complete(): boolean {
    return this.decoder.complete && !this.#gaveUp;
  }

  #gaveUp = false;

  hear(number: number): void {
    if (number > this.nbFrag && !this.complete && this.decoder.missingPlain > this.maxLosses) this.#gaveUp = true;
    this.decoder.receive(number);
  }

  answer(): StatusAnswer {
    const heard = this.decoder.receivedCount;
    return said(heard, Math.min(255, Math.max(0, this.nbFrag - heard)));
  }
}

export interface StackKind {
  readonly name: string;
  /** The profile that an operator gives such a device. */
  readonly profile: DeviceProfile;
  readonly build: (rows: ParityRowCache, left: Leftovers) => Stack;
}

/** Losses that the builds of most users can mend. */
const PLENTY = 100_000;

export const STACKS: readonly StackKind[] = [
  { name: 'by the book', profile: profile('by-the-book-v1'), build: (rows) => new ByTheBook(rows, PLENTY) },
  { name: 'plain-counting', profile: profile('by-the-book-v1'), build: (rows) => new PlainCounting(rows, PLENTY) },
  { name: 'gap-counting', profile: profile('by-the-book-v1'), build: (rows) => new GapCounting(rows, PLENTY) },
  { name: 'version 2', profile: profile('by-the-book-v2'), build: (rows) => new ByTheBook(rows, PLENTY) },
  { name: 'MultiTech Dot', profile: profile('multitech-dot-4'), build: (rows) => new ByTheBook(rows, 150) },
  { name: 'LoRaMac-node', profile: profile('loramac-node'), build: (rows, left) => new LastNumber(rows, PLENTY, left) },
  {
    name: 'LoRaMac-node, ends with parity',
    profile: profile('loramac-node'),
    build: (rows, left) => new LastNumber(rows, PLENTY, left, false),
  },
  {
    name: 'LoRaMac-node, small memory',
    profile: profile('loramac-node'),
    build: (rows, left) => new LastNumber(rows, 30, left),
  },
  {
    name: 'LoRaMac-node, octets swapped',
    profile: profile('loramac-node'),
    build: (rows, left) => new SwappedLastNumber(rows, PLENTY, left),
  },
  {
    name: 'octets swapped, by the book',
    profile: profile('by-the-book-v1'),
    build: (rows, left) => new SwappedLastNumber(rows, PLENTY, left),
  },
  { name: 'STM32CubeWL 2', profile: profile('stm32cubewl-v2'), build: (rows, left) => new LastNumber(rows, 200, left) },
  { name: 'Basics Modem 1', profile: profile('basics-modem-v1'), build: (rows, left) => new Modem(rows, PLENTY, left) },
  {
    name: 'Basics Modem 2',
    profile: profile('basics-modem-v2'),
    build: (rows, left) => new Modem(rows, PLENTY, left, true),
  },
  {
    name: 'Zephyr',
    profile: profile('zephyr'),
    build: (rows) => new HeardCount(rows, Math.floor(rows.nbFrag * 0.2)),
  },
];
