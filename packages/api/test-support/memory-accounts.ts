import type { RealMs } from '@airlift/kernel';
import type { AccountStore, LoginFailures, LoginSession, User } from '../src/ports.ts';

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

  async saveSession(session: LoginSession): Promise<void> {
    this.#sessions.set(session.tokenHash, session);
  }

  async session(tokenHash: string): Promise<LoginSession | undefined> {
    return this.#sessions.get(tokenHash);
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
    for (const [hash, session] of this.#sessions) if (session.expiresAt <= now) this.#sessions.delete(hash);
  }

  async failures(userName: string): Promise<LoginFailures> {
    return this.#failures.get(userName) ?? NO_FAILURES;
  }

  async saveFailures(userName: string, failures: LoginFailures): Promise<void> {
    this.#failures.set(userName, failures);
  }

  /** Everything kept, as text: tests look in it for secrets that must not be there. */
  dump(): string {
    return JSON.stringify([[...this.#users], [...this.#sessions], [...this.#failures]]);
  }
}
