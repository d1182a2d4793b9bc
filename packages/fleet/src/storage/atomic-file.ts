import { renameSync, writeFileSync } from 'node:fs';

/** Writes a file so that others see the old content or the new, never a part. */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  const draft = `${path}.tmp`;
  writeFileSync(draft, content);
  renameSync(draft, path);
}
