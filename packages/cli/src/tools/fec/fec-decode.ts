import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { FragmentDecoder, type RowRule } from '@airlift/applayer';
import { sameOctets } from '@airlift/kernel';
import type { ToolPorts } from '../ports.ts';
import { linesOf } from '../read-input.ts';
import { InputError, UsageError } from '../tool-error.ts';
import { contradictionOf } from './contradiction.ts';
import { fragmentOfLine } from './fragment-line.ts';
import { writeWhole } from './write-whole.ts';

/** What `fec decode` can be told. */
export interface FecDecodeOptions {
  readonly nbFrag: number;
  readonly fragSize: number;
  readonly padding: number;
  readonly rule: RowRule;
  readonly out: string;
  readonly json?: true;
}

/** `airlift fec decode`. */
export async function fecDecode(file: string | undefined, options: FecDecodeOptions, ports: ToolPorts): Promise<void> {
  const { nbFrag, fragSize, padding, rule, out } = options;
  if (padding >= fragSize) throw new UsageError(`--padding ${padding} is not less than --frag-size ${fragSize}`);
  if (out === '-') throw new UsageError('--out needs the name of a file');
  // What fills the last fragment is the sender's business, so it takes part in decoding and is cut off afterwards.
  const decoder = new FragmentDecoder({ nbFrag, fragSize, padding: 0, rule });
  const pieces = file === undefined || file === '-' ? ports.stdin() : createReadStream(file);
  const { fragments, used } = await receiveAll(pieces as AsyncIterable<Uint8Array>, decoder);
  if (!decoder.complete) {
    throw new InputError(
      `incomplete: ${decoder.missing} more fragments are needed (${fragments.size} different ones read, rank ${decoder.rank} of ${nbFrag})`,
    );
  }
  const padded = decoder.block();
  const wrong = contradictionOf(padded, fragments, { fragSize, rule });
  if (wrong !== undefined) {
    throw new InputError(
      `fragment ${wrong} does not fit the others: the rule is not ${rule}, or a fragment is damaged`,
    );
  }
  const block = padded.subarray(0, padded.length - padding);
  await writeWhole(out, block);
  await ports.write(resultText(resultOf(block, { nbFrag, fragments, used }), options.json === true));
}

interface Received {
  /** By N. */
  readonly fragments: ReadonlyMap<number, Uint8Array>;
  /** How many different fragments had come when the block was complete. */
  readonly used: number;
}

async function receiveAll(pieces: AsyncIterable<Uint8Array>, decoder: FragmentDecoder): Promise<Received> {
  const fragments = new Map<number, Uint8Array>();
  let used = 0;
  let lineNumber = 0;
  for await (const line of linesOf(pieces)) {
    lineNumber += 1;
    const read = fragmentOfLine(line, lineNumber, decoder.fragSize);
    if (read === undefined) continue;
    const known = fragments.get(read.n);
    if (known === undefined) {
      fragments.set(read.n, read.fragment);
      if (!decoder.complete) used += 1;
      decoder.receive(read.n, read.fragment);
    } else if (!sameOctets(known, read.fragment)) {
      throw new InputError(`line ${lineNumber}: fragment ${read.n} was different before`);
    }
  }
  return { fragments, used };
}

interface Result {
  readonly received: number;
  readonly used: number;
  /** Plain fragments that were not there and had to be reconstructed. */
  readonly missing: number;
  readonly octets: number;
  readonly sha256: string;
}

function resultOf(block: Uint8Array, { nbFrag, fragments, used }: Received & { readonly nbFrag: number }): Result {
  const plain = [...fragments.keys()].filter((n) => n <= nbFrag).length;
  return {
    received: fragments.size,
    used,
    missing: nbFrag - plain,
    octets: block.length,
    sha256: createHash('sha256').update(block).digest('hex'),
  };
}

function resultText(result: Result, json: boolean): string {
  if (json) return `${JSON.stringify(result)}\n`;
  const parts = Object.entries(result).map(([name, value]) => `${name}=${value}`);
  return `${parts.join(' ')}\n`;
}
