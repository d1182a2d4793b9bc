import { InvalidArgumentError } from 'commander';

/** Reads a number within limits, written in decimal. */
export function numberOption(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) throw new InvalidArgumentError(`A number in ${min}..${max} is wanted.`);
    return value;
  };
}
