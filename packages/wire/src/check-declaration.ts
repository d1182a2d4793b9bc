import { BugError } from '@airlift/kernel';
import { fieldsOfPart, type Part } from './field.ts';

/**
 * Refuses declarations that cannot be meant.
 * @throws BugError when bit groups do not fill whole octets, names repeat, or a condition names no earlier field
 */
export function checkDeclaration(name: string, parts: readonly Part[]): void {
  const earlier = new Set<string>();
  let offset = 0;
  const refer = (to: string): void => {
    if (!earlier.has(to)) throw new BugError(`${name}: no earlier field ${to}`);
  };
  for (const part of parts) {
    if (part.shape === 'rfu') {
      offset += part.bitLength;
      continue;
    }
    if (part.shape === 'when' && part.condition.kind !== 'remaining') refer(part.condition.field);
    for (const field of fieldsOfPart(part)) {
      const whole = field.bitLength === undefined || field.bitLength % 8 === 0;
      if (whole && offset % 8 !== 0) throw new BugError(`${name}.${field.name} does not start on an octet`);
      if (earlier.has(field.name)) throw new BugError(`${name} has two fields ${field.name}`);
      if (field.domain.kind === 'records') {
        refer('countIn' in field.domain.count ? field.domain.count.countIn : field.domain.count.bitsSetIn);
      }
      earlier.add(field.name);
      offset += field.bitLength ?? 0;
    }
  }
  if (offset % 8 !== 0) throw new BugError(`${name} does not end on an octet`);
}
