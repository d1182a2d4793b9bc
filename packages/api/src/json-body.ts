import { contractError } from '@airlift/contract';
import type { FastifyRequest } from 'fastify';
import type { RawBody } from './raw-body.ts';

/**
 * The JSON of a request's body, undefined when the body is empty.
 * @throws CallerError `body-malformed` | `body-too-large` | `request-timeout`
 */
export function jsonBody(request: FastifyRequest): unknown {
  const body = request.body as RawBody | undefined | null;
  if (body === undefined || body === null) return undefined;
  if ('refusal' in body) throw body.refusal;
  if (body.text.trim() === '') return undefined;
  try {
    return JSON.parse(body.text);
  } catch {
    throw contractError('body-malformed');
  }
}
