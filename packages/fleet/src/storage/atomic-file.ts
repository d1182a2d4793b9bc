import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { ifRoom } from './if-room.ts';

/** Writes a file so that others see the old content or the new, never a part; on a full disk the old content stays. */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  const draft = `${path}.tmp`;
  ifRoom(
    () => {
      writeFileSync(draft, content);
      renameSync(draft, path);
    },
    () => rmSync(draft, { force: true }),
  );
}
