import type { Command } from './command.ts';
import { conditionText } from './condition.ts';
import type { Field, Part } from './field.ts';

/**
 * Documentation of one command in Markdown: a heading, what it is for, and a table of its fields with their place on
 * air. Octets are counted from the one after the CID.
 */
export function describeCommand(command: Command): string {
  const cid = `0x${command.cid.toString(16).toUpperCase().padStart(2, '0')}`;
  const facts = [
    `CID ${cid}`,
    command.direction === 'up' ? 'uplink' : 'downlink',
    `versions ${command.versions.join(', ')}`,
    command.section,
  ];
  if (command.alone) facts.push('alone in its frame');
  const lines = [`### ${command.name}`, '', facts.join(' · '), '', command.doc];
  if (command.parts.length > 0) {
    lines.push('', '| octet | bits | field | form | meaning |', '|---|---|---|---|---|', ...rows(command.parts));
  }
  return `${lines.join('\n')}\n`;
}

function rows(parts: readonly Part[]): string[] {
  const table: string[] = [];
  // Undefined once a part of variable length has been passed.
  let bit: number | undefined = 0;
  const add = (field: Field, note: string): void => {
    const meaning = note === '' ? field.meaning : `${field.meaning} (${note})`;
    table.push(`| ${place(bit, field.bitLength)} | \`${field.name}\` | ${field.form} | ${meaning} |`);
    bit = advance(bit, field.bitLength);
  };
  for (const part of parts) {
    if (part.shape === 'rfu') {
      table.push(`| ${place(bit, part.bitLength)} | RFU | sent as 0 | ignored on receipt |`);
      bit = advance(bit, part.bitLength);
    } else if (part.shape === 'field') {
      add(part, '');
    } else {
      for (const field of part.fields) add(field, conditionText(part.condition));
      if (part.condition.kind === 'remaining') bit = undefined;
    }
  }
  return table;
}

function advance(bit: number | undefined, length: number | undefined): number | undefined {
  return bit === undefined || length === undefined ? undefined : bit + length;
}

/** The two cells that say where `length` bits from `bit` on stand. */
function place(bit: number | undefined, length: number | undefined): string {
  if (bit === undefined) return '… | ';
  const octet = Math.floor(bit / 8);
  if (length === undefined) return `${octet}… | `;
  const last = Math.floor((bit + length - 1) / 8);
  const octets = last === octet ? `${octet}` : `${octet}..${last}`;
  if (length % 8 === 0) return `${octets} | `;
  const low = bit % 8;
  const high = low + length - 1;
  return `${octets} | ${high === low ? low : `${high}..${low}`}`;
}
