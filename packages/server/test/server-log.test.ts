import { type RealMs, VirtualClock } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ServerLog, serverLog } from '../src/server-log.ts';

type Line = Readonly<Record<string, unknown>>;

let clock: VirtualClock<RealMs>;
let lines: Line[];
let log: ServerLog;

beforeEach(() => {
  clock = new VirtualClock<RealMs>();
  lines = [];
  log = serverLog('info', clock, { write: (text) => lines.push(JSON.parse(text) as Line) });
});

const wrongKey = (devEui: string): void =>
  log.network({ level: 'warn', message: 'join-request with a wrong key', fields: { devEui } });

const total = (): number => lines.reduce((sum, { count }) => sum + (typeof count === 'number' ? count : 1), 0);

describe('the log', () => {
  it('has one line a minute for what a stranger does 5,000 times a second, counted to the last', async () => {
    for (let tenth = 0; tenth < 1_200; tenth++) {
      for (let i = 0; i < 500; i++) wrongKey('0080000000000001');
      await clock.advance(100);
    }
    log.flush();
    expect(lines).toMatchObject([
      { level: 40, part: 'network', msg: 'join-request with a wrong key', devEui: '0080000000000001' },
      { msg: 'join-request with a wrong key', devEui: '0080000000000001', count: 299_999, seconds: 60 },
      { msg: 'join-request with a wrong key', devEui: '0080000000000001', count: 300_000, seconds: 60 },
    ]);
    expect(lines[0]).not.toHaveProperty('count');
    expect(total()).toBe(600_000);
  });

  it('is bounded when the stranger invents sources, and names none of them for all', () => {
    for (let i = 0; i < 20_000; i++) wrongKey(`invented ${i}`);
    log.flush();
    expect(lines).toHaveLength(33);
    expect(lines.at(-1)).toMatchObject({ source: 'others', count: 19_968 });
    expect(lines.at(-1)).not.toHaveProperty('devEui');
    expect(total()).toBe(20_000);
  });

  it('takes entries as alike whose numbers differ, not those whose texts do', () => {
    for (let devNonce = 0; devNonce < 100; devNonce++) {
      log.network({ level: 'warn', message: 'used nonce', fields: { devEui: 'A', devNonce } });
    }
    log.network({ level: 'warn', message: 'not sent', fields: { devEui: 'A', error: 'TOO_LATE' } });
    log.network({ level: 'warn', message: 'not sent', fields: { devEui: 'A', error: 'no-window' } });
    log.network({ level: 'warn', message: 'dropped', fields: { address: 'B' }, count: 466 });
    expect(lines.map(({ msg, count }) => [msg, count])).toEqual([
      ['used nonce', undefined],
      ['not sent', undefined],
      ['not sent', undefined],
      ['dropped', 466],
    ]);
    log.flush();
    expect(total()).toBe(100 + 2 + 466);
  });

  it('sums up failures of requests that somebody repeats; the first keeps its reference', () => {
    for (let i = 0; i < 50; i++) {
      const error = new Error('disk full');
      log.api({ event: 'failure', reference: `ref-${i}`, method: 'POST', path: '/api/login', error });
    }
    log.flush();
    expect(lines).toMatchObject([
      { level: 50, part: 'api', reference: 'ref-0', path: '/api/login', err: { message: 'disk full' } },
      { reference: 'ref-49', count: 49 },
    ]);
  });

  it('has every line of what the server does on its own account', () => {
    for (let i = 0; i < 100; i++) log.campaign({ level: 'info', message: 'device is done', fields: { devEui: 'A' } });
    expect(lines).toHaveLength(100);
  });
});
