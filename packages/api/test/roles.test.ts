import { mayCall, OPERATIONS, type Operation, type Role } from '@airlift/contract';
import { beforeAll, describe, expect, it } from 'vitest';
import { FOTA_BODY, Harness } from './harness.ts';

/** The matrix of contract section 1.5 and the additive calls written out a second time, by hand: who may call what. */
const MATRIX = `
GET    /api/lora/status                              admin user guest
GET    /api/lora/stats                               admin user guest
GET    /api/lora/gateways                            admin user guest
GET    /api/lora/gateways/00-80-00-00-a0-00-00-01    admin user guest
GET    /api/lora/devices                             admin user guest
GET    /api/lora/fotaprogress                        admin user guest
GET    /api/lora/fotaschedule                        admin user guest
GET    /api/lora/fotaresults                         admin user guest
POST   /api/lora/fota                                admin user
POST   /api/lora/mcm                                 admin user
DELETE /api/lora/fotaschedule/none                   admin user
DELETE /api/lora/fotaresults/none                    admin user
POST   /api/lora/jobs/none/pause                     admin user
POST   /api/lora/jobs/none/resume                    admin user
POST   /api/lora/jobs/none/approve                   admin user
POST   /api/lora/jobs/none/abort                     admin user
POST   /api/lora/jobs/none/retry                     admin user
GET    /api/lora/jobs/none/log                       admin user guest
GET    /api/lora/jobs/none/frames                    admin user guest
POST   /api/command/upload_lora_fota_file            admin user
POST   /api/command/upload_lora_multicast            admin user
GET    /api/lora/operations
GET    /api/lora/apps
GET    /api/lora/multicast
GET    /api/loraNetwork/whitelist/devices            admin user
GET    /api/loraNetwork/whitelist/devices/0          admin user
POST   /api/loraNetwork/whitelist/devices            admin
PUT    /api/loraNetwork/whitelist/devices/0          admin
DELETE /api/loraNetwork/whitelist/devices/0          admin
DELETE /api/loraNetwork/whitelist/devices            admin
GET    /api/whoami                                   admin user guest
GET    /api/session                                  admin user guest
GET    /api/logout                                   admin user guest
POST   /api/logout                                   admin user guest
GET    /api/login                                    public
POST   /api/login                                    public
GET    /api/policy                                   public
GET    /api/commissioning                            public
POST   /api/commissioning                            public
`;

const ROLES: readonly (Role | undefined)[] = ['admin', 'user', 'guest', undefined];

const rows = MATRIX.trim()
  .split('\n')
  .map((line) => {
    const [method = '', url = '', ...allowed] = line.trim().split(/\s+/);
    return { method, url, allowed };
  });

const cases = rows.flatMap((row) => ROLES.map((role) => ({ ...row, role, shown: role ?? 'no session' })));

describe('role matrix', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await Harness.make();
  });

  it('names every call of the contract', () => {
    expect(rows).toHaveLength(Object.keys(OPERATIONS).length);
  });

  it.each(cases)('$method $url by $shown', async ({ method, url, allowed, role }) => {
    const token = role === undefined ? undefined : await harness.token(role);
    const { statusCode, body } = await harness.call(token, method, url);
    if (allowed.includes('public') || (role !== undefined && allowed.includes(role))) {
      expect([401, 403, 405]).not.toContain(statusCode);
      expect(body).not.toContain('Path not found');
    } else if (role === undefined) {
      expect(JSON.parse(body)).toEqual({ code: 401, error: 'Unauthorized', status: 'fail' });
      expect(statusCode).toBe(401);
    } else {
      expect(JSON.parse(body)).toEqual({ code: 403, error: 'Forbidden', status: 'fail' });
      expect(statusCode).toBe(403);
    }
  });

  it('case 13: a guest may not schedule', async () => {
    const token = await harness.token('guest');
    const response = await harness.call(token, 'POST', '/api/lora/fota', FOTA_BODY);
    expect(response.json()).toEqual({ code: 403, error: 'Forbidden', status: 'fail' });
  });

  it('case 14: a guest may look at the progress', async () => {
    const token = await harness.token('guest');
    expect((await harness.call(token, 'GET', '/api/lora/fotaprogress')).statusCode).toBe(200);
  });

  it.each(['operations', 'apps', 'multicast'])(
    'case 15: /api/lora/%s is forbidden even to administrators',
    async (name) => {
      const token = await harness.token();
      const response = await harness.call(token, 'GET', `/api/lora/${name}`);
      expect(response.json()).toEqual({ code: 403, error: 'Forbidden', status: 'fail' });
    },
  );

  it('never lets a weaker role do what a stronger may not', () => {
    for (const operation of Object.values(OPERATIONS) as Operation[]) {
      if (mayCall('guest', operation)) expect(mayCall('user', operation)).toBe(true);
      if (mayCall('user', operation)) expect(mayCall('admin', operation)).toBe(true);
      if (mayCall(undefined, operation)) expect(mayCall('guest', operation)).toBe(true);
    }
  });
});
