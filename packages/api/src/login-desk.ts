import { type Credentials, contractError } from '@airlift/contract';
import { type Clock, type Entropy, type RealMs, realMs } from '@airlift/kernel';
import { clientOf } from './client-address.ts';
import type { ApiConfig } from './config.ts';
import { FairLine, type Place } from './fair-line.ts';
import { Pace } from './pace.ts';
import { NOBODYS_PASSWORD_HASH, verifyPassword } from './passwords.ts';
import type { AccountStore, LoginFailures, LoginSource, OpenSession, User } from './ports.ts';
import { hashName, hashToken, newToken } from './tokens.ts';

/** Where a login comes from. */
export interface Remote {
  readonly address: string;
  readonly port: number;
}

/** Whether a password belongs to a kept hash; takes the same time whatever the answer. */
export type PasswordCheck = (password: string, kept: string) => Promise<boolean>;

const MOST_WAITING = 512;
/** More than can be checked while a lock lasts, so that nobody can push out one that still holds. */
const MOST_SOURCES = 10_000;
const MOST_KNOWN_CLIENTS = 256;

/** A client may fail so often at once, and then once in so long. */
const FAILURES_AT_ONCE = 20;
const FAILURE_EVERY_MS = 1_000;
/** Attempts of a client wait so long for their turn... */
const PATIENCE_MS = 10_000;
/** ...or only so long when it has failed too often or has many waiting; one alone still gets its turn every time. */
const SHORT_PATIENCE_MS = 4_000;
const MANY_WAITING = 64;

const NO_FAILURES: LoginFailures = { count: 0, lockedUntil: undefined };

/**
 * Opens sessions: checks passwords, counts failures, locks out (contract section 1.2), fair to all clients.
 *
 * Every attempt waits in the open line, where names of somebody and of nobody are treated alike. An attempt that has
 * to wait there, and whose name is somebody's, is also checked in a reserve that nobody can crowd with invented names.
 * The reserve only ever lets in: a wrong password is answered by the open line alone. So the right password gets
 * through a flood of wrong ones, and no answer tells which names exist.
 */
export class LoginDesk {
  readonly #accounts: AccountStore;
  readonly #clock: Clock<RealMs>;
  readonly #entropy: Entropy;
  readonly #config: ApiConfig;
  readonly #passwordCheck: PasswordCheck;
  /** Failures of each client, whatever the name. */
  readonly #clientPace: Pace;
  /** Wrong passwords of each source in the reserve, which no answer shows. */
  readonly #reservePace: Pace;
  /** Those who logged in last. */
  readonly #knownClients = new Set<string>();
  readonly #open: FairLine;
  readonly #reserve: FairLine;

