import { commissionAdmin, hashPassword, saveUser, verifyPassword } from '@airlift/api';
import { Rng } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { Harness, PASSWORDS, TEST_COST } from './harness.ts';

let harness: Harness;

beforeEach(async () => {
  harness = await Harness.make();
});

const login = (password: string, username = 'admin', remoteAddress = '127.0.0.1') =>
  harness.api.app.inject({ method: 'POST', url: '/api/login', payload: { username, password }, remoteAddress });

describe('login', () => {
  it('case 1: good credentials give a token in body and cookie', async () => {
    const response = await login(PASSWORDS.admin);
    expect(response.statusCode).toBe(200);
    const body = response.json();
    expect(body).toEqual({
      code: 200,
      result: {
        address: '127.0.0.1',
        permission: 'admin',
        port: expect.stringMatching(/^\d+$/),
        timestamp: '2026-01-01T00:00:00Z',
        token: expect.stringMatching(/^[0-9A-F]{64}$/),
        user: 'admin',
        username: 'admin',
      },
      status: 'success',
    });
    expect(Object.keys(body)).toEqual(['code', 'result', 'status']);
    const cookie = String(response.headers['set-cookie']);
    const [value, ...attributes] = cookie.split('; ');
    expect(value).toBe(`token=${body.result.token}`);
    // Plain HTTP: no Secure.
    expect(attributes.sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict']);
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', undefined, 'nonsense', 'multipart/form-data'])(
    'case 2: JSON is read whatever the content type, here %s',
    async (contentType) => {
      const response = await harness.api.app.inject({
        method: 'POST',
        url: '/api/login',
        ...(contentType === undefined ? {} : { headers: { 'content-type': contentType } }),
        payload: Buffer.from(JSON.stringify({ username: 'admin', password: PASSWORDS.admin })),
      });
      expect(response.json()).toMatchObject({ code: 200, result: { user: 'admin' } });
    },
  );

  it.each(['GET', 'POST'] as const)('case 3: %s with the credentials in the query', async (method) => {
    const query = new URLSearchParams({ username: 'admin', password: PASSWORDS.admin }).toString();
    const response = await harness.api.app.inject({ method, url: `/api/login?${query}` });
    expect(response.json()).toMatchObject({ code: 200, result: { user: 'admin', permission: 'admin' } });
    expect(JSON.stringify(harness.log)).not.toContain('correct');
  });

  it('case 4: a wrong password says how many attempts remain', async () => {
    const response = await login('wrong');
    expect(response.statusCode).toBe(401);
    expect(response.json()).toEqual({
      code: 401,
      error: 'authorize failed. 2 attempts remaining.',
      status: 'fail',
    });
    expect(response.headers['set-cookie']).toBeUndefined();
  });

  it('case 5: after three failures even the right password is refused, for 300 s', async () => {
    const errors: string[] = [];
    for (let i = 0; i < 3; i++) errors.push((await login('wrong')).json().error);
    expect(errors).toEqual([
      'authorize failed. 2 attempts remaining.',
      'authorize failed. 1 attempts remaining.',
      'authorize failed. 0 attempts remaining.',
    ]);
    const locked = await login(PASSWORDS.admin);
    expect(locked.statusCode).toBe(401);
    expect(locked.json().error).toBe('authorize failed. 0 attempts remaining. Locked for 300 seconds.');
    await harness.clock.advance(299_500);
    expect((await login(PASSWORDS.admin)).json().error).toContain('Locked for 1 seconds.');
    // Others are not locked.
    expect((await login(PASSWORDS.guest, 'guest')).statusCode).toBe(200);
    await harness.clock.advance(500);
    expect((await login('wrong')).json().error).toBe('authorize failed. 2 attempts remaining.');
    expect((await login(PASSWORDS.admin)).statusCode).toBe(200);
    expect((await login('wrong')).json().error).toBe('authorize failed. 2 attempts remaining.');
  });

  it('answers for names nobody has as for others', async () => {
    const errors: string[] = [];
    for (let i = 0; i < 4; i++) errors.push((await login('wrong', 'nobody')).json().error);
    expect(errors).toEqual([
      'authorize failed. 2 attempts remaining.',
      'authorize failed. 1 attempts remaining.',
      'authorize failed. 0 attempts remaining.',
      'authorize failed. 0 attempts remaining. Locked for 300 seconds.',
    ]);
  });

  it('does not let parallel guesses outrun the count', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => login(`guess ${i}`)));
    const failed = answers.filter((answer) => !answer.json().error.includes('Locked'));
    expect(failed).toHaveLength(3);
    expect((await login(PASSWORDS.admin)).statusCode).toBe(401);
  });

  it('locks nobody out because of what comes from elsewhere', async () => {
    for (let i = 0; i < 4; i++) await login('wrong', 'admin', '192.0.2.1');
    expect((await login(PASSWORDS.admin, 'admin', '192.0.2.1')).json().error).toContain('Locked');
    // The same client in another spelling.
    expect((await login(PASSWORDS.admin, 'admin', '::ffff:192.0.2.1')).json().error).toContain('Locked');
    expect((await login(PASSWORDS.admin, 'admin', '192.0.2.2')).statusCode).toBe(200);
    // To succeed elsewhere ends no lock.
    expect((await login(PASSWORDS.admin, 'admin', '192.0.2.1')).json().error).toContain('Locked');
  });

  it('turns attempts away when too many wait, and lets the right password in all the same', async () => {
    const attempts = Array.from({ length: 600 }, (_, i) => login('wrong', `name${i}`));
    const admin = login(PASSWORDS.admin);
    expect((await admin).statusCode).toBe(200);
    await harness.clock.advance(60_000);
    const codes = new Set((await Promise.all(attempts)).map((answer) => answer.statusCode));
    expect([...codes].sort()).toEqual([401, 503]);
  });

  it('case 6: on an uncommissioned server login is a conflict', async () => {
    harness = await Harness.make({ commissioned: false });
    const response = await login('whatever');
    expect(response.json()).toEqual({ code: 409, error: 'Device in commissioning mode', status: 'fail' });
    expect(response.statusCode).toBe(409);
  });

  it.each(['not json', '{"username":"admin"}', '{"password":"x"}', '[]', '""', '{"username":1,"password":2}', '{}'])(
    'case 7: the body %s is refused',
    async (payload) => {
      const response = await harness.api.app.inject({ method: 'POST', url: '/api/login', payload });
      expect(response.statusCode).toBe(400);
      expect(response.json()).toMatchObject({ code: 400, status: 'fail' });
    },
  );

  it('case 7: no credentials at all are refused', async () => {
    for (const method of ['GET', 'POST'] as const) {
      const response = await harness.api.app.inject({ method, url: '/api/login' });
      expect(response.json()).toMatchObject({ code: 400, status: 'fail' });
    }
  });
});

