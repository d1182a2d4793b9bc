import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSafeName, isScheduleName, safeBasename } from '../src/index.ts';

describe('safeBasename', () => {
  it('drops directories of either kind', () => {
    expect(safeBasename('a/b\\c/d.bin')).toBe('d.bin');
    expect(safeBasename('C:\\fw\\d.bin')).toBe('d.bin');
    expect(safeBasename('../../etc/x')).toBe('x');
  });

  it('returns a safe name or throws, whatever is given', () => {
    const chars = fc.constantFrom('/', '\\', '.', '\0', '\n', 'a', 'ü', '\u{1f4e6}', '\ud800', ' ');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: chars })), (filename) => {
        let name: string;
        try {
          name = safeBasename(filename);
        } catch (error) {
          expect(error).toMatchObject({ code: 'upload-name-invalid' });
          return;
        }
        expect(isSafeName(name)).toBe(true);
        expect(filename.endsWith(name)).toBe(true);
        expect(safeBasename(name)).toBe(name);
      }),
    );
  });

  it('counts octets, not characters', () => {
    expect(isSafeName('ü'.repeat(127))).toBe(true);
    expect(isSafeName('ü'.repeat(128))).toBe(false);
  });
});

describe('isScheduleName', () => {
  it.each(['fota_1734480000_300', 'a', '-', '.x', 'A.b-C_9', 'x'.repeat(128)])('takes %j', (name) => {
    expect(isScheduleName(name)).toBe(true);
  });

  it.each(['', '.', '..', 'a..b', 'a/b', 'a b', 'ü', 'x'.repeat(129), 'a\n'])('refuses %j', (name) => {
    expect(isScheduleName(name)).toBe(false);
  });
});
