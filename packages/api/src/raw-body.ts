import type { Readable } from 'node:stream';
import { contractError } from '@airlift/contract';
import { after, type CallerError, type Clock, type RealMs } from '@airlift/kernel';

/** Octets that are read and thrown away after a refusal, so that the client sees the answer and not a reset. */
const MOST_DRAINED_OCTETS = 16 * 1024 * 1024;
/** A JSON body is small: whoever needs longer holds the connection on purpose. */
const SLOWEST_BODY_MS = 30_000;

/** A body as it came: text, or why there is none. Judged only by a handler that needs it. */
export type RawBody = { readonly text: string } | { readonly refusal: CallerError };

/** Reads a whole body of limited size and time; rejects only when the connection breaks. */
export function readRawBody(stream: Readable, limitBytes: number, clock: Clock<RealMs>): Promise<RawBody> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let size = 0;
    const settle = (body: RawBody): void => {
      timer.cancel();
      parts.length = 0;
      resolve(body);
    };
    const refuse = (code: 'request-timeout' | 'body-too-large'): void => {
      stream.off('data', onData);
      settle({ refusal: contractError(code) });
      drain(stream);
    };
    const onData = (part: Uint8Array): void => {
      size += part.length;
      if (size <= limitBytes) parts.push(part);
      else refuse('body-too-large');
    };
    const timer = after(clock, SLOWEST_BODY_MS, () => refuse('request-timeout'));
    stream.on('data', onData);
    stream.once('end', () => settle(decode(parts)));
    stream.once('error', (error) => {
      timer.cancel();
      reject(error);
    });
    stream.once('close', () => {
      timer.cancel();
      reject(new Error('the connection broke'));
    });
  });
}

/** Reads on without keeping anything; a sender without end is cut off. */
export function drain(stream: Readable): void {
  let size = 0;
  // A parser that still holds the stream would pause it when it lets go.
  stream.unpipe();
  stream.on('data', (part: Uint8Array) => {
    size += part.length;
    if (size > MOST_DRAINED_OCTETS) stream.destroy();
  });
  // A connection that breaks meanwhile is nobody's concern any more.
  stream.on('error', () => {});
  stream.resume();
}

function decode(parts: readonly Uint8Array[]): RawBody {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)) };
  } catch {
    return { refusal: contractError('body-malformed') };
  }
}
