import { unreachable } from '@airlift/kernel';
import type { Values } from './values.ts';

/** When a group of fields is on air. Conditions are data, so that they can be documented and generated from. */
export type Condition =
  | { readonly kind: 'equals'; readonly field: string; readonly value: number }
  | { readonly kind: 'clear'; readonly field: string }
  | { readonly kind: 'none'; readonly field: string }
  | { readonly kind: 'remaining'; readonly octets: number };

/** An earlier number has exactly this value. */
export function equals(field: string, value: number): Condition {
  return { kind: 'equals', field, value };
}

/** An earlier flag is not set. */
export function isClear(field: string): Condition {
  return { kind: 'clear', field };
}

/** An earlier error list is empty. */
export function noneOf(field: string): Condition {
  return { kind: 'none', field };
}

/** Exactly this many octets of the frame are left; an encoder writes the fields when they are given. */
export function remaining(octets: number): Condition {
  return { kind: 'remaining', octets };
}

/** Whether the condition holds for a command with these values of which `octetsLeft` octets are still to be read. */
export function holds(condition: Condition, values: Values, octetsLeft: number): boolean {
  switch (condition.kind) {
    case 'equals':
      return values[condition.field] === condition.value;
    case 'clear':
      return values[condition.field] === false;
    case 'none': {
      const list = values[condition.field];
      return Array.isArray(list) && list.length === 0;
    }
    case 'remaining':
      return octetsLeft === condition.octets;
    default:
      return unreachable(condition);
  }
}

/** The condition in words, for the documentation. */
export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'equals':
      return `only when ${condition.field} is ${condition.value}`;
    case 'clear':
      return `only when ${condition.field} is 0`;
    case 'none':
      return `only when ${condition.field} is empty`;
    case 'remaining':
      return `only in the form with ${condition.octets} octets from here`;
    default:
      return unreachable(condition);
  }
}
