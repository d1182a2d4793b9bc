import { parseEui64, utcMs } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import { Harness, PASSWORDS } from './harness.ts';

const OK = '{"code":200,"status":"success"}';
const WHITELIST = '/api/loraNetwork/whitelist/devices';
const T0 = utcMs(Date.UTC(2026, 0, 1));

let harness: Harness;
let token: string;

beforeEach(async () => {
  harness = await Harness.make();
  token = await harness.token();
});

const get = (path: string) => harness.call(token, 'GET', path);

describe('case 79: what can be seen', () => {
  it('status has the process identifiers', async () => {
    expect((await get('/api/lora/status')).json()).toEqual({
      code: 200,
      result: {
        'lora-basic-station': 0,
        'lora-cloud-connector': 0,
        'lora-lens-server': 0,
        'lora-network-server': 12811,
        'lora-packet-forwarder': [12845],
      },
      status: 'success',
    });
  });

  it('stats has the counters', async () => {
    harness.ports.fleetView.counters = { rx_pkts: 3953, tx_pkts: 3939 };
    expect((await get('/api/lora/stats')).json().result).toEqual({ rx_pkts: 3953, tx_pkts: 3939 });
  });

  it('gateways is a list, and one can be asked for', async () => {
    expect((await get('/api/lora/gateways')).json().result).toEqual([]);
    harness.ports.fleetView.gatewayList = [
      {
        gatewayEui: parseEui64('008000000000a0b1'),
        address: '192.0.2.9',
        port: 40112,
        lastSeenAt: T0,
        version: '2',
        received: 10,
        receivedOk: 9,
        forwarded: 8,
        crcErrors: 1,
        micFailures: 2,
        uplinks: 7,
        downlinks: 6,
        transmitted: 5,
        ackRate: 0.5,
        proven: true,
        conflict: { count: 12, address: '203.0.113.9', port: 4242, at: T0 },
        drops: { 'rxpk-crc': 3 },
      },
    ];
    const shown = {
      ack_rate: 0.5,
      conflict_ip_addr: '203.0.113.9',
      conflict_ip_port: 4242,
      conflict_last_seen: '2026-01-01T00:00:00Z',
      conflicts: 12,
      crc_errors: 1,
      downlink_count: 6,
      downlinks: 6,
      drops: { 'rxpk-crc': 3 },
      gweui: '00-80-00-00-00-00-a0-b1',
      ip_addr: '192.0.2.9',
      ip_port: 40112,
      last_seen: '2026-01-01T00:00:00Z',
      mic_fails: 2,
      proven: true,
      rx_count: 10,
      rx_forwarded: 8,
      rx_ok: 9,
      tx_count: 5,
      uplinks: 7,
      version: '2',
    };
    expect((await get('/api/lora/gateways')).json().result).toEqual([shown]);
    expect((await get('/api/lora/gateways/00-80-00-00-00-00-A0-B1')).json().result).toEqual(shown);
    for (const unknown of ['0080000000000000', 'x']) {
      const response = await get(`/api/lora/gateways/${unknown}`);
      expect(response.json()).toEqual({ code: 404, error: 'Gateway not found', status: 'fail' });
    }
  });

  it('devices is a list that can be read in parts', async () => {
    harness.ports.fleetView.deviceList = [1, 2, 3].map((n) => ({
      devEui: parseEui64(`008000ff0000000${n}`),
      name: `sensor ${n}`,
      deviceClass: 'A' as const,
      createdAt: T0,
      lastSeenAt: n === 1 ? T0 : undefined,
      lastDevNonce: n === 1 ? 5 : undefined,
      lastJoinNonce: n === 1 ? 6 : undefined,
      joinCount: n === 1 ? 3 : 0,
    }));
    const list = async (query: string) =>
      (await get(`/api/lora/devices${query}`)).json<{ result: { name: string }[] }>();
    expect((await list('')).result).toHaveLength(3);
    expect((await list('')).result[0]).toEqual({
      class: 'A',
      created_at: '2026-01-01T00:00:00Z',
      deveui: '00-80-00-ff-00-00-00-01',
      firmware_version: '',
      hardware_version: '',
      last_app_nonce: 6,
      last_nonce: 5,
      last_seen: '2026-01-01T00:00:00Z',
      name: 'sensor 1',
      product_id: '',
      rejoin_count: 2,
      serial_number: '',
      tags: '',
    });
    expect((await list('')).result[1]).toMatchObject({ last_seen: '', last_nonce: '', last_app_nonce: '' });
    expect((await list('?limit=1&offset=1')).result.map((device) => device.name)).toEqual(['sensor 2']);
    expect((await list('?limit=0')).result).toEqual([]);
    expect((await list('?offset=9')).result).toEqual([]);
    for (const query of ['?limit=-1', '?limit=x', '?offset=1.5', '?limit=1&limit=2']) {
      expect((await get(`/api/lora/devices${query}`)).statusCode).toBe(400);
    }
  });
});

