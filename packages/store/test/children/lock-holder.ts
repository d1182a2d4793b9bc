// Holds the write lock of a database that is not in its final journal mode yet; when told to, finishes a long
// transaction.
import { mkdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';

const dataDir = process.argv[2] ?? '';
mkdirSync(dataDir);
const sqlite = new Sqlite(join(dataDir, 'airlift.db'));
sqlite.exec('create table other (x text); begin immediate');
writeSync(1, 'held\n');
process.stdin.once('data', () => {
  const insert = sqlite.prepare("insert into other values ('row')");
  for (let i = 0; i < 300_000; i++) insert.run();
  sqlite.exec('commit');
  sqlite.close();
  process.stdin.destroy();
});
