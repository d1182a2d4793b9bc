import { MAX_FRAGMENT_INDEX } from '@airlift/applayer';
import { fromHex } from '@airlift/kernel';
import { InputError } from '../tool-error.ts';

/** A coded fragment and its number. */
export interface NumberedFragment {
  readonly n: number;
  readonly fragment: Uint8Array;
}

/**
 * Reads `N HEX` or `{"n", "hex"}`; undefined for an empty line and for one that begins with `#`.
 * @throws InputError naming the line
 */
export function fragmentOfLine(line: string, lineNumber: number, fragSize: number): NumberedFragment | undefined {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const { n, hex } = (text.startsWith('{') ? jsonFragment(text) : plainFragment(text)) ?? {};
  if (n === undefined || hex === undefined || !/^(?:[0-9a-f]{2})*$/i.test(hex)) {
    throw new InputError(`line ${lineNumber}: neither "N HEX" nor {"n", "hex"}`);
  }
  if (!Number.isInteger(n) || n < 1 || n > MAX_FRAGMENT_INDEX) {
    throw new InputError(`line ${lineNumber}: fragments have the numbers 1 .. ${MAX_FRAGMENT_INDEX}, not ${n}`);
  }
  const fragment = fromHex(hex);
  if (fragment.length !== fragSize) {
    throw new InputError(`line ${lineNumber}: fragment ${n} has ${fragment.length} octets, not ${fragSize}`);
  }
  return { n, fragment };
}

function plainFragment(text: string): { readonly n: number; readonly hex: string } | undefined {
  const [, n, hex] = /^(\d+)[\s:,;]+([0-9a-f]+)$/i.exec(text) ?? [];
  return n === undefined || hex === undefined ? undefined : { n: Number(n), hex };
}

function jsonFragment(text: string): { readonly n: number; readonly hex: string } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { n, hex } = json as { readonly n?: unknown; readonly hex?: unknown };
  return typeof n === 'number' && typeof hex === 'string' ? { n, hex } : undefined;
}
