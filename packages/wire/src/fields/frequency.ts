import { outOfRange, wrongType } from '../complaint.ts';
import type { Field } from '../field.ts';
import { numberFromView } from './integers.ts';

/** Codes from here on count 200 Hz instead of 100 Hz, so that three octets reach the 2.4 GHz band. */
const FIRST_200_HZ_CODE = 12_000_000;

const RANGES = [
  { min: 0, max: (FIRST_200_HZ_CODE - 1) * 100, step: 100 },
  { min: FIRST_200_HZ_CODE * 200, max: 0xff_ffff * 200, step: 200 },
] as const;

/**
 * A frequency: three octets in units of 100 Hz, or of 200 Hz from code 12,000,000 (2.4 GHz) on; Hz in code and views.
 * What 0 means is up to the command.
 */
export function frequency<const N extends string>(name: N, meaning: string): Field<N, number> {
  return {
    shape: 'field',
    name,
    bitLength: 24,
    form: '3 octets, Hz in steps of 100',
    meaning,
    domain: { kind: 'steps', ranges: RANGES },
    read: (reader) => {
      const code = reader.unsigned(3);
      return code * (code < FIRST_200_HZ_CODE ? 100 : 200);
    },
    write: (writer, hz) => writer.unsigned(hz / (hz < FIRST_200_HZ_CODE * 200 ? 100 : 200), 3),
    check: (value, owner) => {
      if (typeof value !== 'number') throw wrongType(owner, name, 'a number');
      if (!RANGES.some(({ min, max, step }) => value >= min && value <= max && value % step === 0)) {
        throw outOfRange(
          owner,
          name,
          'a multiple of 100 Hz below 1.2 GHz or a multiple of 200 Hz in 2.4 GHz..3.355443 GHz',
        );
      }
    },
    toView: (value) => value,
    fromView: (json, owner) => numberFromView(json, owner, name),
  };
}
