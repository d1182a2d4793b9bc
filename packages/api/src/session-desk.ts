import { type Clock, type RealMs, realMs } from '@airlift/kernel';
import type { ApiLog } from './log.ts';
import type { AccountStore, OpenSession } from './ports.ts';
import { hashToken, isTokenText } from './tokens.ts';

/** A valid login during one request. */
export class ActiveLogin {
  readonly token: string;
  readonly session: OpenSession;
  /** As far as this request knows. */
  expiresAt: RealMs;

  constructor(token: string, session: OpenSession) {
    this.token = token;
    this.session = session;
    this.expiresAt = session.expiresAt;
  }

  get userName() {
    return this.session.userName;
  }
  get role() {
    return this.session.role;
  }
  get address() {
    return this.session.address;
  }
  get port() {
    return this.session.port;
  }
  get createdAt() {
    return this.session.createdAt;
  }
}

/** Finds, prolongs and ends sessions. */
export class SessionDesk {
  readonly #accounts: AccountStore;
  readonly #clock: Clock<RealMs>;
  readonly #timeoutMs: number;
  readonly #log: ApiLog;
  /** Ends of sessions that could not be stored, by the hash of the token: they count while the process lives. */
  readonly #unstored = new Map<string, RealMs>();

  constructor(accounts: AccountStore, clock: Clock<RealMs>, timeoutSeconds: number, log: ApiLog = () => undefined) {
    this.#accounts = accounts;
    this.#clock = clock;
    this.#timeoutMs = timeoutSeconds * 1000;
    this.#log = log;
  }

  /** The login of the first token that is valid. */
  async find(tokens: readonly string[]): Promise<ActiveLogin | undefined> {
    for (const token of new Set(tokens)) {
      if (!isTokenText(token)) continue;
      const stored = await this.#accounts.session(hashToken(token));
      if (stored === undefined) continue;
      const expiresAt = realMs(Math.max(stored.expiresAt, this.#unstored.get(stored.tokenHash) ?? 0));
      if (expiresAt > this.#clock.now()) return new ActiveLogin(token, { ...stored, expiresAt });
      await this.#deleteExpired(stored.tokenHash);
    }
    return undefined;
  }

  /**
   * Starts the time of inactivity anew. Never fails: whoever only reads must not be kept from it by a disk that cannot be
   * written to.
   */
  async prolong(login: ActiveLogin): Promise<void> {
    const expiresAt = realMs(this.#clock.now() + this.#timeoutMs);
    // Not every request and every piece of an upload is worth a write: a sixtieth of the time is let pass.
    if (expiresAt - login.expiresAt < this.#timeoutMs / 60) return;
    login.expiresAt = expiresAt;
    const { tokenHash } = login.session;
    try {
      await this.#accounts.extendSession(tokenHash, expiresAt);
      this.#unstored.delete(tokenHash);
    } catch (error) {
      this.#keepInMemory(tokenHash, expiresAt, error);
    }
  }

  async end(login: ActiveLogin): Promise<void> {
    await this.#accounts.deleteSession(login.session.tokenHash);
  }

  async endAllOf(userName: string): Promise<void> {
    await this.#accounts.deleteSessionsOf(userName);
  }

  #keepInMemory(tokenHash: string, expiresAt: RealMs, error: unknown): void {
    const now = this.#clock.now();
    for (const [other, end] of this.#unstored) if (end <= now) this.#unstored.delete(other);
    if (this.#unstored.size === 0) this.#log({ event: 'session-unstored', error });
    this.#unstored.set(tokenHash, expiresAt);
  }

  /** A session that is over is refused whether or not it can be deleted. */
  async #deleteExpired(tokenHash: string): Promise<void> {
    this.#unstored.delete(tokenHash);
    await this.#accounts.deleteSession(tokenHash).catch(() => undefined);
  }
}
