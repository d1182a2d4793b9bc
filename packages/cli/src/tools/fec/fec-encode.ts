import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { FragmentEncoder, MAX_FRAGMENT_INDEX, type RowRule } from '@airlift/applayer';
import { concatOctets, toHex } from '@airlift/kernel';
import type { ToolPorts } from '../ports.ts';
import { InputError, UsageError } from '../tool-error.ts';

/** What `fec encode` can be told. */
export interface FecEncodeOptions {
  readonly fragSize: number;
  readonly parity: number;
  readonly rule: RowRule;
  readonly from: number;
  readonly json?: true;
}

/** Fragments computed and printed at a time: enough for the encoder to be fast, few enough to begin at once. */
const BATCH = 256;

/** `airlift fec encode`. */
export async function fecEncode(file: string, options: FecEncodeOptions, ports: ToolPorts): Promise<void> {
  const { fragSize, parity, rule, from, json } = options;
  const block = await readBlock(file === '-' ? ports.stdin() : createReadStream(file), fragSize);
  const encoder = new FragmentEncoder({ block, fragSize, rule });
  const { nbFrag, padding } = encoder;
  const last = nbFrag + parity;
  if (last > MAX_FRAGMENT_INDEX) {
    throw new InputError(
      `${nbFrag} plain fragments leave room for ${encoder.maxParity} parity fragments, not ${parity}`,
    );
  }
  if (from > last) throw new UsageError(`--from ${from} lies beyond the last fragment, ${last}`);
  const sha256 = createHash('sha256').update(block).digest('hex');
  ports.complain(
    json === true
      ? `${JSON.stringify({ nbFrag, fragSize, padding, parity, rule, octets: block.length, sha256 })}\n`
      : `nb-frag=${nbFrag} frag-size=${fragSize} padding=${padding} parity=${parity} rule=${rule} octets=${block.length} sha256=${sha256}\n`,
  );
  for (let start = from; start <= last; start += BATCH) {
    const fragments = fragmentsOf(encoder, start, Math.min(BATCH, last - start + 1));
    await ports.write(fragments.map((fragment, i) => line(start + i, toHex(fragment), json === true)).join(''));
  }
}

/** The whole file, which must be in memory; more than can be sent is not read. */
async function readBlock(pieces: AsyncIterable<unknown>, fragSize: number): Promise<Uint8Array> {
  const largest = fragSize * MAX_FRAGMENT_INDEX;
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    const octets = piece as Uint8Array;
    parts.push(octets);
    length += octets.length;
    if (length > largest) {
      throw new InputError(
        `${MAX_FRAGMENT_INDEX} fragments of ${fragSize} octets hold ${largest} octets; there are more`,
      );
    }
  }
  return concatOctets(...parts);
}

function fragmentsOf(encoder: FragmentEncoder, from: number, count: number): Uint8Array[] {
  const plain = Math.max(0, Math.min(count, encoder.nbFrag - from + 1));
  const fragments = Array.from({ length: plain }, (_, i) => encoder.fragment(from + i));
  return [...fragments, ...encoder.parity(from + plain, count - plain)];
}

function line(n: number, hex: string, json: boolean): string {
  return json ? `{"n":${n},"hex":"${hex}"}\n` : `${n} ${hex}\n`;
}
