import type { AccountStore, LoginFailures, LoginSession, User } from '@airlift/api';
import { utcMs } from '@airlift/kernel';
import type { Kysely, Selectable } from 'kysely';
import type { DamagedRecords } from './damaged-records.ts';
import { damageOf, requireShape } from './record-shape.ts';
import { LOGIN_FAILURES_ROW, LOGIN_SESSION_ROW, USER_ROW } from './row-shapes.ts';
import type { LoginFailuresTable, LoginSessionsTable, Tables, UsersTable } from './schema.ts';

/** Users, logins and wrong passwords in the database. */
export class SqlAccountStore implements AccountStore {
  readonly #db: Kysely<Tables>;
  readonly #damaged: DamagedRecords;

  constructor(db: Kysely<Tables>, damaged: DamagedRecords) {
    this.#db = db;
    this.#damaged = damaged;
  }

  async commissioned(): Promise<boolean> {
    return (await this.#db.selectFrom('users').select('name').limit(1).executeTakeFirst()) !== undefined;
  }

  async saveUser(user: User): Promise<void> {
    const data = { role: user.role, password_hash: user.passwordHash };
    await this.#db
      .insertInto('users')
      .values({ name: user.name, ...data })
      .onConflict((conflict) => conflict.column('name').doUpdateSet(data))
      .execute();
  }

  async saveFirstUser(user: User): Promise<boolean> {
    return this.#db.transaction().execute(async (trx) => {
      const anybody = await trx.selectFrom('users').select('name').limit(1).executeTakeFirst();
      if (anybody !== undefined) return false;
      await trx
        .insertInto('users')
        .values({ name: user.name, role: user.role, password_hash: user.passwordHash })
        .execute();
      return true;
    });
  }

  async user(name: string): Promise<User | undefined> {
    const row = await this.#db.selectFrom('users').selectAll().where('name', '=', name).executeTakeFirst();
    if (row === undefined) return undefined;
    try {
      return userOf(row);
    } catch (error) {
      // The row stays: were the last user set aside, anybody could commission the server anew.
      this.#damaged.tell('users', name, damageOf(error));
      return undefined;
    }
  }

  async saveSession(session: LoginSession): Promise<void> {
    const data = {
      user_name: session.userName,
      role: session.role,
      address: session.address,
      port: session.port,
      created_at: session.createdAt,
      expires_at: session.expiresAt,
    };
    await this.#db
      .insertInto('login_sessions')
      .values({ token_hash: session.tokenHash, ...data })
      .onConflict((conflict) => conflict.column('token_hash').doUpdateSet(data))
      .execute();
  }

  async session(tokenHash: string): Promise<LoginSession | undefined> {
    const row = await this.#db
      .selectFrom('login_sessions')
      .selectAll()
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst();
    return this.#damaged.siftOne('login_sessions', row, loginSessionOf);
  }

  async extendSession(tokenHash: string, expiresAt: LoginSession['expiresAt']): Promise<void> {
    await this.#db
      .updateTable('login_sessions')
      .set({ expires_at: expiresAt })
      .where('token_hash', '=', tokenHash)
      .execute();
  }

  async deleteSession(tokenHash: string): Promise<void> {
    await this.#db.deleteFrom('login_sessions').where('token_hash', '=', tokenHash).execute();
  }

  async deleteSessionsOf(userName: string): Promise<void> {
    await this.#db.deleteFrom('login_sessions').where('user_name', '=', userName).execute();
  }

  async deleteExpiredSessions(now: LoginSession['expiresAt']): Promise<void> {
    await this.#db.deleteFrom('login_sessions').where('expires_at', '<=', now).execute();
  }

  async failures(userName: string): Promise<LoginFailures> {
    const row = await this.#db
      .selectFrom('login_failures')
      .selectAll()
      .where('user_name', '=', userName)
      .executeTakeFirst();
    const failures = await this.#damaged.siftOne('login_failures', row, loginFailuresOf);
    return failures ?? { count: 0, lockedUntil: undefined };
  }

  async saveFailures(userName: string, failures: LoginFailures): Promise<void> {
    const data = { count: failures.count, locked_until: failures.lockedUntil ?? null };
    await this.#db
      .insertInto('login_failures')
      .values({ user_name: userName, ...data })
      .onConflict((conflict) => conflict.column('user_name').doUpdateSet(data))
      .execute();
  }
}

/** @throws DamagedRecord */
export function userOf(row: Selectable<UsersTable>): User {
  requireShape(USER_ROW, row);
  return { name: row.name, role: row.role as User['role'], passwordHash: row.password_hash };
}

/** @throws DamagedRecord */
export function loginSessionOf(row: Selectable<LoginSessionsTable>): LoginSession {
  requireShape(LOGIN_SESSION_ROW, row);
  return {
    tokenHash: row.token_hash,
    userName: row.user_name,
    role: row.role as LoginSession['role'],
    address: row.address,
    port: row.port,
    createdAt: utcMs(row.created_at),
    expiresAt: utcMs(row.expires_at),
  };
}

/** @throws DamagedRecord */
export function loginFailuresOf(row: Selectable<LoginFailuresTable>): LoginFailures {
  requireShape(LOGIN_FAILURES_ROW, row);
  return { count: row.count, lockedUntil: row.locked_until === null ? undefined : utcMs(row.locked_until) };
}