describe('sessions', () => {
  it('case 8: without a session everything under /api/lora is unauthorized', async () => {
    for (const url of ['/api/lora/fotaprogress', '/api/lora/nope', '/api/lora/operations', '/api/command/x']) {
      const response = await harness.call(undefined, 'GET', url);
      expect(response.statusCode).toBe(401);
      expect(response.json()).toEqual({ code: 401, error: 'Unauthorized', status: 'fail' });
    }
  });

  it.each(['x', '', 'A6C2C501BA925D19BE24DFAA98BD321', 'F'.repeat(64), '%00', 'a'.repeat(64)])(
    'case 9: the token %j is unauthorized',
    async (token) => {
      expect((await harness.call(token, 'GET', '/api/lora/fotaprogress')).statusCode).toBe(401);
    },
  );

  it('case 9: an expired token is unauthorized', async () => {
    const token = await harness.token();
    await harness.clock.advance(1_800_000);
    expect((await harness.call(token, 'GET', '/api/lora/fotaprogress')).statusCode).toBe(401);
  });

  it('slides with every request', async () => {
    const token = await harness.token();
    for (let i = 0; i < 4; i++) {
      await harness.clock.advance(1_700_000);
      expect((await harness.call(token, 'GET', '/api/lora/fotaprogress')).statusCode).toBe(200);
    }
  });

  it('case 86: inactivity=true does not prolong the session', async () => {
    const token = await harness.token();
    await harness.clock.advance(1_700_000);
    expect((await harness.call(token, 'GET', '/api/lora/fotaprogress?inactivity=true')).statusCode).toBe(200);
    await harness.clock.advance(100_000);
    expect((await harness.call(token, 'GET', '/api/lora/fotaprogress')).statusCode).toBe(401);
  });

  it('has a configurable timeout of at least 60 s', async () => {
    await expect(Harness.make({ config: { timeoutSeconds: 59 } })).rejects.toMatchObject({ code: 'config-invalid' });
    harness = await Harness.make({ config: { timeoutSeconds: 60 } });
    const token = await harness.token();
    await harness.clock.advance(59_000);
    expect((await harness.call(token, 'GET', '/api/whoami')).statusCode).toBe(200);
    await harness.clock.advance(60_000);
    expect((await harness.call(token, 'GET', '/api/whoami')).statusCode).toBe(401);
  });

  it('takes the token from the cookies `token` and `session` and from the query', async () => {
    const token = await harness.token();
    const status = async (request: { cookies?: Record<string, string>; query?: Record<string, string> }) =>
      (await harness.api.app.inject({ method: 'GET', url: '/api/whoami', ...request })).statusCode;
    expect(await status({ cookies: { token } })).toBe(200);
    expect(await status({ cookies: { session: token } })).toBe(200);
    expect(await status({ query: { token } })).toBe(200);
    expect(await status({ cookies: { token: 'stale' }, query: { token } })).toBe(200);
    expect(await status({ cookies: { PHPSESSID: token } })).toBe(401);
    expect(await status({ query: { token: token.toLowerCase() } })).toBe(401);
  });

  it.each(['GET', 'POST'])('case 10: after %s /api/logout the cookie is worth nothing', async (method) => {
    const token = await harness.token();
    const response = await harness.call(token, method, '/api/logout');
    expect(response.body).toBe('{"code":200,"status":"success"}');
    expect(String(response.headers['set-cookie'])).toMatch(/^token=; .*Expires=Thu, 01 Jan 1970/);
    expect((await harness.call(token, 'GET', '/api/whoami')).statusCode).toBe(401);
    expect((await harness.call(token, method, '/api/logout')).statusCode).toBe(401);
  });

  it('logoutUser ends the sessions of another of no greater power', async () => {
    const [admin, user, guest] = [
      await harness.token('admin'),
      await harness.token('user'),
      await harness.token('guest'),
    ];
    expect((await harness.call(user, 'POST', '/api/logout?logoutUser=admin')).statusCode).toBe(403);
    expect((await harness.call(user, 'POST', '/api/logout?logoutUser=nobody')).statusCode).toBe(404);
    expect((await harness.call(user, 'GET', '/api/logout?logoutUser=guest')).statusCode).toBe(200);
    expect((await harness.call(guest, 'GET', '/api/whoami')).statusCode).toBe(401);
    expect((await harness.call(admin, 'GET', '/api/whoami')).statusCode).toBe(200);
    expect((await harness.call(user, 'GET', '/api/whoami')).statusCode).toBe(200);
  });

  it('follow the role of their user, and end with the user', async () => {
    const { accounts } = harness.ports;
    const token = await harness.token('admin');
    const status = async (method: string, url: string) => (await harness.call(token, method, url)).statusCode;
    expect(await status('GET', '/api/loraNetwork/whitelist/devices')).toBe(200);
    const admin = await accounts.user('admin');
    if (admin === undefined) throw new Error('no admin');
    await accounts.saveUser({ ...admin, role: 'guest' });
    expect((await harness.call(token, 'GET', '/api/whoami')).json().result.permission).toBe('guest');
    expect(await status('DELETE', '/api/loraNetwork/whitelist/devices')).toBe(403);
    await accounts.removeUser('admin');
    expect(await status('GET', '/api/whoami')).toBe(401);
    await accounts.saveUser(admin);
    expect(await status('GET', '/api/whoami')).toBe(401);
  });

  it('case 11: whoami', async () => {
    const token = await harness.token('user');
    expect((await harness.call(token, 'GET', '/api/whoami')).json()).toEqual({
      code: 200,
      result: {
        address: '127.0.0.1',
        permission: 'user',
        port: expect.stringMatching(/^\d+$/),
        timestamp: '2026-01-01T00:00:00Z',
        token,
        user: 'user',
      },
      status: 'success',
    });
    expect((await harness.call(token, 'GET', '/api/session')).json().result).toEqual({
      role: 'user',
      timeout: 1800,
      username: 'user',
    });
  });

  it('keeps neither tokens nor passwords, in no store and in no log', async () => {
    const token = await harness.token();
    await harness.call(token, 'GET', `/api/whoami?token=${token}`);
    await login('wrong horse');
    const kept = harness.ports.accounts.dump() + JSON.stringify(harness.log);
    expect(kept).not.toContain(token);
    expect(kept).not.toContain('horse');
    expect(harness.log.map((entry) => entry.event)).toEqual(['request', 'request', 'request']);
    expect(harness.log[1]).toMatchObject({ method: 'GET', path: '/api/whoami', status: 200, user: 'admin' });
  });

  it('refuses changes that a browser sends from another site', async () => {
    const token = await harness.token();
    const status = async (method: 'GET' | 'POST', url: string, site: string) =>
      (await harness.api.app.inject({ method, url, cookies: { token }, headers: { 'sec-fetch-site': site } }))
        .statusCode;
    expect(await status('POST', '/api/lora/fota', 'cross-site')).toBe(403);
    expect(await status('POST', '/api/lora/fota', 'same-site')).toBe(403);
    expect(await status('POST', '/api/login', 'cross-site')).toBe(403);
    expect(await status('GET', '/api/logout', 'cross-site')).toBe(403);
    expect(await status('GET', '/api/whoami', 'cross-site')).toBe(200);
    expect(await status('POST', '/api/lora/fota', 'same-origin')).toBe(400);
    expect(await status('POST', '/api/logout', 'none')).toBe(200);
  });
});

