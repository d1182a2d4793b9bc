import { realMs } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccountStore, LoginSession, LoginSource, User } from '../src/ports.ts';

/** An empty store of its own for each test. */
export interface AccountStoreHarness {
  readonly store: AccountStore;
  dispose?(): Promise<void>;
}

const admin: User = { name: 'admin', role: 'admin', passwordHash: 'hash-a' };
const guest: User = { name: 'watcher', role: 'guest', passwordHash: 'hash-g' };
const T0 = Date.UTC(2026, 0, 1);
const NO_FAILURES = { count: 0, lockedUntil: undefined };

function sessionOf(user: User, tokenHash: string, expiresInMs: number): LoginSession {
  return {
    tokenHash,
    userName: user.name,
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
      expect(await store.session('h1')).toEqual({ ...session, role: 'admin' });
      await store.extendSession('h1', realMs(T0 + 90_000));
      expect(await store.session('h1')).toEqual({ ...session, role: 'admin', expiresAt: T0 + 90_000 });
      await store.deleteSession('h1');
      expect(await store.session('h1')).toBeUndefined();
    });

    it('does not bring a deleted session back by extending it', async () => {
      await store.extendSession('gone', realMs(T0));
      expect(await store.session('gone')).toBeUndefined();
      await store.deleteSession('gone');
    });

    it('gives an open session the role that its user has now', async () => {
      await store.saveUser(admin);
      await store.saveUser(guest);
      await store.saveSession(sessionOf(admin, 'a1', 60_000));
      await store.saveSession(sessionOf(guest, 'g1', 60_000));
      await store.saveUser({ ...guest, role: 'user' });
      expect((await store.session('g1'))?.role).toBe('user');
      expect((await store.session('a1'))?.role).toBe('admin');
    });

    it('removes a user with all sessions, which do not come back with the name', async () => {
      await store.saveUser(admin);
      await store.saveUser(guest);
      await store.saveSession(sessionOf(admin, 'a1', 60_000));
      await store.saveSession(sessionOf(guest, 'g1', 60_000));
      await store.removeUser('watcher');
      await store.removeUser('nobody');
      expect(await store.user('watcher')).toBeUndefined();
      expect(await store.session('g1')).toBeUndefined();
      await store.saveUser(guest);
      expect(await store.session('g1')).toBeUndefined();
      expect(await store.session('a1')).toBeDefined();
    });

    it('knows no session of somebody who is no user, and deletes it with the expired ones', async () => {
      await store.saveUser(admin);
      await store.saveSession(sessionOf(admin, 'a1', 60_000));
      await store.saveSession(sessionOf(guest, 'g1', 60_000));
      expect(await store.session('g1')).toBeUndefined();
      await store.deleteExpiredSessions(realMs(T0));
      await store.saveUser(guest);
      expect(await store.session('g1')).toBeUndefined();
      expect(await store.session('a1')).toBeDefined();
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

    it('remembers failures for each name and client apart, whoever has the name', async () => {
      await store.saveUser(admin);
      const [here, there, nobody] = [sourceOf('n1', 'c1'), sourceOf('n1', 'c2'), sourceOf('n2', 'c1')];
      expect(await store.failures(here)).toEqual(NO_FAILURES);
      await store.saveFailures(here, { count: 3, lockedUntil: realMs(T0 + 300_000) }, 9);
      await store.saveFailures(nobody, { count: 1, lockedUntil: undefined }, 9);
      expect(await store.failures(here)).toEqual({ count: 3, lockedUntil: T0 + 300_000 });
      expect(await store.failures(nobody)).toEqual({ count: 1, lockedUntil: undefined });
      expect(await store.failures(there)).toEqual(NO_FAILURES);
      await store.saveFailures(here, { count: 1, lockedUntil: undefined }, 9);
      expect(await store.failures(here)).toEqual({ count: 1, lockedUntil: undefined });
      await store.saveFailures(here, NO_FAILURES, 9);
      expect(await store.failures(here)).toEqual(NO_FAILURES);
      expect(await store.failures(nobody)).toEqual({ count: 1, lockedUntil: undefined });
    });

    it('forgets the failures of one name from everywhere', async () => {
      const once = { count: 1, lockedUntil: undefined };
      for (const client of ['c1', 'c2']) await store.saveFailures(sourceOf('n1', client), once, 9);
      await store.saveFailures(sourceOf('n2', 'c1'), once, 9);
      await store.forgetFailures('n1');
      expect(await store.failures(sourceOf('n1', 'c1'))).toEqual(NO_FAILURES);
      expect(await store.failures(sourceOf('n1', 'c2'))).toEqual(NO_FAILURES);
      expect(await store.failures(sourceOf('n2', 'c1'))).toEqual(once);
    });

    it('keeps the failures that were saved last', async () => {
      const once = { count: 1, lockedUntil: undefined };
      const counts = async (): Promise<number[]> => {
        const names = ['n1', 'n2', 'n3', 'n4', 'n5'];
        return Promise.all(names.map(async (name) => (await store.failures(sourceOf(name, 'c1'))).count));
      };
      for (const name of ['n1', 'n2', 'n3']) await store.saveFailures(sourceOf(name, 'c1'), once, 3);
      expect(await counts()).toEqual([1, 1, 1, 0, 0]);
      // Seen again, the oldest becomes the newest.
      await store.saveFailures(sourceOf('n1', 'c1'), { ...once, count: 2 }, 3);
      await store.saveFailures(sourceOf('n4', 'c1'), once, 3);
      expect(await counts()).toEqual([2, 0, 1, 1, 0]);
      // What is forgotten leaves its place to another.
      await store.saveFailures(sourceOf('n3', 'c1'), NO_FAILURES, 3);
      await store.saveFailures(sourceOf('n5', 'c1'), once, 3);
      expect(await counts()).toEqual([2, 0, 0, 1, 1]);
    });
  });
}

function sourceOf(nameHash: string, client: string): LoginSource {
  return { nameHash, client };
}
