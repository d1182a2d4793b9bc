/** Probability with which all devices shall complete. */
export const WANTED_SUCCESS = 0.99;

/**
 * The fewest parity fragments with which `devices` devices, each losing every frame with probability `loss`, all
 * complete with the probability wanted. A random binary code needs more than e fragments beyond the lost ones with a
 * probability of about 2^-e; a device that loses no plain fragment needs none.
 * @returns undefined when `most` are not enough
 */
export function parityFor(nbFrag: number, loss: number, devices: number, most: number): number | undefined {
  if (loss === 0) return 0;
  const allowed = -Math.expm1(Math.log(WANTED_SUCCESS) / devices);
  const logFactorials = logFactorialsUpTo(nbFrag + most);
  const fails = (parity: number): boolean => failure(nbFrag, parity, loss, logFactorials) > allowed;
  if (fails(most)) return undefined;
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fails(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Probability that one device does not complete. */
function failure(nbFrag: number, parity: number, loss: number, logFactorials: Float64Array): number {
  const sent = nbFrag + parity;
  const anyLoss = binomialMean(sent, 1 - loss, logFactorials, (received) => lack(received - nbFrag));
  // With all plain fragments there, however many parity fragments came, nothing is lacking.
  const noLoss = (1 - loss) ** nbFrag * binomialMean(parity, 1 - loss, logFactorials, lack);
  return Math.max(0, anyLoss - noLoss);
}

function lack(surplus: number): number {
  return surplus < 0 ? 1 : 2 ** -surplus;
}

/** The mean of `value` over the number of successes among `count` trials. */
function binomialMean(
  count: number,
  success: number,
  logFactorials: Float64Array,
  value: (successes: number) => number,
): number {
  const logSuccess = Math.log(success);
  const logFailure = Math.log1p(-success);
  const at = (i: number): number => logFactorials[i] ?? 0;
  let mean = 0;
  for (let k = 0; k <= count; k++) {
    const logOf = at(count) - at(k) - at(count - k) + k * logSuccess + (count - k) * logFailure;
    mean += Math.exp(logOf) * value(k);
  }
  return mean;
}

function logFactorialsUpTo(most: number): Float64Array {
  const table = new Float64Array(most + 1);
  for (let i = 2; i <= most; i++) table[i] = (table[i - 1] ?? 0) + Math.log(i);
  return table;
}
