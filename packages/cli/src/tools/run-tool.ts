import { AirliftError, CallerError } from '@airlift/kernel';
import type { ToolPorts } from './ports.ts';
import { InputError, UsageError } from './tool-error.ts';

const INPUT_FAILED = 1;
/** Exit code for a command line that makes no sense, also where commander finds out. */
export const WRONG_USAGE = 2;

/** Does the work of one tool. What the user or a file did wrong becomes one line and an exit code; bugs pass through. */
export async function runTool(ports: ToolPorts, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    ports.complain(`airlift: ${failure.message.replaceAll('\n', ' ')}\n`);
    ports.setExitCode(failure.code);
  }
}

function failureOf(error: unknown): { readonly message: string; readonly code: number } | undefined {
  if (error instanceof UsageError) return { message: error.message, code: WRONG_USAGE };
  if (error instanceof InputError) return { message: error.message, code: INPUT_FAILED };
  if (error instanceof AirliftError && error.kind !== 'bug') {
    return { message: `${error.message} (${error.code})`, code: INPUT_FAILED };
  }
  // Files that are missing, folders that cannot be written to; a reader that left is for the process to handle.
  const { syscall, code } = error as NodeJS.ErrnoException;
  if (error instanceof Error && syscall !== undefined && code !== 'EPIPE') {
    return { message: error.message, code: INPUT_FAILED };
  }
  return undefined;
}

/** The result of looking at an option's value; what is wrong with it is wrong usage. */
export function asUsage<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw error instanceof CallerError ? new UsageError(error.message) : error;
  }
}
