import { createInterface } from 'node:readline';
import { type Readable, Writable } from 'node:stream';
import { CallerError } from '@airlift/kernel';

/** Where a password comes from when the environment has none. */
export interface PasswordPorts {
  readonly input: Readable & { readonly isTTY?: boolean };
  /** Shows text to a person at the terminal. */
  readonly show: (text: string) => void;
}

/**
 * The first line of the input. A person at a terminal is asked for it and sees nothing of what is typed.
 * @throws CallerError `option-invalid` when there is none
 */
export async function readPassword(user: string, { input, show }: PasswordPorts): Promise<string> {
  const isPerson = input.isTTY === true;
  if (isPerson) show(`Password of ${user}: `);
  const lines = createInterface({ input, output: isPerson ? nowhere() : undefined, terminal: isPerson });
  try {
    const password = await firstLine(lines);
    if (password === '') throw new CallerError('option-invalid', `There is no password for ${user}`);
    return password;
  } finally {
    lines.close();
    if (isPerson) show('\n');
  }
}

/** Empty when the input ends, or Ctrl-C is pressed, before there is a line. */
function firstLine(lines: ReturnType<typeof createInterface>): Promise<string> {
  return new Promise((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
  });
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}
