/** What a device that said so lacked at one moment, and how it listens. */
export interface Lack {
  /** Highest number sent at that moment. */
  readonly from: number;
  /** Independent fragments that it lacked then. */
  readonly missing: number;
  /** Share of the fragments that it misses. */
  readonly loss: number;
}

/** Beyond so many surplus fragments a decoder is done for all that matters here. */
const SURELY_DONE = 40;

/** Below this no fragment is lost. */
const NO_LOSS = 1e-9;

/**
 * Probability that a device is done when number `upTo` has been sent: that of the fragments sent since it hears enough,
 * and that they are independent. `nbFrag` matters for tiny blocks only, whose rows have one coefficient or none.
 */
export function doneBy({ from, missing, loss }: Lack, upTo: number, nbFrag: number): number {
  if (missing <= 0) return 1;
  const sent = upTo - from;
  if (sent < missing) return 0;
  const hears = 1 - loss;
  if (hears <= 0) return 0;
  // Whoever hears all plain fragments that were left needs no equations.
  const plainLeft = Math.max(0, nbFrag - from);
  const lossless = missing <= plainLeft && upTo >= nbFrag ? hears ** plainLeft : 0;
  if (loss < NO_LOSS) return lossless > 0 ? 1 : solvedBy(sent, missing, nbFrag);
  const mean = sent * hears;
  const reach = 7 * Math.sqrt(mean * loss) + 8;
  const last = Math.min(sent, Math.floor(mean + reach));
  if (last < missing) return 0;
  const first = Math.max(missing, Math.ceil(mean - reach));
  let chance = binomial(sent, first, hears);
  let sum = 0;
  for (let heard = first; heard <= last; heard++) {
    sum += chance * solvedBy(heard, missing, nbFrag);
    chance *= ((sent - heard) / (heard + 1)) * (hears / loss);
  }
  return Math.min(1, Math.max(lossless, sum));
}

/** Probability that `heard` parity fragments give `missing` independent equations. */
function solvedBy(heard: number, missing: number, nbFrag: number): number {
  if (heard < missing) return 0;
  // A block of one fragment has no parity: the fragment itself is repeated.
  if (nbFrag === 1) return 1;
  if (nbFrag <= 3) return coupons(heard, missing, nbFrag);
  const surplus = heard - missing;
  if (surplus >= SURELY_DONE) return 1;
  let chance = 1;
  for (let i = surplus + 1; i <= Math.min(heard, SURELY_DONE); i++) chance *= 1 - 2 ** -i;
  return chance;
}

/** Rows of one coefficient are copies of plain fragments, drawn at random. */
function coupons(heard: number, missing: number, nbFrag: number): number {
  let chance = 0;
  let choose = 1;
  for (let left = 0; left <= missing; left++) {
    chance += (left % 2 === 0 ? choose : -choose) * (1 - left / nbFrag) ** heard;
    choose = (choose * (missing - left)) / (left + 1);
  }
  return Math.max(0, chance);
}

function binomial(n: number, k: number, p: number): number {
  const log = logFactorial(n) - logFactorial(k) - logFactorial(n - k) + k * Math.log(p) + (n - k) * Math.log1p(-p);
  return Math.exp(log);
}

const LOG_FACTORIALS = [0];

function logFactorial(n: number): number {
  for (let i = LOG_FACTORIALS.length; i <= n; i++) LOG_FACTORIALS.push((LOG_FACTORIALS[i - 1] ?? 0) + Math.log(i));
  return LOG_FACTORIALS[n] ?? 0;
}
