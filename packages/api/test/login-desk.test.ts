import { hashPassword } from '@airlift/api';
import { MemoryAccounts } from '@airlift/api/testing';
import { pause, type RealMs, Rng, VirtualClock } from '@airlift/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_API_CONFIG } from '../src/config.ts';
import { LoginDesk } from '../src/login-desk.ts';
import { NOBODYS_PASSWORD_HASH } from '../src/passwords.ts';

/** Virtual time that checking a password takes. */
const CHECK_MS = 200;
const ADMINS_HOME = '192.0.2.1';
const STRANGERS_HOME = '198.51.100.1';

/** How an attempt was answered: `in`, or the code and text of the error; and when. */
interface Answer {
  readonly text: string;
  readonly at: RealMs;
}

/** A desk in virtual time: whoever has the name, the password is the name. */
class World {
  readonly clock = new VirtualClock<RealMs>();
  readonly accounts = new MemoryAccounts();
  checks = 0;
  /** Checks of the password of somebody. */
  realChecks = 0;
  checksAtOnce = 0;
  mostChecksAtOnce = 0;
  #desk = this.#open();

  static async of(names: readonly string[]): Promise<World> {
    const world = new World();
    for (const name of ['operator', ...names]) {
      await world.accounts.saveUser({ name, role: 'admin', passwordHash: name });
    }
    return world;
  }

  /** What is in memory only is gone. */
  restart(): void {
    this.#desk = this.#open();
  }

  async login(username: string, password: string, address: string): Promise<Answer> {
    try {
      await this.#desk.login({ username, password }, { address, port: 1 });
      return { text: 'in', at: this.clock.now() };
    } catch (error) {
      const { code, message } = error as { readonly code: string; readonly message: string };
      return { text: `${code}: ${message}`, at: this.clock.now() };
    }
  }

  /** Sends `perSecond` attempts in every second of the span, each given the number of the attempt. */
  async flood(spanS: number, perSecond: number, attempt: (number: number) => Promise<Answer>): Promise<Answer[]> {
    const answers: Promise<Answer>[] = [];
    for (let i = 0; i < spanS * perSecond; i++) {
      answers.push(attempt(i));
      await this.clock.advance(1000 / perSecond);
    }
    await this.clock.advance(60_000);
    return Promise.all(answers);
  }

  #open(): LoginDesk {
    return new LoginDesk(
      this.accounts,
      this.clock,
      new Rng('login desk'),
      DEFAULT_API_CONFIG,
      async (password, kept) => {
        this.checks += 1;
        if (kept !== NOBODYS_PASSWORD_HASH) this.realChecks += 1;
        this.checksAtOnce += 1;
        this.mostChecksAtOnce = Math.max(this.mostChecksAtOnce, this.checksAtOnce);
        await pause(this.clock, CHECK_MS);
        this.checksAtOnce -= 1;
        return password === kept;
      },
    );
  }
}

