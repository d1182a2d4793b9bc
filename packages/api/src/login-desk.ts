import { type Credentials, contractError } from '@airlift/contract';
import { type Clock, type Entropy, type RealMs, realMs } from '@airlift/kernel';
import type { ApiConfig } from './config.ts';
import { NOBODYS_PASSWORD_HASH, verifyPassword } from './passwords.ts';
import type { AccountStore, LoginFailures, LoginSession, User } from './ports.ts';
import { hashToken, newToken } from './tokens.ts';
import { Turns } from './turns.ts';

/** Where a login comes from. */
export interface Remote {
  readonly address: string;
  readonly port: number;
}

const CHECKS_AT_ONCE = 2;
const MOST_WAITING = 64;
const MOST_UNKNOWN_NAMES = 1000;
const NO_FAILURES: LoginFailures = { count: 0, lockedUntil: undefined };

/** Opens sessions: checks passwords, counts failures, locks users out (contract section 1.2). */
export class LoginDesk {
  readonly #accounts: AccountStore;
  readonly #clock: Clock<RealMs>;
  readonly #entropy: Entropy;
  readonly #config: ApiConfig;
  readonly #turns = new Turns(CHECKS_AT_ONCE, MOST_WAITING);
  // Names of nobody are answered as if they were somebody's, but do not fill the store.
  readonly #unknownNames = new Map<string, LoginFailures>();

  constructor(accounts: AccountStore, clock: Clock<RealMs>, entropy: Entropy, config: ApiConfig) {
    this.#accounts = accounts;
    this.#clock = clock;
    this.#entropy = entropy;
    this.#config = config;
  }

  /**
   * Opens a session and returns it with its token, which is kept nowhere.
   * @throws CallerError `commissioning-mode` | `login-failed` | `login-locked` | `login-busy`
   */
  async login(credentials: Credentials, remote: Remote): Promise<{ token: string; session: LoginSession }> {
    if (!(await this.#accounts.commissioned())) throw contractError('commissioning-mode');
    const user = await this.#turns.run(credentials.username, () => this.#check(credentials));
    const now = this.#clock.now();
    const token = newToken(this.#entropy);
    const session: LoginSession = {
      tokenHash: hashToken(token),
      userName: user.name,
      role: user.role,
      address: remote.address,
      port: remote.port,
      createdAt: now,
      expiresAt: realMs(now + this.#config.timeoutSeconds * 1000),
    };
    await this.#accounts.deleteExpiredSessions(now);
    await this.#accounts.saveSession(session);
    return { token, session };
  }

  /**
   * Runs other work that hashes a password, within the same bounds.
   * @throws CallerError `login-busy`
   */
  async inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    return this.#turns.run('', task);
  }

  async #check({ username, password }: Credentials): Promise<User> {
    const user = await this.#accounts.user(username);
    const failures = await this.#failures(username, user);
    const now = this.#clock.now();
    const { lockedUntil } = failures;
    if (lockedUntil !== undefined && lockedUntil > now) {
      throw contractError('login-locked', { seconds: Math.ceil((lockedUntil - now) / 1000) });
    }
    const matches = await verifyPassword(password, user?.passwordHash ?? NOBODYS_PASSWORD_HASH);
    if (user !== undefined && matches) {
      if (failures.count > 0) await this.#accounts.saveFailures(username, NO_FAILURES);
      return user;
    }
    // A lock that is over starts the count anew.
    const count = (lockedUntil === undefined ? failures.count : 0) + 1;
    const remaining = Math.max(0, this.#config.loginAttempts - count);
    const until = realMs(this.#clock.now() + this.#config.lockoutSeconds * 1000);
    await this.#saveFailures(username, user, { count, lockedUntil: remaining === 0 ? until : undefined });
    throw contractError('login-failed', { remaining });
  }

  async #failures(name: string, user: User | undefined): Promise<LoginFailures> {
    if (user !== undefined) return this.#accounts.failures(name);
    return this.#unknownNames.get(name) ?? NO_FAILURES;
  }

  async #saveFailures(name: string, user: User | undefined, failures: LoginFailures): Promise<void> {
    if (user !== undefined) {
      await this.#accounts.saveFailures(name, failures);
      return;
    }
    this.#unknownNames.delete(name);
    this.#unknownNames.set(name, failures);
    const [oldest] = this.#unknownNames.keys();
    if (this.#unknownNames.size > MOST_UNKNOWN_NAMES && oldest !== undefined) this.#unknownNames.delete(oldest);
  }
}
