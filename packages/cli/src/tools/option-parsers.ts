import { InvalidArgumentError } from 'commander';

const INTEGER = /^(?:\d+|0x[0-9a-f]+)$/i;
const KEY = /^[0-9a-f]{32}$/i;

/** Reads an integer within limits, decimal or with `0x`. */
export function integerOption(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = INTEGER.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new InvalidArgumentError(`An integer in ${min}..${max} is wanted.`);
    return value;
  };
}

/** Reads a probability below 1. */
export function lossOption(text: string): number {
  const value = /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0 && value <= 0.95)) throw new InvalidArgumentError('A part of the whole is wanted, 0 to 0.95.');
  return value;
}

/** Reads an AES-128 key: 32 hexadecimal digits in the order of the octets; stays text. */
export function keyOption(text: string): string {
  if (!KEY.test(text)) throw new InvalidArgumentError('A key is written as 32 hexadecimal digits.');
  return text;
}

/** Reads one of a few words, in any case; `words` says what each of them means. */
export function wordOption<T extends string>(words: Readonly<Record<string, T>>): (text: string) => T {
  return (text) => {
    const meaning = Object.hasOwn(words, text.toLowerCase()) ? words[text.toLowerCase()] : undefined;
    if (meaning === undefined) throw new InvalidArgumentError(`One of ${Object.keys(words).join(', ')} is wanted.`);
    return meaning;
  };
}