describe('a flood of wrong logins', () => {
  const SPAN_S = 60;
  const PER_SECOND = 50;

  /** Answers to the administrator, who tries every two seconds while others flood; and the world after it. */
  async function adminDuring(
    strangersAddress: (i: number) => string,
    strangersName: (i: number) => string,
    before: (world: World) => Promise<void> = async () => {},
  ) {
    const world = await World.of(['admin']);
    await before(world);
    const admins: Promise<{ readonly text: string; readonly tookMs: number }>[] = [];
    const flood = await world.flood(SPAN_S, PER_SECOND, async (i) => {
      if (i % (2 * PER_SECOND) === PER_SECOND) {
        const began = world.clock.now();
        const answer = world.login('admin', 'admin', ADMINS_HOME);
        admins.push(answer.then(({ text, at }) => ({ text, tookMs: at - began })));
      }
      return world.login(strangersName(i), 'wrong', strangersAddress(i));
    });
    return { world, flood, admins: await Promise.all(admins) };
  }

  it.each([
    ['the same address', () => ADMINS_HOME],
    ['another address', () => STRANGERS_HOME],
    ['a thousand addresses', (i: number) => `198.51.${i % 4}.${(i >> 2) % 250}`],
  ])('under many names from %s lets the administrator in every time, at once', async (_, address) => {
    const { admins, flood, world } = await adminDuring(address, (i) => `name${i}`);
    expect(admins).toHaveLength(SPAN_S / 2);
    expect(new Set(admins.map(({ text }) => text))).toEqual(new Set(['in']));
    expect(Math.max(...admins.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(3 * CHECK_MS);
    expect(flood.some(({ text }) => text === 'in')).toBe(false);
    expect(world.mostChecksAtOnce).toBeLessThanOrEqual(2);
  });

  it('from one address is checked at one password a second in the end', async () => {
    const { world, admins } = await adminDuring(
      () => STRANGERS_HOME,
      (i) => `name${i}`,
    );
    expect(world.checks - admins.length).toBeLessThanOrEqual(20 + SPAN_S + 60);
    expect(world.checks - admins.length).toBeGreaterThanOrEqual(20);
  });

  it('under the name of the administrator from thousands of addresses does not keep a known address out', async () => {
    const { admins } = await adminDuring(
      (i) => `198.${i >> 8}.100.${i & 255}`,
      () => 'admin',
      async (world) => {
        const first = world.login('admin', 'admin', ADMINS_HOME);
        await world.clock.advance(CHECK_MS);
        expect((await first).text).toBe('in');
      },
    );
    expect(new Set(admins.map(({ text }) => text))).toEqual(new Set(['in']));
  });

  it('leaves no more guesses at a name than the open line and the reserve allow', async () => {
    const world = await World.of(['admin']);
    const flood = await world.flood(90, 50, (i) =>
      world.login(i % 5 === 4 ? 'admin' : `n${i}`, `x${i}`, STRANGERS_HOME),
    );
    expect(flood.some(({ text }) => text === 'in')).toBe(false);
    expect(world.realChecks).toBeGreaterThan(3);
    expect(world.realChecks).toBeLessThanOrEqual(6);
  });

  it('of right logins is let in completely', async () => {
    const world = await World.of(['admin']);
    const answers = Promise.all(Array.from({ length: 40 }, () => world.login('admin', 'admin', ADMINS_HOME)));
    await world.clock.advance(60_000);
    expect(new Set((await answers).map(({ text }) => text))).toEqual(new Set(['in']));
    expect(world.checks).toBeLessThanOrEqual(42);
  });
});

describe('names that exist and names that do not', () => {
  type Step =
    | { readonly kind: 'guess'; readonly name: string; readonly client: number }
    | { readonly kind: 'many'; readonly client: number; readonly count: number }
    | { readonly kind: 'wait'; readonly ms: number }
    | { readonly kind: 'operator'; readonly client: number }
    | { readonly kind: 'restart' };

  const client = fc.integer({ min: 1, max: 2 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('guess' as const), name: fc.constantFrom('x', 'y', 'z'), client }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('many' as const), client, count: fc.integer({ min: 1, max: 80 }) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 100, 900, 5_000, 301_000) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('operator' as const), client }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  );

  /** Every answer to wrong passwords with its instant, in the order of asking. */
  async function trace(existing: readonly string[], steps: readonly Step[]): Promise<readonly Answer[]> {
    const world = await World.of(existing);
    const answers: Promise<Answer>[] = [];
    let invented = 0;
    for (const one of steps) {
      if (one.kind === 'guess') answers.push(world.login(one.name, 'wrong', `192.0.2.${one.client}`));
      if (one.kind === 'many') {
        for (let i = 0; i < one.count; i++) {
          answers.push(world.login(`invented${invented++}`, 'wrong', `192.0.2.${one.client}`));
        }
      }
      if (one.kind === 'wait') await world.clock.advance(one.ms);
      if (one.kind === 'operator' || one.kind === 'restart') await world.clock.advance(120_000);
      if (one.kind === 'operator') {
        const right = world.login('operator', 'operator', `192.0.2.${one.client}`);
        await world.clock.advance(5_000);
        answers.push(right);
      }
      if (one.kind === 'restart') world.restart();
    }
    await world.clock.advance(120_000);
    return Promise.all(answers);
  }

  it('are answered with the same, at the same time, whatever is asked in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const nobody = await trace([], steps);
        expect(await trace(['x'], steps)).toEqual(nobody);
        expect(await trace(['x', 'y', 'z'], steps)).toEqual(nobody);
      }),
      { numRuns: 60 },
    );
  });

  it('stay locked alike after a thousand other names, and after a restart', async () => {
    const world = await World.of(['admin']);
    const guess = async (name: string): Promise<string> => {
      const answer = world.login(name, 'wrong', STRANGERS_HOME);
      await world.clock.advance(CHECK_MS);
      return (await answer).text;
    };
    for (const name of ['admin', 'nobody']) for (let i = 0; i < 3; i++) await guess(name);
    for (let i = 0; i < 1_010; i++) {
      // From everywhere, so that it takes less time than the lock.
      const other = world.login(`name${i}`, 'wrong', `203.0.113.${i % 250}`);
      await world.clock.advance(CHECK_MS);
      expect((await other).text).toContain('2 attempts remaining');
    }
    expect((await guess('admin')).replace(/\d+ sec/, '')).toBe((await guess('nobody')).replace(/\d+ sec/, ''));
    expect(await guess('nobody')).toContain('login-locked');
    world.restart();
    expect(await guess('admin')).toContain('login-locked');
    expect(await guess('nobody')).toContain('login-locked');
  });
});

describe('kept password hashes', () => {
  it('of nobody cost what others cost', async () => {
    const kept = await hashPassword('password', { entropy: new Rng('salt') });
    const cost = (text: string): string | undefined => text.split('$')[2];
    expect(cost(NOBODYS_PASSWORD_HASH)).toBe(cost(kept));
  });
});