  constructor(
    accounts: AccountStore,
    clock: Clock<RealMs>,
    entropy: Entropy,
    config: ApiConfig,
    passwordCheck: PasswordCheck = verifyPassword,
  ) {
    this.#accounts = accounts;
    this.#clock = clock;
    this.#entropy = entropy;
    this.#config = config;
    this.#passwordCheck = passwordCheck;
    this.#clientPace = new Pace(clock, {
      burst: FAILURES_AT_ONCE,
      everyMs: FAILURE_EVERY_MS,
      mostKeys: MOST_SOURCES,
    });
    this.#reservePace = new Pace(clock, {
      burst: config.loginAttempts,
      everyMs: (config.lockoutSeconds * 1000) / config.loginAttempts,
      mostKeys: MOST_SOURCES,
    });
    const goesFirst = (client: string): boolean => this.#knownClients.has(client);
    const readyAt = (client: string) => this.#clientPace.readyAt(client);
    this.#open = new FairLine({ clock, mostWaiting: MOST_WAITING, readyAt, goesFirst });
    // From both ends: what the reserve checks last, the open line would reach last.
    this.#reserve = new FairLine({ clock, mostWaiting: MOST_WAITING, goesFirst, newestFirst: true });
  }

  /**
   * Opens a session and returns it with its token, which is kept nowhere.
   * @throws CallerError `commissioning-mode` | `login-failed` | `login-locked` | `login-busy`
   */
  async login(credentials: Credentials, remote: Remote): Promise<{ token: string; session: OpenSession }> {
    if (!(await this.#accounts.commissioned())) throw contractError('commissioning-mode');
    const client = clientOf(remote.address);
    const user = await this.#letIn(credentials, { client, nameHash: hashName(credentials.username) });
    this.#remember(client);
    const now = this.#clock.now();
    const token = newToken(this.#entropy);
    const session: OpenSession = {
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
  async inTurn<Result>(address: string, task: () => Promise<Result>): Promise<Result> {
    const client = clientOf(address);
    return this.#open.join(client, this.#patienceMs(client), task).result;
  }

  /** Turns away all who wait; resolves when no password is being checked any more. */
  async close(): Promise<void> {
    await Promise.all([this.#open.close(), this.#reserve.close()]);
  }

  async #letIn(credentials: Credentials, source: LoginSource): Promise<User> {
    // A locked source is told so at once; others in the line see to the lock again when their turn comes.
    await this.#unlockedFailures(source);
    const somebody = (await this.#accounts.user(credentials.username)) !== undefined;
    const patienceMs = this.#patienceMs(source.client);
    const open = this.#open.join(source.client, patienceMs, () => this.#check(credentials, source));
    if (open.begun || !somebody || !this.#reservePace.isReady(reserveKey(source))) return open.result;
    const reserve = this.#reserve.join(source.client, patienceMs, () => this.#checkUnseen(credentials, source));
    return firstIn(open, reserve);
  }

  async #check(credentials: Credentials, source: LoginSource): Promise<User> {
    const failures = await this.#unlockedFailures(source);
    const user = await this.#matchingUser(credentials);
    if (user !== undefined) {
      if (failures.count > 0) await this.#saveFailures(source, NO_FAILURES);
      return user;
    }
    this.#clientPace.spend(source.client);
    // A lock that is over starts the count anew.
    const count = (failures.lockedUntil === undefined ? failures.count : 0) + 1;
    const remaining = Math.max(0, this.#config.loginAttempts - count);
    const until = realMs(this.#clock.now() + this.#config.lockoutSeconds * 1000);
    await this.#saveFailures(source, { count, lockedUntil: remaining === 0 ? until : undefined });
    throw contractError('login-failed', { remaining });
  }

  /** Undefined when the open line has to decide. Guesses here are bounded as those there are. */
  async #checkUnseen(credentials: Credentials, source: LoginSource): Promise<User | undefined> {
    if (!this.#reservePace.isReady(reserveKey(source))) return undefined;
    const failures = await this.#unlockedFailures(source);
    const user = await this.#matchingUser(credentials);
    if (user === undefined) this.#reservePace.spend(reserveKey(source));
    else if (failures.count > 0) await this.#saveFailures(source, NO_FAILURES);
    return user;
  }

  async #matchingUser({ username, password }: Credentials): Promise<User | undefined> {
    const user = await this.#accounts.user(username);
    const matches = await this.#passwordCheck(password, user?.passwordHash ?? NOBODYS_PASSWORD_HASH);
    return matches ? user : undefined;
  }

  /** @throws CallerError `login-locked` */
  async #unlockedFailures(source: LoginSource): Promise<LoginFailures> {
    const failures = await this.#accounts.failures(source);
    const lockedForMs = (failures.lockedUntil ?? 0) - this.#clock.now();
    if (lockedForMs > 0) throw contractError('login-locked', { seconds: Math.ceil(lockedForMs / 1000) });
    return failures;
  }

  async #saveFailures(source: LoginSource, failures: LoginFailures): Promise<void> {
    await this.#accounts.saveFailures(source, failures, MOST_SOURCES);
  }

  #patienceMs(client: string): number {
    const patient = this.#clientPace.isReady(client) && this.#open.waitingOf(client) < MANY_WAITING;
    return patient ? PATIENCE_MS : SHORT_PATIENCE_MS;
  }

  #remember(client: string): void {
    this.#knownClients.delete(client);
    this.#knownClients.add(client);
    const [oldest] = this.#knownClients;
    if (this.#knownClients.size > MOST_KNOWN_CLIENTS && oldest !== undefined) this.#knownClients.delete(oldest);
  }
}

function reserveKey({ client, nameHash }: LoginSource): string {
  return `${nameHash} ${client}`;
}

/** What the open line says, unless the reserve lets in before. */
function firstIn(open: Place<User>, reserve: Place<User | undefined>): Promise<User> {
  return new Promise((resolve, reject) => {
    open.result.then(
      (user) => {
        reserve.leave();
        resolve(user);
      },
      (error: unknown) => {
        reserve.leave();
        reject(error as Error);
      },
    );
    reserve.result.then(
      (user) => {
        if (user === undefined) return;
        open.leave();
        resolve(user);
      },
      // Locked or not in time: the open line says the same, or knows better.
      () => {},
    );
  });
}
