import type { Choices } from '@airlift/wire';
import fc, { type Arbitrary, type GeneratorValue } from 'fast-check';

/** Lets fast-check make (and shrink) the choices from which `drawFields` builds a command. */
export function choicesOf(gen: GeneratorValue): Choices {
  return {
    integer: (min, max) => gen(fc.integer, { min, max }),
    octets: (length) => gen(fc.uint8Array as () => Arbitrary<Uint8Array>, ...lengthArguments(length)),
  };
}

function lengthArguments(length: number): [] {
  // fc.gen() types the arguments of overloaded arbitraries too narrowly.
  return [{ minLength: length, maxLength: length }] as unknown as [];
}
