import { type Clock, type RealMs, realMs } from '@airlift/kernel';
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

  constructor(accounts: AccountStore, clock: Clock<RealMs>, timeoutSeconds: number) {
    this.#accounts = accounts;
    this.#clock = clock;
    this.#timeoutMs = timeoutSeconds * 1000;
  }

  /** The login of the first token that is valid. */
  async find(tokens: readonly string[]): Promise<ActiveLogin | undefined> {
    for (const token of new Set(tokens)) {
      if (!isTokenText(token)) continue;
      const session = await this.#accounts.session(hashToken(token));
      if (session === undefined) continue;
      if (session.expiresAt > this.#clock.now()) return new ActiveLogin(token, session);
      await this.#accounts.deleteSession(session.tokenHash);
    }
    return undefined;
  }

  /** Starts the time of inactivity anew. */
  async prolong(login: ActiveLogin): Promise<void> {
    const expiresAt = realMs(this.#clock.now() + this.#timeoutMs);
    // Not every request and every piece of an upload is worth a write: a sixtieth of the time is let pass.
    if (expiresAt - login.expiresAt < this.#timeoutMs / 60) return;
    login.expiresAt = expiresAt;
    await this.#accounts.extendSession(login.session.tokenHash, expiresAt);
  }

  async end(login: ActiveLogin): Promise<void> {
    await this.#accounts.deleteSession(login.session.tokenHash);
  }

  async endAllOf(userName: string): Promise<void> {
    await this.#accounts.deleteSessionsOf(userName);
  }
}
