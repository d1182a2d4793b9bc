import type { IncomingMessage } from 'node:http';
import { contractError, methodsOf, OPERATIONS, type Operation, type OperationName } from '@airlift/contract';
import type { Clock, RealMs } from '@airlift/kernel';
import fastifyCookie from '@fastify/cookie';
import fastifyMultipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApiConfig } from './config.ts';
import { admit } from './gate.ts';
import { loggablePath } from './log.ts';
import { readRawBody } from './raw-body.ts';
import type { Handler } from './request.ts';
import type { SessionDesk } from './session-desk.ts';

const PREFIX = '/api';
/** Largest body that is read for somebody who is not logged in, octets. */
const MOST_OF_STRANGERS = 16 * 1024;

/** Calls that the gate refuses to everybody. */
type Refused = 'operations' | 'apps' | 'multicast';
type Uploads = 'upload-fota' | 'upload-message';
type Plain = Exclude<OperationName, Uploads | Refused>;

export interface ApiPluginOptions {
  readonly clock: Clock<RealMs>;
  readonly config: ApiConfig;
  readonly sessions: SessionDesk;
  readonly plain: Readonly<Record<Plain, Handler>>;
  readonly uploads: Readonly<Record<Uploads, Handler>>;
}

/** Everything under `/api`: each call of the contract behind the gate, its body read in its own way. */
export async function registerApi(app: FastifyInstance, options: ApiPluginOptions): Promise<void> {
  await app.register(fastifyCookie);
  app.decorateRequest('login', undefined);
  await app.register(
    async (api) => {
      api.addHook('onRequest', async (request, reply) => {
        // No Access-Control-Allow-Origin: the API is for its own pages and for programs. A wildcard, as gateways
        // send it, would let any page read what needs no cookie and gains nobody anything.
        reply.headers({
          'cache-control': 'no-cache',
          'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
        });
        await admit(request, options.sessions);
        if (request.is404) refuseUnrouted(request, reply);
      });
      // With a handler of its own, `/api` has its hooks run for what it does not know.
      api.setNotFoundHandler(async (request, reply) => refuseUnrouted(request, reply));
      await api.register(async (scope) => {
        await scope.register(fastifyMultipart);
        scope.removeContentTypeParser(['application/json', 'text/plain']);
        for (const [name, handler] of Object.entries(options.uploads)) route(scope, name as Uploads, handler);
      });
      await api.register(async (scope) => {
        readBodiesAsText(scope, options);
        for (const [name, handler] of Object.entries(options.plain)) route(scope, name as Plain, handler);
        for (const name of ['operations', 'apps', 'multicast'] as const) route(scope, name, refuse);
      });
    },
    { prefix: PREFIX },
  );
}

/**
 * Answers what no route does. Called from a hook, since before the handler's turn the body would be read, and judged by
 * a parser that knows nothing of the contract.
 */
function refuseUnrouted(request: FastifyRequest, reply: FastifyReply): never {
  const methods = methodsOf(loggablePath(request.url));
  if (methods.length === 0) throw contractError('path-unknown');
  reply.header('allow', methods.join(', '));
  throw contractError('method-not-allowed');
}

function route(scope: FastifyInstance, name: OperationName, handler: Handler): void {
  const operation: Operation = OPERATIONS[name];
  scope.route({
    method: operation.method,
    url: operation.path.slice(PREFIX.length).replace(/\{(\w+)\}/g, ':$1'),
    config: { operation: name },
    handler,
  });
}

function readBodiesAsText(scope: FastifyInstance, { clock, config }: ApiPluginOptions): void {
  scope.addHook('onRequest', async (request) => {
    // Known clients send JSON as a form, as text or without any type; whatever they claim, it is JSON.
    if (request.headers['content-type'] !== undefined) request.headers['content-type'] = 'application/json';
  });
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) =>
    readRawBody(payload, mostOctets(request, config), clock),
  );
}

/** Who is not logged in has only credentials to send. */
function mostOctets(request: FastifyRequest, { jsonLimitBytes }: ApiConfig): number {
  return request.login === undefined ? Math.min(MOST_OF_STRANGERS, jsonLimitBytes) : jsonLimitBytes;
}

const refuse: Handler = async () => {
  throw contractError('forbidden');
};
