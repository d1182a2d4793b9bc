// Claims a data folder as a user who may only read it, and says what came of it.
import { writeSync } from 'node:fs';
import { AirliftError } from '@airlift/kernel';
import Sqlite from 'better-sqlite3';
import { claimDataDir } from '../../src/claim-data-dir.ts';

const NOBODY = 65_534;

// Loads the native part while that is still allowed.
new Sqlite(':memory:').close();
// Permissions do not hold the administrator back.
if (process.getuid?.() === 0) process.seteuid?.(NOBODY);
try {
  claimDataDir(process.argv[2] ?? '');
  writeSync(1, 'claimed\n');
} catch (error) {
  writeSync(1, `${error instanceof AirliftError ? `${error.kind} ${error.code}` : String(error)}\n`);
}
