import { contractError, mayCall, methodsOf, OPERATIONS, type Operation, type Role } from '@airlift/contract';
import type { FastifyRequest } from 'fastify';
import { loggablePath } from './log.ts';
import { queryText } from './request.ts';
import type { SessionDesk } from './session-desk.ts';

/** What a request has to present. */
export interface Requirement {
  readonly public: boolean;
  /** Empty = nobody. */
  readonly roles: readonly Role[];
}

const TOKEN_COOKIES = ['token', 'session'] as const;
const ANY_ROLE: readonly Role[] = ['admin', 'user', 'guest'];

/**
 * Lets a request through or refuses it: 401 without a valid session, 403 when the role is too low. Sets
 * `request.login` and starts the session's time of inactivity anew, unless the query says `inactivity=true`.
 * @throws CallerError `unauthorized` | `forbidden` | `cross-site`
 */
export async function admit(request: FastifyRequest, sessions: SessionDesk): Promise<void> {
  const operation = operationOf(request);
  refuseOtherSites(request, operation);
  if (operation === undefined ? isPublicPath(request) : operation.access === 'public') return;
  await requireRole(request, sessions, operation === undefined ? ANY_ROLE : rolesOf(operation));
}

/**
 * As `admit`, for routes outside the contract.
 * @throws CallerError `unauthorized` | `forbidden`
 */
export async function requireRole(
  request: FastifyRequest,
  sessions: SessionDesk,
  roles: readonly Role[],
): Promise<void> {
  const login = await sessions.find(tokensOf(request));
  if (login === undefined) throw contractError('unauthorized');
  request.login = login;
  if (!roles.includes(login.role)) throw contractError('forbidden');
  if (queryText(request, 'inactivity') !== 'true') await sessions.prolong(login);
}

function operationOf(request: FastifyRequest): Operation | undefined {
  const name = request.routeOptions.config.operation;
  return name === undefined ? undefined : OPERATIONS[name];
}

function rolesOf(operation: Operation): readonly Role[] {
  return ANY_ROLE.filter((role) => mayCall(role, operation));
}

/** Whether a request that no route answers goes to a path that is public for all its methods. */
function isPublicPath(request: FastifyRequest): boolean {
  const methods = methodsOf(loggablePath(request.url));
  return methods.length > 0 && methods.every((method) => isPublic(method, loggablePath(request.url)));
}

function isPublic(method: string, path: string): boolean {
  return Object.values(OPERATIONS).some(
    (operation) =>
      operation.method === method && operation.path === path.replace(/\/$/, '') && operation.access === 'public',
  );
}

/**
 * Bodies are read as JSON whatever their content type, so any page could post one without asking first. The cookie's
 * `SameSite=Strict` keeps foreign sites out; other ports and sub-domains of one host count as the same site there, so
 * browsers are taken at their word about the origin too.
 */
function refuseOtherSites(request: FastifyRequest, operation: Operation | undefined): void {
  const from = request.headers['sec-fetch-site'];
  if (from === undefined || from === 'same-origin' || from === 'none') return;
  const changes = !['GET', 'HEAD'].includes(request.method) || /^\/api\/log(in|out)$/.test(operation?.path ?? '');
  if (changes) throw contractError('cross-site');
}

/** Tokens in the order of trust: the documented cookie, the older one, the query. */
function tokensOf(request: FastifyRequest): readonly string[] {
  const fromCookies = TOKEN_COOKIES.map((name) => request.cookies[name]);
  return [...fromCookies, queryText(request, 'token')].filter((token) => token !== undefined);
}
