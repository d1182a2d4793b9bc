import { BugError, unreachable } from '@airlift/kernel';
import type { Command } from './command.ts';
import { holds } from './condition.ts';
import type { Domain, Field, Part } from './field.ts';
import { recordCount } from './fields/records.ts';
import type { Values } from './values.ts';

/** A source of choices: a property-test library, or a random generator. */
export interface Choices {
  /** An integer in `min`..`max`, both included. */
  integer(min: number, max: number): number;
  /** Any octets of that length. */
  octets(length: number): Uint8Array;
}

/** How far `drawFields` goes. */
export interface DrawLimits {
  /** Longest value of a field whose length the frame decides; 242 by default. */
  readonly maxOctets?: number;
}

/** Valid fields of a command, chosen from everything its declaration allows: for property tests and simulators. */
export function drawFields<F>(command: Command<string, F>, choices: Choices, limits: DrawLimits = {}): F {
  const values: Record<string, unknown> = {};
  for (const part of command.parts) drawPart(part, values, choices, limits);
  return values as F;
}

function drawPart(part: Part, values: Record<string, unknown>, choices: Choices, limits: DrawLimits): void {
  switch (part.shape) {
    case 'rfu':
      return;
    case 'field':
      values[part.name] = drawValue(part, values, choices, limits);
      return;
    case 'when': {
      const present =
        part.condition.kind === 'remaining' ? choices.integer(0, 1) === 1 : holds(part.condition, values, 0);
      if (present) for (const field of part.fields) values[field.name] = drawValue(field, values, choices, limits);
      return;
    }
    default:
      unreachable(part);
  }
}

function drawValue(field: Field, values: Values, choices: Choices, limits: DrawLimits): unknown {
  const domain: Domain = field.domain;
  switch (domain.kind) {
    case 'integer':
      return choices.integer(domain.min, domain.max);
    case 'steps': {
      const range = domain.ranges[choices.integer(0, domain.ranges.length - 1)];
      if (range === undefined) throw new BugError(`${field.name} has no range`);
      return range.min + range.step * choices.integer(0, Math.floor((range.max - range.min) / range.step));
    }
    case 'boolean':
      return choices.integer(0, 1) === 1;
    case 'octets': {
      const longest = Math.max(domain.minLength, Math.min(domain.maxLength, limits.maxOctets ?? 242));
      return choices.octets(choices.integer(domain.minLength, longest));
    }
    case 'subset': {
      const set = choices.integer(0, 2 ** domain.of.length - 1);
      return domain.of.filter((_, bit) => (set & (1 << bit)) !== 0);
    }
    case 'records': {
      const list: Values[] = [];
      for (let left = recordCount(domain.count, values); left > 0; left--) {
        const record: Record<string, unknown> = {};
        for (const part of domain.parts) drawPart(part, record, choices, limits);
        list.push(record);
      }
      return list;
    }
    default:
      return unreachable(domain);
  }
}
