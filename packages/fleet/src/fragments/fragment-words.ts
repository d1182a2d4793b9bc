/** The octets of a fragment as 32-bit words, the last one filled up with zeros: sums are four times as fast. */
export type FragmentWords = Int32Array;

/** As many words as `octetCount` octets need. */
export function emptyWords(octetCount: number): FragmentWords {
  return new Int32Array((octetCount + 3) >> 2);
}

/** A copy of `octets` as words; what is missing to `octetCount` octets stays zero. */
export function wordsOf(octets: Uint8Array, octetCount: number): FragmentWords {
  const words = emptyWords(octetCount);
  octetsOf(words, octetCount).set(octets.subarray(0, octetCount));
  return words;
}

/** The octets behind the words, not a copy. */
export function octetsOf(words: FragmentWords, octetCount: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, octetCount);
}

/** Adds (exclusive or) `term` to `sum`. */
export function addWords(sum: FragmentWords, term: FragmentWords): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) ^ (term[i] ?? 0);
}

/** Adds many terms; four at a time, so that the sum is read and written a quarter as often. */
export function addAllWords(sum: FragmentWords, terms: readonly FragmentWords[]): void {
  let at = 0;
  for (; at + 4 <= terms.length; at += 4) addFourWords(sum, terms, at);
  for (const term of terms.slice(at)) addWords(sum, term);
}

function addFourWords(sum: FragmentWords, terms: readonly FragmentWords[], at: number): void {
  const a = terms[at] ?? sum;
  const b = terms[at + 1] ?? sum;
  const c = terms[at + 2] ?? sum;
  const d = terms[at + 3] ?? sum;
  for (let i = 0; i < sum.length; i++) {
    sum[i] = (sum[i] ?? 0) ^ (a[i] ?? 0) ^ (b[i] ?? 0) ^ (c[i] ?? 0) ^ (d[i] ?? 0);
  }
}
