import type { RealMs } from '@airlift/kernel';
import type { AccountStore, LoginFailures, LoginSession, LoginSource, OpenSession, User } from '../src/ports.ts';

const NO_FAILURES: LoginFailures = { count: 0, lockedUntil: undefined };

/** `AccountStore` in memory, for tests. */
export class MemoryAccounts implements AccountStore {
  readonly #users = new Map<string, User>();
  readonly #sessions = new Map<string, LoginSession>();
  readonly #failures = new Map<string, LoginFailures>();

  async commissioned(): Promise<boolean> {
    return [...this.#users.values()].some((user) => user.role === 'admin');
  }

  async saveUser(user: User): Promise<void> {
    this.#users.set(user.name, user);
  }

  async saveFirstUser(user: User): Promise<boolean> {
    if (this.#users.size > 0) return false;
    this.#users.set(user.name, user);
    return true;
  }

  async user(name: string): Promise<User | undefined> {
    return this.#users.get(name);
  }

  async removeUser(name: string): Promise<void> {
    this.#users.delete(name);
    await this.deleteSessionsOf(name);
  }

  async saveSession(session: LoginSession): Promise<void> {
    this.#sessions.set(session.tokenHash, session);
  }

  async session(tokenHash: string): Promise<OpenSession | undefined> {
    const session = this.#sessions.get(tokenHash);
    const user = session && this.#users.get(session.userName);
    return session && user && { ...session, role: user.role };
  }

  async extendSession(tokenHash: string, expiresAt: RealMs): Promise<void> {
    const session = this.#sessions.get(tokenHash);
    if (session !== undefined) this.#sessions.set(tokenHash, { ...session, expiresAt });
  }

  async deleteSession(tokenHash: string): Promise<void> {
    this.#sessions.delete(tokenHash);
  }

  async deleteSessionsOf(userName: string): Promise<void> {
    for (const [hash, session] of this.#sessions) if (session.userName === userName) this.#sessions.delete(hash);
  }

  async deleteExpiredSessions(now: RealMs): Promise<void> {
    for (const [hash, { expiresAt, userName }] of this.#sessions) {
      if (expiresAt <= now || !this.#users.has(userName)) this.#sessions.delete(hash);
    }
  }

  async failures(source: LoginSource): Promise<LoginFailures> {
    return this.#failures.get(keyOf(source)) ?? NO_FAILURES;
  }

  async saveFailures(source: LoginSource, failures: LoginFailures, keep: number): Promise<void> {
    this.#failures.delete(keyOf(source));
    if (failures.count > 0) this.#failures.set(keyOf(source), failures);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > keep && oldest !== undefined) this.#failures.delete(oldest);
  }

  async forgetFailures(nameHash: string): Promise<void> {
    for (const key of this.#failures.keys()) if (key.startsWith(`${nameHash} `)) this.#failures.delete(key);
  }

  /** Everything kept, as text: tests look in it for secrets that must not be there. */
  dump(): string {
    return JSON.stringify([[...this.#users], [...this.#sessions], [...this.#failures]]);
  }
}

function keyOf({ client, nameHash }: LoginSource): string {
  return `${nameHash} ${client}`;
}
