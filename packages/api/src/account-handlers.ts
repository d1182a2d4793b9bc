import {
  ACKNOWLEDGEMENT,
  atLeast,
  type CommissioningJson,
  contractError,
  loginShape,
  type PolicyJson,
  parseCommissioningBody,
  parseLoginBody,
  type SessionView,
  sessionShape,
  success,
  whoamiShape,
} from '@airlift/contract';
import type { Calendar, RealMs } from '@airlift/kernel';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiConfig } from './config.ts';
import { jsonBody } from './json-body.ts';
import type { LoginDesk } from './login-desk.ts';
import type { AccountStore } from './ports.ts';
import { commissionAdmin } from './provisioning.ts';
import { type Handler, loginOf, queryOf, queryText } from './request.ts';
import { ActiveLogin, type SessionDesk } from './session-desk.ts';

const COOKIE = 'token';

export interface AccountServices {
  readonly accounts: AccountStore;
  readonly loginDesk: LoginDesk;
  readonly sessions: SessionDesk;
  readonly calendar: Calendar<RealMs>;
  readonly config: ApiConfig;
}

/** Login, logout and who one is (contract sections 1.2 and 1.3). */
export function accountHandlers({ accounts, loginDesk, sessions, calendar, config }: AccountServices) {
  const viewOf = ({ userName, role, address, port, createdAt, token }: ActiveLogin): SessionView => ({
    userName,
    role,
    address,
    port,
    createdAt: calendar.dateOf(createdAt),
    token,
  });
  const login: Handler = async (request, reply) => {
    // Credentials come as JSON, or in the query when there is no body.
    const credentials = parseLoginBody(jsonBody(request) ?? queryOf(request));
    const { token, session } = await loginDesk.login(credentials, {
      address: addressOf(request),
      port: request.socket.remotePort ?? 0,
    });
    setCookie(request, reply, token);
    return success(loginShape(viewOf(new ActiveLogin(token, session))));
  };

  const logout: Handler = async (request, reply) => {
    const mine = loginOf(request);
    const userName = queryText(request, 'logoutUser');
    if (userName === undefined || userName === mine.userName) {
      await sessions.end(mine);
      reply.clearCookie(COOKIE, cookieAttributes(request));
      return ACKNOWLEDGEMENT;
    }
    const user = await accounts.user(userName);
    if (user === undefined) throw contractError('user-unknown');
    if (!atLeast(mine.role, user.role)) throw contractError('forbidden');
    await sessions.endAllOf(userName);
    return ACKNOWLEDGEMENT;
  };

  return {
    login,
    'login-get': login,
    logout,
    'logout-get': logout,
    whoami: async (request) => success(whoamiShape(viewOf(loginOf(request)))),
    session: async (request) => success(sessionShape(viewOf(loginOf(request)), config.timeoutSeconds)),
    policy: async () => success<PolicyJson>({ policy: config.policy }),
    commissioning: async () => success<CommissioningJson>({ commissioned: await accounts.commissioned() }),
    commission: async (request) => {
      if (await accounts.commissioned()) throw contractError('already-commissioned');
      const { username, password } = parseCommissioningBody(jsonBody(request));
      // Whoever comes first while the password is hashed wins.
      const first = await loginDesk.inTurn(addressOf(request), () =>
        commissionAdmin({ accounts }, password, { name: username }),
      );
      if (!first) throw contractError('already-commissioned');
      return ACKNOWLEDGEMENT;
    },
  } satisfies Readonly<Record<string, Handler>>;
}

/** Empty when the client is gone already, whatever the type says. */
function addressOf(request: FastifyRequest): string {
  return (request.ip as string | undefined) ?? '';
}

function setCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  reply.setCookie(COOKIE, token, cookieAttributes(request));
}

function cookieAttributes(request: FastifyRequest) {
  // Over plain HTTP a Secure cookie would never come back, and the documented calls to http://192.168.2.1 would fail.
  return { path: '/', sameSite: 'strict', httpOnly: true, secure: request.protocol === 'https' } as const;
}
