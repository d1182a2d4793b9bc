import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_PASSWORD, ServerProcess } from '../crash/support/server-process.ts';
import { realPause, until } from '../crash/support/waiting.ts';

/** Wrong logins a second. */
const RATE = 50;
const TRIES = 12;
/** So many were turned away when the flood counts as one. */
const TURNED_AWAY = 50;
const TURNED_AWAY_WITHIN_MS = 60_000;
/** A login takes some hashes of half a second on a busy machine; a script waits longer than this. */
const GENEROUS_MS = 10_000;
/** For a whole attack, on a busy machine. */
const LIMIT_MS = 180_000;

let server: ServerProcess;
let dataDir: string;
const agents: Agent[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'airlift-flood-'));
  server = await ServerProcess.start({ dataDir, logLevel: 'warn' });
});

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  await server.kill();
  await rm(dataDir, { recursive: true, force: true });
});

/** Logs in from an address of this machine; resolves to the status, or to 0 when the connection broke. */
function login(username: string, password: string, localAddress: string, agent: Agent): Promise<number> {
  return new Promise((resolve) => {
    const call = request(
      { host: '127.0.0.1', port: server.httpsPort, path: '/api/login', method: 'POST', localAddress, agent },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    call.on('error', () => resolve(0));
    call.end(JSON.stringify({ username, password }));
  });
}

function newAgent(): Agent {
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  agents.push(agent);
  return agent;
}

/** Floods until told to stop; `counts` says how often which status came. */
function flood(address: string): { readonly counts: ReadonlyMap<number, number>; stop(): Promise<void> } {
  const agent = newAgent();
  const counts = new Map<number, number>();
  const open: Promise<void>[] = [];
  let going = true;
  const done = (async () => {
    for (let i = 0; going; i++) {
      open.push(
        login(`name${i}`, 'wrong', address, agent).then((status) => {
          counts.set(status, (counts.get(status) ?? 0) + 1);
        }),
      );
      await realPause(1000 / RATE);
    }
  })();
  return {
    counts,
    stop: async () => {
      going = false;
      await done;
      await Promise.all(open);
    },
  };
}

describe('fifty wrong logins a second under many names', () => {
  it.each([
    ['another address', '127.0.0.2'],
    ['the same address', '127.0.0.1'],
  ])(
    'from %s do not keep the administrator out',
    async (_, address) => {
      const attack = flood(address);
      const { counts } = attack;
      await until('attempts are turned away', TURNED_AWAY_WITHIN_MS, () => (counts.get(503) ?? 0) >= TURNED_AWAY);
      const statuses: number[] = [];
      let slowestMs = 0;
      for (let i = 0; i < TRIES; i++) {
        const began = performance.now();
        statuses.push(await login('admin', ADMIN_PASSWORD, '127.0.0.1', newAgent()));
        slowestMs = Math.max(slowestMs, performance.now() - began);
      }
      await attack.stop();
      expect(statuses).toEqual(Array.from({ length: TRIES }, () => 200));
      expect([...counts.keys()].sort()).toEqual([401, 503]);
      expect(slowestMs).toBeLessThan(GENEROUS_MS);
      expect(server.complaints).toEqual([]);
    },
    LIMIT_MS,
  );
});
