import { resolve } from 'node:path';
import { AirliftError } from '@airlift/kernel';
import type { Examination } from '@airlift/store';
import type { Command } from 'commander';
import { PROCESS_PORTS, type ToolPorts } from './tools/ports.ts';

const FINDINGS = 1;
/** The folder could not be looked at, or the command line makes no sense. */
const CANNOT_CHECK = 2;

interface DoctorOptions {
  readonly data?: string;
  readonly json?: true;
}

/** `airlift doctor`: looks at a data folder and says what to do. Exits with 0, with 1 for findings, 2 if it cannot look. */
export function registerDoctor(program: Command, ports: ToolPorts = PROCESS_PORTS): void {
  const command = program
    .command('doctor')
    .description('Check a data folder and say what to do; changes nothing')
    .option('--data <dir>', 'folder to check (default AIRLIFT_DATA, else data)')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: DoctorOptions) => doctor(options, ports));
  command.exitOverride(({ exitCode }) => ports.leave(exitCode === 0 ? 0 : CANNOT_CHECK));
}

const EXAMPLES = `
Looks at the database, every record, the images, keys, certificate, permissions and free space, whether or not a server
runs on the folder. Exits with 0 when all is well, with 1 when something was found, with 2 when the folder cannot be
looked at.

Example:
  airlift doctor --data /var/lib/airlift`;

async function doctor(options: DoctorOptions, ports: ToolPorts): Promise<void> {
  const dataDir = resolve(options.data ?? process.env.AIRLIFT_DATA ?? 'data');
  let examination: Examination;
  try {
    const { examineDataDir } = await import('@airlift/store');
    examination = await examineDataDir({ dataDir, now: new Date() });
  } catch (error) {
    const why = reasonOf(error);
    if (why === undefined) throw error;
    ports.complain(`airlift: ${why}\n`);
    ports.setExitCode(CANNOT_CHECK);
    return;
  }
  const healthy = examination.findings.length === 0;
  await ports.write(
    options.json === true
      ? `${JSON.stringify({ dataDir, healthy, ...examination }, null, 2)}\n`
      : report(dataDir, examination),
  );
  ports.setExitCode(healthy ? 0 : FINDINGS);
}

/** Why the folder could not be looked at, unless the fault is ours. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof AirliftError) return error.kind === 'bug' ? undefined : error.message;
  // The system's errors, and SQLite's.
  return error instanceof Error && 'code' in error ? error.message : undefined;
}

function report(dataDir: string, { running, schema, freeBytes, findings }: Examination): string {
  const head = [
    `Data folder  ${dataDir}`,
    `Server       ${running ? 'running on it' : 'not running'}`,
    `Schema       ${schema.at(-1) ?? 'unknown'}`,
    `Free space   ${(freeBytes / 2 ** 20).toFixed(0)} MiB`,
  ];
  const list = findings.map(({ what, where, advice }) => `\n${where}\n  ${what}\n  -> ${advice}`);
  const sum = findings.length === 0 ? 'All is well.' : `${findings.length} found.`;
  return [...head, ...list, '', sum, ''].join('\n');
}
