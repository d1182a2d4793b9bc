import { CallerError } from '@airlift/kernel';

/**
 * Codes that mean that there is no room for what was to be written: disk full, quota used up, file larger than allowed.
 * SQLite calls only the first `SQLITE_FULL`; the others, and a disk that refuses to write, are all `SQLITE_IOERR_WRITE`.
 */
const NO_ROOM: readonly unknown[] = [
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'SQLITE_FULL',
  'SQLITE_IOERR_WRITE',
  'SQLITE_IOERR_SHMSIZE',
];

/** Errors that mean that nothing can be written become CallerError `storage-full`; others stay as they are. */
export function asStorageFull(error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error && NO_ROOM.includes(error.code))) return error;
  return new CallerError('storage-full', 'there is not enough storage space', { cause: error });
}

/** Whether the error is what `asStorageFull` makes. */
export function isStorageFull(error: unknown): boolean {
  return error instanceof CallerError && error.code === 'storage-full';
}
