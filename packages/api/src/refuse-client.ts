import type { Socket } from 'node:net';
import { ERROR_TABLE, type ErrorCode, errorText, failure } from '@airlift/contract';

/**
 * Answers what the HTTP parser could not read, and ends the connection; at once when there is nobody to answer to.
 *
 * A socket whose TLS handshake failed never takes an answer, and one whose client is gone in the middle of a request
 * never delivers it: ended instead of destroyed, both would stay.
 * @param code undefined when there is nobody to answer to
 */
export function refuseClient(code: ErrorCode | undefined, socket: Socket): void {
  if (code === undefined || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status } = ERROR_TABLE[code];
  const body = JSON.stringify(failure(status, errorText(code)));
  const head = [
    `HTTP/1.1 ${status} ${errorText(code)}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/** How an error of the HTTP parser is told; undefined for errors that are not the parser's own, and for the end of the stream in the middle of a request. */
export function parserFailure({ code: nodeCode }: Error & { readonly code?: string }): ErrorCode | undefined {
  if (nodeCode === 'HPE_HEADER_OVERFLOW') return 'header-too-large';
  if (nodeCode === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  if (nodeCode === 'HPE_INVALID_EOF_STATE') return undefined;
  return nodeCode?.startsWith('HPE_') === true ? 'request-malformed' : undefined;
}