describe('case 80: paths and methods', () => {
  it('an unknown path is not found', async () => {
    for (const path of ['/api/lora/nope', '/api', '/api/lora/', '/api/lora/fotaschedule/a/b', '/api/LORA/fota']) {
      const response = await get(path);
      expect(response.statusCode).toBe(404);
      expect(response.json()).toEqual({ code: 404, error: 'Path not found', status: 'fail' });
    }
    expect((await harness.call(undefined, 'GET', '/nope')).json().error).toBe('Path not found');
  });

  it.each([
    ['PUT', '/api/lora/fotaprogress'],
    ['PATCH', '/api/lora/fota'],
    ['GET', '/api/command/upload_lora_fota_file'],
    ['POST', '/api/lora/fotaschedule/x'],
    ['OPTIONS', '/api/lora/mcm'],
    ['POST', `${WHITELIST}/0`],
  ])('%s %s is not allowed', async (method, path) => {
    const response = await harness.call(token, method, path);
    expect(response.statusCode).toBe(405);
    expect(response.json()).toEqual({ code: 405, error: 'Method not allowed', status: 'fail' });
    expect(response.headers.allow).toMatch(/[A-Z]/);
  });

  it.each(['', '{', '[]', 'x'])('unknown paths and wrong methods are told whatever the body: %j', async (payload) => {
    const types = ['application/json', 'text/plain', 'multipart/form-data', 'a/b', '???', 'application/json; charset='];
    for (const [method, url, status] of [
      ['POST', '/api/lora/nothing', 404],
      ['PUT', '/api', 404],
      ['POST', '/', 404],
      ['DELETE', '/elsewhere', 404],
      ['PUT', '/api/lora/fota', 405],
      ['PATCH', '/api/command/upload_lora_fota_file', 405],
      ['POST', '/api/whoami', 405],
    ] as const) {
      for (const type of types) {
        const headers = { 'content-type': type };
        const response = await harness.api.app.inject({ method, url, payload, headers, cookies: { token } });
        expect([type, response.statusCode, response.json().code]).toEqual([type, status, status]);
      }
    }
    expect(harness.log.filter(({ event }) => event === 'failure')).toEqual([]);
  });

  it('a wrong method on a public path needs no session', async () => {
    expect((await harness.call(undefined, 'DELETE', '/api/login')).statusCode).toBe(405);
    expect((await harness.call(undefined, 'DELETE', '/api/whoami')).statusCode).toBe(401);
  });

  it('a trailing slash and HEAD are forgiven', async () => {
    expect((await get('/api/lora/fotaprogress/')).statusCode).toBe(200);
    const head = await harness.call(token, 'HEAD', '/api/lora/fotaprogress');
    expect(head.statusCode).toBe(200);
    expect(head.body).toBe('');
    expect((await harness.call(undefined, 'HEAD', '/api/lora/fotaprogress')).statusCode).toBe(401);
  });

  it('a path that cannot be decoded is answered in the envelope', async () => {
    const response = await get('/api/lora/fotaschedule/%zz');
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({ code: 400, status: 'fail' });
  });

  it('every answer forbids caching, sniffing and framing', async () => {
    for (const path of ['/api/policy', '/api/lora/nope', '/api/lora/fotaprogress']) {
      const { headers } = await get(path);
      expect(headers).toMatchObject({
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
        'content-type': 'application/json; charset=utf-8',
      });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });
});

describe('whitelist', () => {
  const DEVICE = {
    deveui: '0001223344556677',
    class: 'A',
    appeui: '0011223344556677',
    appkey: '00112233445566770011223344556677',
  };
  const SHOWN = {
    appeui: '00-11-22-33-44-55-66-77',
    appkey: '00112233445566770011223344556677',
    class: 'A',
    deveui: '00-01-22-33-44-55-66-77',
    name: '',
  };
  const add = (members: object = {}) => harness.call(token, 'POST', WHITELIST, { ...DEVICE, ...members });
  const list = async () => (await get(WHITELIST)).json().result;

  it('adds and lists devices', async () => {
    expect(await list()).toEqual([]);
    expect((await add()).body).toBe(OK);
    const full = {
      deveui: '00-01-22-33-44-55-66-78',
      name: 'valve',
      joineui: '70-B3-D5-00-00-00-00-01',
      appeui: undefined,
      class: 'C',
      appkey: '00-11-22-33-44-55-66-77-00-11-22-33-44-55-66-FF',
      genappkey: 'FFEEDDCCBBAA99887766554433221100',
      device_profile_id: 'LW102-OTA-US915',
      network_profile_id: 3,
      fuota_profile: 'standard',
      unknown: 1,
    };
    expect((await add(full)).body).toBe(OK);
    expect(await list()).toEqual([
      SHOWN,
      {
        appeui: '70-b3-d5-00-00-00-00-01',
        appkey: '001122334455667700112233445566ff',
        class: 'C',
        deveui: '00-01-22-33-44-55-66-78',
        device_profile_id: 'LW102-OTA-US915',
        fuota_profile: 'standard',
        genappkey: 'ffeeddccbbaa99887766554433221100',
        name: 'valve',
        network_profile_id: '3',
      },
    ]);
    expect((await get(`${WHITELIST}/0`)).json().result).toEqual(SHOWN);
  });

  it('refuses a device twice', async () => {
    await add();
    const response = await add({ deveui: '00-01-22-33-44-55-66-77' });
    expect(response.json()).toEqual({ code: 409, error: 'Device already exists', status: 'fail' });
  });

  it.each([
    [{ deveui: 'x' }, 'Invalid device EUI format'],
    [{ appeui: '00' }, 'Invalid device EUI format'],
    [{ deveui: undefined }, 'Invalid parameters: [deveui] property is not set'],
    [{ appkey: undefined }, 'Invalid parameters: [appkey] property is not set'],
    [{ appkey: '00' }, 'Invalid parameters: appkey must be 16 octets in hexadecimal'],
    [{ appkey: 5 }, 'Invalid parameters: appkey must be 16 octets in hexadecimal'],
    [{ genappkey: 'zz' }, 'Invalid parameters: genappkey must be 16 octets in hexadecimal'],
    [{ class: 'D' }, 'Invalid parameters: class must be "A", "B" or "C"'],
    [{ device_profile_id: {} }, 'Invalid parameters: device_profile_id must be a name'],
  ])('refuses %j', async (members, error) => {
    const response = await add(members);
    expect(response.json()).toEqual({ code: 400, error, status: 'fail' });
    expect(await list()).toEqual([]);
  });

  it('changes a device by index or EUI, keeping what is not said', async () => {
    await add({ genappkey: 'FFEEDDCCBBAA99887766554433221100' });
    const put = (where: string, body: object) => harness.call(token, 'PUT', `${WHITELIST}/${where}`, body);
    expect((await put('0', { name: 'pump' })).body).toBe(OK);
    expect((await put('00:01:22:33:44:55:66:77', { class: 'C', genappkey: '' })).body).toBe(OK);
    expect(await list()).toEqual([{ ...SHOWN, name: 'pump', class: 'C' }]);
    expect((await put('0', { deveui: '00-01-22-33-44-55-66-77', name: 'p' })).body).toBe(OK);
    expect((await put('1', { name: 'x' })).statusCode).toBe(404);
    expect((await put('0001223344556699', { name: 'x' })).statusCode).toBe(404);
  });

  it('never changes one device into another', async () => {
    await add();
    await add({ deveui: '0001223344556688', appkey: 'ffeeddccbbaa99887766554433221100' });
    const before = await list();
    for (const where of ['0', '0001223344556677']) {
      for (const deveui of ['0001223344556688', '0001223344556699']) {
        const body = { deveui, appkey: '0f0e0d0c0b0a09080706050403020100' };
        const response = await harness.call(token, 'PUT', `${WHITELIST}/${where}`, body);
        expect(response.json()).toEqual({ code: 409, error: 'Device EUI cannot be changed', status: 'fail' });
      }
    }
    expect(await list()).toEqual(before);
  });

  it('removes by index, by EUI and all', async () => {
    for (const last of ['1', '2', '3', '4']) await add({ deveui: `000000000000000${last}` });
    const remove = (where: string) => harness.call(token, 'DELETE', `${WHITELIST}${where}`);
    expect((await remove('/0')).body).toBe(OK);
    // Sixteen decimal digits are an EUI.
    expect((await remove('/0000000000000002')).body).toBe(OK);
    expect((await list()).map((device: { deveui: string }) => device.deveui.slice(-1))).toEqual(['3', '4']);
    for (const unknown of ['/2', '/0000000000000009', '/-1', '/x', '/1e1']) {
      expect((await remove(unknown)).json()).toEqual({ code: 404, error: 'Device not found', status: 'fail' });
    }
    expect((await remove('')).body).toBe(OK);
    expect(await list()).toEqual([]);
  });

  it('never shows keys to a monitor', async () => {
    await add();
    const guest = await harness.token('guest');
    for (const path of [WHITELIST, `${WHITELIST}/0`, '/api/lora/devices']) {
      expect((await harness.call(guest, 'GET', path)).body).not.toContain(DEVICE.appkey);
    }
    expect(JSON.stringify(harness.log)).not.toContain(DEVICE.appkey);
  });
});

describe('failures of our own', () => {
  it('are told with a reference only, which the log explains', async () => {
    harness.ports.fleetView.stats = async () => {
      throw new Error('/var/lib/secret.db is broken');
    };
    const response = await get('/api/lora/stats');
    expect(response.statusCode).toBe(500);
    const { error } = response.json();
    expect(error).toMatch(/^Internal server error\. Reference: [0-9a-f]{12}$/);
    expect(response.body).not.toContain('secret');
    const entry = harness.log.find((one) => one.event === 'failure');
    expect(entry).toMatchObject({ path: '/api/lora/stats', reference: error.slice(-12) });
  });
});

describe('routes of others in the same application', () => {
  it('are guarded by role, with the same sessions', async () => {
    harness = await Harness.make();
    harness.api.app.get('/events', { onRequest: harness.api.guard(['admin', 'user']) }, async (request) => ({
      for: request.login?.userName,
    }));
    token = await harness.token('user');
    expect((await get('/events')).json()).toEqual({ for: 'user' });
    expect((await harness.call(await harness.token('guest'), 'GET', '/events')).json()).toEqual({
      code: 403,
      error: 'Forbidden',
      status: 'fail',
    });
    expect((await harness.call(undefined, 'GET', '/events')).statusCode).toBe(401);
  });
});

describe('behind a proxy', () => {
  const login = async (trustProxy: boolean) => {
    const made = await Harness.make({ config: { trustProxy } });
    return made.api.app.inject({
      method: 'POST',
      url: '/api/login',
      headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.5' },
      payload: { username: 'admin', password: PASSWORDS.admin },
    });
  };

  it('its word counts only when it is trusted', async () => {
    const trusted = await login(true);
    expect(trusted.headers['set-cookie']).toContain('Secure');
    expect(trusted.json().result.address).toBe('203.0.113.5');
    const untrusted = await login(false);
    expect(untrusted.headers['set-cookie']).not.toContain('Secure');
    expect(untrusted.json().result.address).toBe('127.0.0.1');
  });
});
