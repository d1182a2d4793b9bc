import { readFile } from 'node:fs/promises';
import { fromHex } from '@airlift/kernel';
import type { ToolPorts } from './ports.ts';
import { InputError } from './tool-error.ts';

/** The text that an argument stands for: itself, the file after `@`, or the standard input for `-` and for nothing. */
export async function readText(argument: string | undefined, ports: ToolPorts): Promise<string> {
  if (argument === undefined || argument === '-') return readStdin(ports);
  return argument.startsWith('@') ? readFile(argument.slice(1), 'utf8') : argument;
}

async function readStdin(ports: ToolPorts): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const octets of ports.stdin()) text += decoder.decode(octets, { stream: true });
  return text + decoder.decode();
}

/**
 * The octets of one line of hexadecimal text; a leading `0x` and gaps between octets do not matter.
 * @throws InputError when it is none, or empty
 */
export function octetsOf(text: string): Uint8Array {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length > 1) throw new InputError('one frame at a time: there are several lines');
  const digits = (lines[0] ?? '').replace(/[\s:-]/g, '').replace(/^0x/i, '');
  if (digits === '') throw new InputError('there are no octets to read');
  if (!/^[0-9a-f]*$/i.test(digits)) throw new InputError('not hexadecimal text');
  if (digits.length % 2 !== 0) throw new InputError(`${digits.length} hexadecimal digits are no whole octets`);
  return fromHex(digits);
}

/** @throws InputError when the text is no JSON */
export function jsonOf(text: string): unknown {
  if (text.trim() === '') throw new InputError('there is no JSON to read');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError(`not JSON: ${(error as Error).message}`);
  }
}

/** The lines of a text that arrives in pieces, without their ends. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
