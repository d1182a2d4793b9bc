import { modeText, openToOthers } from '../tighten-permissions.ts';
import type { Finding } from './finding.ts';

/** The folder and everything of ours in it must be for its owner alone. */
export async function checkPermissions(dataDir: string): Promise<readonly Finding[]> {
  return (await openToOthers(dataDir)).map(({ path, mode, isFolder }) => ({
    check: 'permissions',
    what: `others than the owner have rights (${modeText(mode)})`,
    where: path,
    advice: `chmod ${isFolder ? '700' : '600'} ${path}, as its owner; the server does so at its start where it may`,
  }));
}
