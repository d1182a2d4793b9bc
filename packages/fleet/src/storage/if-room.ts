/** What a file system says that has no room: disk full, quota used up, file larger than allowed. */
const NO_ROOM: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/**
 * Runs a write, and lets it go when the disk is full: a simulated device goes on from what it has in its head, and whoever
 * runs beside it in the same process must not end with it. `undo` removes what was written of it.
 */
export function ifRoom(write: () => void, undo: () => void = () => undefined): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && NO_ROOM.includes(error.code))) throw error;
    undo();
  }
}
