/**
 * Three kinds of error, told apart by whose fault they are:
 * - `peer`: a device, a gateway or another server sent something that cannot be accepted;
 * - `caller`: our user asked for something that cannot be done;
 * - `bug`: we broke a promise of our own.
 */
export type ErrorKind = 'peer' | 'caller' | 'bug';

/** Base of every error that Airlift throws on purpose. `code` is stable and may be relied upon. */
export class AirliftError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;

  constructor(kind: ErrorKind, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AirliftError';
    this.kind = kind;
    this.code = code;
  }
}

/** What arrived from outside cannot be read. Receivers drop and count it; it never travels further. */
export class PeerError extends AirliftError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super('peer', code, message, options);
    this.name = 'PeerError';
  }
}

/** The caller passed something unusable; nothing was changed. */
export class CallerError extends AirliftError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super('caller', code, message, options);
    this.name = 'CallerError';
  }
}

/** A promise inside Airlift was broken. Never caught to carry on; only to report. */
export class BugError extends AirliftError {
  constructor(message: string, options?: ErrorOptions) {
    super('bug', 'bug', message, options);
    this.name = 'BugError';
  }
}

/** Marks a branch that the type system already excludes. */
export function unreachable(value: never): never {
  throw new BugError(`unexpected value ${JSON.stringify(value)}`);
}