describe('public calls', () => {
  it('case 12: policy and commissioning need no session', async () => {
    expect((await harness.call(undefined, 'GET', '/api/policy')).json().result.policy).toMatch(/authorized users/);
    expect((await harness.call(undefined, 'GET', '/api/commissioning')).json().result).toEqual({ commissioned: true });
    harness = await Harness.make({ commissioned: false });
    expect((await harness.call(undefined, 'GET', '/api/commissioning')).json().result).toEqual({ commissioned: false });
  });

  it('commissioning creates the administrator once', async () => {
    harness = await Harness.make({ commissioned: false });
    const commission = (body: unknown) => harness.call(undefined, 'POST', '/api/commissioning', body);
    expect((await commission({ password: 'short' })).statusCode).toBe(400);
    expect((await commission({})).statusCode).toBe(400);
    expect((await commission({ password: 'x'.repeat(257) })).statusCode).toBe(400);
    expect((await commission({ username: 'a b', password: 'long enough' })).statusCode).toBe(400);
    const both = await Promise.all([commission({ password: 'long enough' }), commission({ password: 'also enough' })]);
    expect(both.map((response) => response.statusCode).sort()).toEqual([200, 409]);
    expect(both.find((response) => response.statusCode === 200)?.body).toBe('{"code":200,"status":"success"}');
    expect((await commission({ password: 'long enough' })).json().error).toBe('Device already commissioned');
    const winner = both[0]?.statusCode === 200 ? 'long enough' : 'also enough';
    expect((await login(winner)).json().result.permission).toBe('admin');
  });
});

