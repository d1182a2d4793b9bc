import { FragmentEncoder, type RowRule } from '@airlift/applayer';
import { sameOctets } from '@airlift/kernel';

/** Parity fragments made anew at a time. */
const BATCH = 256;

/**
 * The first received fragment that the decoded block would not have produced; undefined when all agree. Every fragment
 * beyond the necessary ones makes a wrong rule or a damaged fragment known, which decoding alone never notices.
 * @param padded the whole plain fragments
 */
export function contradictionOf(
  padded: Uint8Array,
  fragments: ReadonlyMap<number, Uint8Array>,
  session: { readonly fragSize: number; readonly rule: RowRule },
): number | undefined {
  const encoder = new FragmentEncoder({ block: padded, ...session });
  const numbers = [...fragments.keys()].sort((a, b) => a - b);
  const differs = (n: number, made: Uint8Array): boolean => {
    const received = fragments.get(n);
    return received !== undefined && !sameOctets(received, made);
  };
  const plain = numbers.find((n) => n <= encoder.nbFrag && differs(n, encoder.fragment(n)));
  if (plain !== undefined) return plain;
  const parity = numbers.filter((n) => n > encoder.nbFrag);
  for (let i = 0; i < parity.length; ) {
    const from = parity[i] ?? 0;
    const within = parity.slice(i, i + BATCH).filter((n) => n < from + BATCH);
    const made = encoder.parity(from, (within.at(-1) ?? from) - from + 1);
    const wrong = within.find((n) => differs(n, made[n - from] ?? new Uint8Array(0)));
    if (wrong !== undefined) return wrong;
    i += within.length;
  }
  return undefined;
}
