import { existsSync } from 'node:fs';
import { CallerError } from '@airlift/kernel';
import type Sqlite from 'better-sqlite3';
import { dataPath } from '../data-files.ts';
import { isDatabaseDamaged } from '../database-failure.ts';
import { hasDatabaseFile, hasMasterKey } from '../lost-database.ts';
import { UnclosedMark } from '../unclosed-mark.ts';
import { bringUpToDate, checkIntegrity, checkReferences, checkSchema, schemaOf } from './check-database.ts';
import { checkImages, checkStrays } from './check-images.ts';
import { checkMasterKey } from './check-master-key.ts';
import { checkPermissions } from './check-permissions.ts';
import { checkRecords, checkSetAside } from './check-records.ts';
import { checkSpace, freeBytes } from './check-space.ts';
import { checkTls } from './check-tls.ts';
import type { Finding } from './finding.ts';
import { openForReading } from './open-for-reading.ts';
import { serverIsRunning } from './server-is-running.ts';

/** Less room than this is worth a word. */
const LEAST_FREE_BYTES = 64 * 2 ** 20;

export interface ExamineOptions {
  readonly dataDir: string;
  /** Certificates are measured by it. */
  readonly now: Date;
  /** Free octets below which there is a finding; 64 MiB unless given. */
  readonly leastFreeBytes?: number;
}

/** What a data folder looks like. */
export interface Examination {
  /** A server holds the folder. */
  readonly running: boolean;
  readonly freeBytes: number;
  /** Migrations that the database has had, oldest first; none when it cannot be read. */
  readonly schema: readonly string[];
  /** Empty when all is well. */
  readonly findings: readonly Finding[];
}

/**
 * Looks at everything in a data folder and changes nothing there, whether or not a server runs on it.
 * @throws CallerError `data-folder-unknown` when the folder holds no data of Airlift; the system's errors for files that
 * may not be read
 */
export async function examineDataDir(options: ExamineOptions): Promise<Examination> {
  const { dataDir, now, leastFreeBytes = LEAST_FREE_BYTES } = options;
  if (!hasMasterKey(dataDir) && !existsSync(dataPath(dataDir, 'database'))) {
    throw new CallerError('data-folder-unknown', `${dataDir} is no data folder of Airlift: it holds no database`);
  }
  const running = serverIsRunning(dataDir);
  const free = await freeBytes(dataDir);
  const folder = [
    ...(await checkPermissions(dataDir)),
    ...checkSpace(dataDir, free, leastFreeBytes),
    ...(await checkTls(dataDir, now)),
    ...checkLog(dataDir, running),
  ];
  const { schema, findings } = await examineDatabase(dataDir, running);
  return { running, freeBytes: free, schema, findings: [...folder, ...findings] };
}

function checkLog(dataDir: string, running: boolean): readonly Finding[] {
  const mark = new UnclosedMark(dataDir);
  if (running || !mark.logIsMissing) return [];
  return [
    {
      check: 'write-ahead-log',
      what: 'the server ended without closing the database, and the log with what it stored last is missing',
      where: dataPath(dataDir, 'writeAheadLog'),
      advice:
        'put the file back, or a backup of the whole folder; if another program wrote it into the database, remove ' +
        dataPath(dataDir, 'unclosed'),
    },
  ];
}

type DatabaseExamination = Pick<Examination, 'schema' | 'findings'>;

async function examineDatabase(dataDir: string, running: boolean): Promise<DatabaseExamination> {
  const where = dataPath(dataDir, 'database');
  const lost = (what: string): DatabaseExamination => ({
    schema: [],
    findings: [{ check: 'database', what, where, advice: 'put back a backup of the whole data folder' }],
  });
  if (!hasDatabaseFile(dataDir)) return lost('the database is missing or empty');
  const reading = await openForReading(dataDir, running);
  try {
    const broken = checkIntegrity(reading.sqlite, where);
    try {
      if (!hasTables(reading.sqlite)) return lost('the database has no tables');
      const rest = await examineContent(dataDir, reading.sqlite, running);
      return { schema: rest.schema, findings: [...broken, ...rest.findings] };
    } catch (error) {
      // What a broken file lets nobody read was told above.
      if (!isDatabaseDamaged(error) || broken.length === 0) throw error;
      return { schema: [], findings: broken };
    }
  } finally {
    await reading.close();
  }
}

async function examineContent(
  dataDir: string,
  sqlite: Sqlite.Database,
  running: boolean,
): Promise<DatabaseExamination> {
  const where = dataPath(dataDir, 'database');
  const schema = schemaOf(sqlite);
  const newer = checkSchema(schema, where);
  // Nobody knows what a later version keeps where.
  if (newer.length > 0) return { schema, findings: newer };
  const older = await bringUpToDate(sqlite, schema, where, running);
  if (older.length > 0) return { schema, findings: older };
  const { vault, findings } = await checkMasterKey(dataDir, sqlite);
  return {
    schema,
    findings: [
      ...findings,
      ...checkReferences(sqlite),
      ...checkRecords(sqlite, vault),
      ...checkSetAside(sqlite, where),
      ...(await checkImages(dataDir, sqlite)),
      ...(await checkStrays(dataDir, sqlite, running)),
    ],
  };
}

function hasTables(sqlite: Sqlite.Database): boolean {
  return hasTable(sqlite, 'kysely_migration') && hasTable(sqlite, 'vault');
}

function hasTable(sqlite: Sqlite.Database, name: string): boolean {
  return sqlite.prepare("select 1 from sqlite_master where type = 'table' and name = ?").get(name) !== undefined;
}
