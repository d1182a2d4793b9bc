import { contractError } from './error-table.ts';

/** Longest name of an uploaded file in octets of UTF-8: what file systems take. */
export const FILE_NAME_LIMIT_OCTETS = 255;

const SCHEDULE_NAME = /^[A-Za-z0-9._-]{1,128}$/;

/** Whether a text can name an uploaded file: what `safeBasename` can return. */
export function isSafeName(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    !/[/\\\u0000-\u001f\u007f]/.test(name) &&
    !/\p{Surrogate}/u.test(name) &&
    new TextEncoder().encode(name).length <= FILE_NAME_LIMIT_OCTETS
  );
}

/**
 * The name under which an upload is kept: what follows the last `/` or `\`, directories being dropped as some clients
 * send whole paths.
 * @throws CallerError `upload-name-invalid` when that is empty, `.` or `..`, has a control character (NUL included) or
 *   more than 255 octets. A control character in a dropped directory is refused too.
 */
export function safeBasename(filename: string): string {
  const name = filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(filename) || !isSafeName(name)) throw contractError('upload-name-invalid');
  return name;
}

/** Whether a text can be a `schedule_filename`: 1 to 128 letters, digits, `.`, `_`, `-`, and no `..`. */
export function isScheduleName(name: string): boolean {
  return SCHEDULE_NAME.test(name) && name !== '.' && !name.includes('..');
}
