import type { AccountStore, LoginFailures, LoginSession, LoginSource, OpenSession, User } from '@airlift/api';
import { realMs } from '@airlift/kernel';
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

  async removeUser(name: string): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      await trx.deleteFrom('login_sessions').where('user_name', '=', name).execute();
      await trx.deleteFrom('users').where('name', '=', name).execute();
    });
  }

  async saveSession(session: LoginSession): Promise<void> {
    const data = {
      user_name: session.userName,
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

  async session(tokenHash: string): Promise<OpenSession | undefined> {
    const row = await this.#db
      .selectFrom('login_sessions')
      .innerJoin('users', 'users.name', 'login_sessions.user_name')
      .selectAll('login_sessions')
      .select('users.role')
      .where('token_hash', '=', tokenHash)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { role, ...stored } = row;
    const session = await this.#damaged.siftOne('login_sessions', stored, loginSessionOf);
    if (session === undefined) return undefined;
    if (isRole(role)) return { ...session, role };
    // The user stays, as in `user`; whoever that is may do nothing.
    this.#damaged.tell('users', session.userName, 'role is not one of admin, user, guest');
    return undefined;
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
    await this.#db
      .deleteFrom('login_sessions')
      .where(({ or, eb, selectFrom }) =>
        or([eb('expires_at', '<=', now), eb('user_name', 'not in', selectFrom('users').select('name'))]),
      )
      .execute();
  }

  async failures({ client, nameHash }: LoginSource): Promise<LoginFailures> {
    const row = await this.#db
      .selectFrom('login_failures')
      .selectAll()
      .where('name_hash', '=', nameHash)
      .where('client', '=', client)
      .executeTakeFirst();
    const failures = await this.#damaged.siftOne('login_failures', row, loginFailuresOf);
    return failures ?? { count: 0, lockedUntil: undefined };
  }

  async saveFailures({ client, nameHash }: LoginSource, failures: LoginFailures, keep: number): Promise<void> {
    await this.#db.transaction().execute(async (trx) => {
      await trx.deleteFrom('login_failures').where('name_hash', '=', nameHash).where('client', '=', client).execute();
      if (failures.count === 0) return;
      await trx
        .insertInto('login_failures')
        .values(({ selectFrom, eb, fn, val }) => ({
          client,
          name_hash: nameHash,
          count: failures.count,
          locked_until: failures.lockedUntil ?? null,
          position: selectFrom('login_failures').select(eb(fn.coalesce(fn.max('position'), val(0)), '+', 1).as('next')),
        }))
        .execute();
      await trx
        .deleteFrom('login_failures')
        .where('position', '<=', ({ selectFrom }) =>
          selectFrom('login_failures').select('position').orderBy('position', 'desc').limit(1).offset(keep),
        )
        .execute();
    });
  }

  async forgetFailures(nameHash: string): Promise<void> {
    await this.#db.deleteFrom('login_failures').where('name_hash', '=', nameHash).execute();
  }
}

function isRole(text: string): text is User['role'] {
  return text === 'admin' || text === 'user' || text === 'guest';
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
    address: row.address,
    port: row.port,
    createdAt: realMs(row.created_at),
    expiresAt: realMs(row.expires_at),
  };
}

/** @throws DamagedRecord */
export function loginFailuresOf(row: Selectable<LoginFailuresTable>): LoginFailures {
  requireShape(LOGIN_FAILURES_ROW, row);
  return { count: row.count, lockedUntil: row.locked_until === null ? undefined : realMs(row.locked_until) };
}
