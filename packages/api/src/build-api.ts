import { contractError, ERROR_TABLE, type Failure, type Role } from '@airlift/contract';
import { type Calendar, type Clock, type Entropy, type RealMs, systemEntropy, toHex } from '@airlift/kernel';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { accountHandlers } from './account-handlers.ts';
import { registerApi } from './api-plugin.ts';
import { type ApiConfig, apiConfig } from './config.ts';
import { callersFailure, ownFailure } from './failure-reply.ts';
import { fleetHandlers } from './fleet-handlers.ts';
import { requireRole } from './gate.ts';
import { jobHandlers } from './job-handlers.ts';
import { Listeners, type ListenOptions } from './listeners.ts';
import { type ApiLog, loggablePath } from './log.ts';
import { LoginDesk } from './login-desk.ts';
import type { ApiPorts } from './ports.ts';
import { SessionDesk } from './session-desk.ts';
import { uploadHandlers } from './upload-handlers.ts';
import { whitelistHandlers } from './whitelist-handlers.ts';

export interface ApiOptions {
  readonly ports: ApiPorts;
  /** Real time: sessions and lock-outs run by it. */
  readonly clock: Clock<RealMs>;
  /** Date of that clock, for instants that people read. */
  readonly calendar: Calendar<RealMs>;
  readonly entropy?: Entropy;
  readonly config?: Partial<ApiConfig>;
  readonly log?: ApiLog;
}

/** The HTTP contract, answered on any number of sockets. */
export interface Api {
  /** For `inject` and for routes of others, added before the first `listen`. Sockets are opened by `listen` only. */
  readonly app: FastifyInstance;
  /**
   * Opens a socket, HTTPS when `tls` is given; may be called several times.
   * @returns the port, which the system chose when 0 was asked for
   */
  listen(options: ListenOptions): Promise<number>;
  /** An `onRequest` hook for routes of others: lets in the roles given, otherwise answers 401 or 403. */
  guard(roles: readonly Role[]): (request: FastifyRequest) => Promise<void>;
  /** Accepts nothing new, ends idle connections, lets requests finish for `graceMs` (5000), then cuts them off. */
  close(graceMs?: number): Promise<void>;
}

/** Longest variable segment of a path, characters. */
const MOST_PATH_PART = 1024;

/**
 * Builds the API.
 * @throws CallerError `config-invalid`
 */
export async function buildApi(options: ApiOptions): Promise<Api> {
  const { ports, clock, calendar, entropy = systemEntropy, log = () => {} } = options;
  const config = apiConfig(options.config);
  const sessions = new SessionDesk(ports.accounts, clock, config.timeoutSeconds, log);
  const loginDesk = new LoginDesk(ports.accounts, clock, entropy, config);

  const answer = (error: unknown, request: FastifyRequest): Failure => {
    const failed = callersFailure(error);
    if (failed !== undefined) return failed;
    const reference = toHex(entropy.octets(6));
    log({ event: 'failure', reference, method: request.method, path: loggablePath(request.url), error });
    return ownFailure(reference);
  };

  const app = Fastify({
    bodyLimit: config.jsonLimitBytes,
    trustProxy: config.trustProxy,
    // Requests that arrive while closing are answered like others; their connections end then.
    return503OnClosing: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MOST_PATH_PART },
    frameworkErrors: (error, request, reply) => {
      void sendFailure(reply, answer(error, request));
    },
  });
  app.setErrorHandler(async (error, request, reply) => sendFailure(reply, answer(error, request)));
  app.addHook('onResponse', async (request, reply) => {
    log({
      event: 'request',
      method: request.method,
      path: loggablePath(request.url),
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
      address: request.ip,
      user: request.login?.userName,
    });
  });

  const listeners = new Listeners(app, clock);

  await registerApi(app, {
    clock,
    config,
    sessions,
    plain: {
      ...accountHandlers({ accounts: ports.accounts, loginDesk, sessions, calendar, config }),
      ...jobHandlers(ports.jobs, config),
      ...fleetHandlers(ports.fleetView),
      ...whitelistHandlers(ports.whitelist),
    },
    uploads: uploadHandlers(ports.uploads, sessions, config),
  });

  // Only now, so that the calls of the contract answer their unknown neighbours themselves.
  app.addHook('onRequest', async (request) => {
    if (request.is404) throw contractError('path-unknown');
  });

  return {
    app,
    listen: (where) => listeners.open(where),
    guard: (roles) => (request) => requireRole(request, sessions, roles),
    close: async (graceMs) => {
      // First, so that those who wait get their answer.
      const settled = loginDesk.close();
      await listeners.close(graceMs);
      await settled;
    },
  };
}

function sendFailure(reply: FastifyReply, failed: Failure): FastifyReply {
  // The rest of a request that came too slowly is not waited for.
  if (failed.code === ERROR_TABLE['request-timeout'].status) reply.header('connection', 'close');
  return reply.code(failed.code).send(failed);
}
