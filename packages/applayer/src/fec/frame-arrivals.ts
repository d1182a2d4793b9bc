/** A binary code lacks more than so many fragments with a probability of 2^-50. */
const MOST_EXTRA = 50;

/** Tells with which probability `wanted` frames have arrived after so many were sent (negative binomial). */
export function frameArrivals(wanted: number, loss: number): (frames: number) => number {
  // In logarithms, since the first may be smaller than any number.
  let log = wanted * Math.log1p(-loss);
  let sum = Math.exp(log);
  const by = [sum];
  return (frames) => {
    const late = frames - wanted;
    if (late < 0) return 0;
    while (by.length <= late) {
      log += Math.log((wanted + by.length - 1) / by.length) + Math.log(loss);
      sum += Math.exp(log);
      by.push(Math.min(1, sum));
    }
    return by[late] ?? 1;
  };
}

/** With which probability a dense random binary code of N fragments needs how many; its rows have the rank of random matrices. */
export function binaryCodeNeeds(fragments: number): readonly { readonly received: number; readonly weight: number }[] {
  return Array.from({ length: MOST_EXTRA }, (_, extra) => ({
    received: fragments + extra,
    weight: suffices(extra) - (extra === 0 ? 0 : suffices(extra - 1)),
  }));
}

/** Probability that so many fragments more than N are enough: the product of 1 - 2^-j over all j above. */
function suffices(extra: number): number {
  let product = 1;
  for (let j = extra + 1; j <= extra + 60; j++) product *= 1 - 2 ** -j;
  return product;
}
