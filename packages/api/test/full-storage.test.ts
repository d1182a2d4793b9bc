import { CallerError } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Answer, Harness } from './harness.ts';

const full = (): Promise<never> => Promise.reject(new CallerError('storage-full', 'there is not enough storage space'));

/** Every write of the accounts fails, as it does when the disk is full; returns how to make room again. */
function fillStorage({ ports }: Harness): () => void {
  const { accounts } = ports;
  const writes = ['extendSession', 'saveSession', 'deleteSession', 'deleteExpiredSessions', 'saveFailures'] as const;
  const before = writes.map((name) => [name, accounts[name].bind(accounts)] as const);
  for (const name of writes) accounts[name] = full;
  return () => {
    for (const [name, write] of before) Object.assign(accounts, { [name]: write });
  };
}

describe('while nothing can be stored', () => {
  let harness: Harness;
  let token: string;

  beforeEach(async () => {
    harness = await Harness.make({ config: { timeoutSeconds: 600 } });
    token = await harness.token();
  });

  it('whoever reads stays logged in for as long as requests come, and the log hears of it once', async () => {
    fillStorage(harness);
    for (let minute = 0; minute < 30; minute++) {
      await harness.clock.advance(60_000);
      expect((await harness.call(token, 'GET', '/api/whoami')).statusCode).toBe(200);
    }
    expect(harness.log.filter(({ event }) => event === 'session-unstored')).toHaveLength(1);
    expect(harness.log.filter(({ event }) => event === 'failure')).toEqual([]);
  });

  it('a session without requests still ends, with the answer that it always has', async () => {
    fillStorage(harness);
    await harness.clock.advance(300_000);
    expect((await harness.call(token, 'GET', '/api/whoami')).statusCode).toBe(200);
    await harness.clock.advance(600_001);
    expect((await harness.call(token, 'GET', '/api/whoami')).statusCode).toBe(401);
  });

  it('what was prolonged meanwhile is stored when there is room again', async () => {
    const makeRoom = fillStorage(harness);
    await harness.clock.advance(300_000);
    await harness.call(token, 'GET', '/api/whoami');
    makeRoom();
    await harness.clock.advance(60_000);
    expect((await harness.call(token, 'GET', '/api/whoami')).statusCode).toBe(200);
    // Another process, or this one after a restart, knows only what is stored.
    await harness.clock.advance(590_000);
    const { api } = await Harness.sharing(harness);
    const answer = await api.app.inject({ method: 'GET', url: '/api/whoami', cookies: { token } });
    expect(answer.statusCode).toBe(200);
  });

  it('a login is refused as the contract says, whatever the password', async () => {
    fillStorage(harness);
    for (const password of ['correct horse admin', 'wrong']) {
      const answer = await harness.call(undefined, 'POST', '/api/login', { username: 'admin', password });
      expect(answer.json<Answer>()).toEqual({ code: 507, status: 'fail', error: 'Insufficient storage' });
    }
  });
});
