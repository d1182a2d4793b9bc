/** The command line asks for something that makes no sense: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The input cannot be processed: exit code 1. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
