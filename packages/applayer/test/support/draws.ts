import type { Choices } from '@airlift/wire';
import fc, { type Arbitrary, type GeneratorValue } from 'fast-check';

/** Lets fast-check make (and shrink) the choices from which `drawFields` builds a command. */
export function choicesOf(gen: GeneratorValue): Choices {
  return {
    integer: (min, max) => gen(fc.integer, { min, max }),
    octets: (length) => gen(octetsOf, length),
  };
}

function octetsOf(length: number): Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}
