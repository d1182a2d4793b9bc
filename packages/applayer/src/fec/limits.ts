import { CallerError } from '@airlift/kernel';

/**
 * The three ways in which the field draws the coefficients of a parity fragment (TS004, FragAlgo 0). They share
 * the generator and differ in what a repeated draw counts for and in the number that seeds the generator:
 * - `v1`: repeats count as drawn; seeded with k, the place of the fragment among the parity fragments (TS004-1.0.0);
 * - `v2r`: repeats are drawn again; seeded with k (every shipping open stack that says "version 2");
 * - `v2a`: repeats are drawn again; seeded with N = NbFrag + k (the text of TS004-2.0.0).
 *
 * A device with another rule than its server finishes with wrong data and does not notice.
 */
export type RowRule = 'v1' | 'v2r' | 'v2a';

/** All row rules, for choices and tests. */
export const ROW_RULES: readonly RowRule[] = ['v1', 'v2r', 'v2a'];

/** Largest index N of a coded fragment: the field Index&N of DataFragment has 14 bits for it (TS004, command 0x08). */
export const MAX_FRAGMENT_INDEX = 16_383;

/** Largest FragSize in octets: one octet of FragSessionSetupReq (TS004, command 0x02). */
export const MAX_FRAG_SIZE = 255;

/** @throws CallerError `frag-size-invalid` unless an integer in 1 .. 255 */
export function checkFragSize(fragSize: number): void {
  if (!Number.isInteger(fragSize) || fragSize < 1 || fragSize > MAX_FRAG_SIZE) {
    throw new CallerError('frag-size-invalid', `FragSize is 1 .. ${MAX_FRAG_SIZE} octets, not ${fragSize}`);
  }
}

/** @throws CallerError `nb-frag-invalid` unless a positive integer, `nb-frag-too-large` above 16383 */
export function checkNbFrag(nbFrag: number): void {
  if (!Number.isInteger(nbFrag) || nbFrag < 1) {
    throw new CallerError('nb-frag-invalid', `NbFrag is a positive integer, not ${nbFrag}`);
  }
  if (nbFrag > MAX_FRAGMENT_INDEX) {
    throw new CallerError('nb-frag-too-large', `${nbFrag} fragments: no index above ${MAX_FRAGMENT_INDEX} exists`);
  }
}

/** @throws CallerError `row-rule-invalid` unless one of the three rules */
export function checkRowRule(rule: string): asserts rule is RowRule {
  if (!(ROW_RULES as readonly string[]).includes(rule)) {
    throw new CallerError('row-rule-invalid', `row rule ${JSON.stringify(rule)} is none of ${ROW_RULES.join(', ')}`);
  }
}

/** @throws CallerError `fragment-index-invalid` unless an integer in `lowest` .. 16383 */
export function checkFragmentIndex(index: number, lowest = 1): void {
  if (!Number.isInteger(index) || index < lowest || index > MAX_FRAGMENT_INDEX) {
    throw new CallerError(
      'fragment-index-invalid',
      `fragment index is ${lowest} .. ${MAX_FRAGMENT_INDEX}, not ${index}`,
    );
  }
}
