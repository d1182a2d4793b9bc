import type { Database } from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
  type TransactionSettings,
} from 'kysely';
import { FifoLock } from './fifo-lock.ts';
import type { StorageWatch } from './storage-watch.ts';

/** Statements are kept up to this number; there are about a hundred different ones, apart from long inserts. */
const MOST_STATEMENTS = 300;

/** Longer texts are inserts of many rows: there is one for every number of rows, and each takes much memory. */
const LONGEST_KEPT_TEXT = 4000;

/** Kysely's dialect for SQLite with transactions that wait for their turn instead of failing half-way. */
export class WaitingSqliteDialect extends SqliteDialect {
  readonly #database: Database;
  readonly #watch: StorageWatch;

  constructor(database: Database, watch: StorageWatch) {
    super({ database });
    this.#database = database;
    this.#watch = watch;
  }

  override createDriver(): Driver {
    return new WaitingSqliteDriver(this.#database, this.#watch);
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalSqliteAdapter();
  }
}

/** SQLite can roll back `create table`; with this the migrations of two processes run one after the other. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class WaitingSqliteDriver extends SqliteDriver {
  readonly #lock = new FifoLock();
  readonly #database: Database;
  readonly #watch: StorageWatch;

  constructor(database: Database, watch: StorageWatch) {
    super({ database: new CachingDatabase(database) });
    this.#database = database;
    this.#watch = watch;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    await this.#lock.acquire();
    return new WatchedConnection(await super.acquireConnection(), this.#watch);
  }

  override async releaseConnection(): Promise<void> {
    await super.releaseConnection();
    this.#lock.release();
  }

  /** Closes when everybody who asked before is done. */
  override async destroy(): Promise<void> {
    await this.#lock.run(() => super.destroy());
  }

  /**
   * A transaction that will write takes the write lock at once. If it first read and then found that another process
   * had written, SQLite could only fail it.
   */
  override async beginTransaction(connection: DatabaseConnection, settings?: TransactionSettings): Promise<void> {
    const begin = settings?.accessMode === 'read only' ? 'begin' : 'begin immediate';
    await connection.executeQuery(CompiledQuery.raw(begin));
  }

  /** A full disk ends the transaction by itself; a second rollback would fail and hide why. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.inTransaction) await super.rollbackTransaction(connection);
  }
}

/** Everything that anybody asks of the database passes here, the end of transactions included. */
class WatchedConnection implements DatabaseConnection {
  readonly #connection: DatabaseConnection;
  readonly #watch: StorageWatch;

  constructor(connection: DatabaseConnection, watch: StorageWatch) {
    this.#connection = connection;
    this.#watch = watch;
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#watch.run(query.sql, () => this.#connection.executeQuery<R>(query));
  }

  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#connection.streamQuery<R>(query, chunkSize);
  }
}

/** Prepares a text once. */
class CachingDatabase implements SqliteDatabase {
  readonly #database: SqliteDatabase;
  readonly #statements = new Map<string, SqliteStatement>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    if (sql.length <= LONGEST_KEPT_TEXT) this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}
