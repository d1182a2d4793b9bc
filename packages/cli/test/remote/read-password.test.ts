import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readPassword } from '../../src/remote/read-password.ts';

function ports(isTTY: boolean) {
  const shown: string[] = [];
  return { input: Object.assign(new PassThrough(), { isTTY }), show: (text: string) => void shown.push(text), shown };
}

describe('a password', () => {
  it('is the first line of an input that is no terminal, and nobody is asked', async () => {
    const io = ports(false);
    io.input.end('se cret\r\nanother line\n');
    expect(await readPassword('admin', io)).toBe('se cret');
    expect(io.shown).toEqual([]);
  });

  it('is asked for at a terminal, which shows nothing of it', async () => {
    const io = ports(true);
    io.input.write('secret\n');
    expect(await readPassword('admin', io)).toBe('secret');
    expect(io.shown).toEqual(['Password of admin: ', '\n']);
  });

  it.each(['', '\n'])('that is missing is refused (%j)', async (text) => {
    const io = ports(false);
    io.input.end(text);
    await expect(readPassword('admin', io)).rejects.toMatchObject({ kind: 'caller', code: 'option-invalid' });
  });
});
