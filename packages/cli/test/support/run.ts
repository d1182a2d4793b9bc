import { Command } from 'commander';
import { registerTools } from '../../src/tools/index.ts';
import type { ToolPorts } from '../../src/tools/ports.ts';

/** What a run of the command line left behind. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

class Left extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`left with ${code}`);
    this.code = code;
  }
}

/** Runs the tools of `airlift` with these arguments. */
export function run(args: readonly string[], stdin?: string | Uint8Array): Promise<Run> {
  return runCommands(registerTools, args, stdin);
}

/** Runs `airlift` with these commands and arguments in this process, as main would, and captures everything. */
export async function runCommands(
  register: (program: Command, ports: ToolPorts) => void,
  args: readonly string[],
  stdin: string | Uint8Array = '',
): Promise<Run> {
  let code = 0;
  let out = '';
  let err = '';
  const program = new Command('airlift').version('9.9.9').configureOutput({
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      err += text;
    },
  });
  program.exitOverride(({ exitCode }) => {
    throw new Left(exitCode);
  });
  register(program, {
    async *stdin() {
      const octets = typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin;
      // In odd pieces, as a pipe may deliver them.
      for (let i = 0; i < octets.length; i += 1009) yield octets.subarray(i, i + 1009);
    },
    write: async (text) => {
      out += text;
    },
    complain: (text) => {
      err += text;
    },
    setExitCode: (given) => {
      code = given;
    },
    leave: (given) => {
      throw new Left(given);
    },
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof Left)) throw error;
    code = error.code;
  }
  return { code, out, err };
}

/** The standard output of a run that must succeed without a word on the standard error. */
export async function outputOf(args: readonly string[], stdin?: string | Uint8Array): Promise<string> {
  const { code, out, err } = await run(args, stdin);
  if (code !== 0 || err !== '') throw new Error(`airlift ${args.join(' ')}: exit code ${code}: ${err}`);
  return out;
}
