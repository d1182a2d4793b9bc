import { contractError, type OperationName } from '@airlift/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ActiveLogin } from './session-desk.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The login that makes the request; undefined on public paths. */
    login: ActiveLogin | undefined;
  }
  interface FastifyContextConfig {
    /** The call of the contract that a route answers. */
    operation?: OperationName;
  }
}

/** Answers one call; what it returns is the whole body. */
export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<object>;

/** The query, in which a repeated name is an array. */
export function queryOf(request: FastifyRequest): Readonly<Record<string, unknown>> {
  return request.query as Readonly<Record<string, unknown>>;
}

/** A text of the query; undefined when it is missing, empty or repeated. */
export function queryText(request: FastifyRequest, name: string): string | undefined {
  const value = queryOf(request)[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A variable segment of the path. */
export function pathPart(request: FastifyRequest, name: string): string {
  const value = (request.params as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : '';
}

/**
 * The login of a request that the gate let through.
 * @throws CallerError `unauthorized`
 */
export function loginOf(request: FastifyRequest): ActiveLogin {
  if (request.login === undefined) throw contractError('unauthorized');
  return request.login;
}
