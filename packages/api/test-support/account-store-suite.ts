import { realMs } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountStore, LoginSession, User } from '../src/ports.ts';

/** An empty store of its own for each test. */
export interface AccountStoreHarness {
  readonly store: AccountStore;
  dispose?(): Promise<void>;
}

const admin: User = { name: 'admin', role: 'admin', passwordHash: 'hash-a' };
const guest: User = { name: 'watcher', role: 'guest', passwordHash: 'hash-g' };
const T0 = Date.UTC(2026, 0, 1);

function sessionOf(user: User, tokenHash: string, expiresInMs: number): LoginSession {
  return {
    tokenHash,
    userName: user.name,
    role: user.role,
    address: '192.0.2.7',
    port: 59_486,
    createdAt: realMs(T0),
    expiresAt: realMs(T0 + expiresInMs),
  };
}

/** What every `AccountStore` must do. */
export function accountStoreSuite(make: () => Promise<AccountStoreHarness>): void {
  describe('AccountStore', () => {
    let harness: AccountStoreHarness;
    let store: AccountStore;

    beforeEach(async () => {
      harness = await make();
      store = harness.store;
    });
    afterEach(async () => {
      await harness.dispose?.();
    });

    it('starts uncommissioned and is commissioned by the first user', async () => {
      expect(await store.commissioned()).toBe(false);
      expect(await store.user('admin')).toBeUndefined();
      expect(await store.saveFirstUser(admin)).toBe(true);
      expect(await store.commissioned()).toBe(true);
      expect(await store.user('admin')).toEqual(admin);
    });

    it('lets exactly one of several first users in', async () => {
      const names = ['a', 'b', 'c', 'd', 'e'];
      const accepted = await Promise.all(names.map((name) => store.saveFirstUser({ ...admin, name })));
      expect(accepted.filter(Boolean)).toHaveLength(1);
      const present = await Promise.all(names.map((name) => store.user(name)));
      expect(present.map((user) => user !== undefined)).toEqual(accepted);
      expect(await store.saveFirstUser({ ...admin, name: 'late' })).toBe(false);
      expect(await store.user('late')).toBeUndefined();
    });

    it('adds and replaces users, names being case sensitive', async () => {
      await store.saveUser(admin);
      await store.saveUser(guest);
      expect(await store.user('watcher')).toEqual(guest);
      expect(await store.user('Watcher')).toBeUndefined();
      const promoted: User = { name: 'watcher', role: 'user', passwordHash: 'hash-2' };
      await store.saveUser(promoted);
      expect(await store.user('watcher')).toEqual(promoted);
      expect(await store.user('admin')).toEqual(admin);
    });

    it('keeps sessions by the hash of their token', async () => {
      await store.saveUser(admin);
      expect(await store.session('h1')).toBeUndefined();
      const session = sessionOf(admin, 'h1', 60_000);
      await store.saveSession(session);
      expect(await store.session('h1')).toEqual(session);
      await store.extendSession('h1', realMs(T0 + 90_000));
      expect(await store.session('h1')).toEqual({ ...session, expiresAt: T0 + 90_000 });
      await store.deleteSession('h1');
      expect(await store.session('h1')).toBeUndefined();
    });

    it('does not bring a deleted session back by extending it', async () => {
      await store.extendSession('gone', realMs(T0));
      expect(await store.session('gone')).toBeUndefined();
      await store.deleteSession('gone');
    });

    it('deletes all sessions of one user only', async () => {
      await store.saveUser(admin);
      await store.saveUser(guest);
      await store.saveSession(sessionOf(admin, 'a1', 60_000));
      await store.saveSession(sessionOf(guest, 'g1', 60_000));
      await store.saveSession(sessionOf(guest, 'g2', 60_000));
      await store.deleteSessionsOf('watcher');
      expect(await store.session('g1')).toBeUndefined();
      expect(await store.session('g2')).toBeUndefined();
      expect(await store.session('a1')).toBeDefined();
    });

    it('deletes the sessions that have expired, those expiring this instant included', async () => {
      await store.saveUser(admin);
      await store.saveSession(sessionOf(admin, 'early', 999));
      await store.saveSession(sessionOf(admin, 'now', 1000));
      await store.saveSession(sessionOf(admin, 'later', 1001));
      await store.deleteExpiredSessions(realMs(T0 + 1000));
      expect(await store.session('early')).toBeUndefined();
      expect(await store.session('now')).toBeUndefined();
      expect(await store.session('later')).toBeDefined();
    });

    it('remembers failures for each user apart', async () => {
      await store.saveUser(admin);
      await store.saveUser(guest);
      expect(await store.failures('admin')).toEqual({ count: 0, lockedUntil: undefined });
      await store.saveFailures('admin', { count: 3, lockedUntil: realMs(T0 + 300_000) });
      await store.saveFailures('watcher', { count: 1, lockedUntil: undefined });
      expect(await store.failures('admin')).toEqual({ count: 3, lockedUntil: T0 + 300_000 });
      expect(await store.failures('watcher')).toEqual({ count: 1, lockedUntil: undefined });
      await store.saveFailures('admin', { count: 0, lockedUntil: undefined });
      expect(await store.failures('admin')).toEqual({ count: 0, lockedUntil: undefined });
    });
  });
}