describe('provisioning', () => {
  it('commissions once', async () => {
    harness = await Harness.make({ commissioned: false });
    expect(await commissionAdmin(harness.ports, 'first password', { cost: TEST_COST })).toBe(true);
    expect(await commissionAdmin(harness.ports, 'second password', { cost: TEST_COST })).toBe(false);
    await expect(commissionAdmin(harness.ports, 'short')).rejects.toMatchObject({ code: 'password-weak' });
    expect((await login('first password')).statusCode).toBe(200);
  });

  it('a new password ends the sessions of before', async () => {
    const token = await harness.token('user');
    await saveUser(harness.ports, { name: 'user', role: 'guest', password: 'another one' }, { cost: TEST_COST });
    expect((await harness.call(token, 'GET', '/api/whoami')).statusCode).toBe(401);
    expect((await login('another one', 'user')).json().result.permission).toBe('guest');
    await expect(
      saveUser(harness.ports, { name: 'a b', role: 'guest', password: 'another one' }),
    ).rejects.toMatchObject({ code: 'parameters-invalid' });
  });
});

describe('password hashes', () => {
  it('verify the password and no other, at the real cost', async () => {
    const kept = await hashPassword('pässword', { entropy: new Rng('salt') });
    expect(kept).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    expect(await verifyPassword('pässword', kept)).toBe(true);
    // The same letters composed otherwise.
    expect(await verifyPassword('pa\u0308ssword', kept)).toBe(true);
    expect(await verifyPassword('password', kept)).toBe(false);
    expect(await verifyPassword('', kept)).toBe(false);
  });

  it('are salted', async () => {
    const a = await hashPassword('password', { entropy: new Rng(1), cost: TEST_COST });
    const b = await hashPassword('password', { entropy: new Rng(1), cost: TEST_COST });
    const c = await hashPassword('password', { entropy: new Rng(2), cost: TEST_COST });
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  it.each(['', 'plain', '$scrypt$ln=30,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA'])(
    'refuse the damaged text %j',
    async (kept) => {
      await expect(verifyPassword('x', kept)).rejects.toMatchObject({ kind: 'bug' });
    },
  );
});
