import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { ERROR_TABLE, type ErrorCode, errorText, failure } from '@airlift/contract';
import { after, type Clock, type RealMs } from '@airlift/kernel';
import type { FastifyInstance } from 'fastify';

/** Certificate chain and key in PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly tls?: TlsMaterial;
  readonly limits?: Partial<ConnectionLimits>;
}

/** Bounds on what one client may hold on to. */
export interface ConnectionLimits {
  /** The head of a request has to be there by then. */
  readonly headersTimeoutMs: number;
  /** A whole request, upload included; the documentation recommends clients 600 s. */
  readonly requestTimeoutMs: number;
  /** A connection on which nothing moves is closed. */
  readonly stallTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly maxConnections: number;
  readonly maxHeaderOctets: number;
}

export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 660_000,
  stallTimeoutMs: 60_000,
  keepAliveMs: 10_000,
  maxConnections: 512,
  maxHeaderOctets: 16 * 1024,
};

const DEFAULT_GRACE_MS = 5000;

/** The sockets on which one application is served. */
export class Listeners {
  readonly #app: FastifyInstance;
  readonly #clock: Clock<RealMs>;
  readonly #servers: Server[] = [];
  #closing = false;

  constructor(app: FastifyInstance, clock: Clock<RealMs>) {
    this.#app = app;
    this.#clock = clock;
    app.addHook('onSend', async (_request, reply) => {
      if (this.#closing) reply.header('connection', 'close');
    });
  }

  async open({ host, port, tls, limits }: ListenOptions): Promise<number> {
    await this.#app.ready();
    const bounds = { ...DEFAULT_CONNECTION_LIMITS, ...limits };
    const options = {
      headersTimeout: bounds.headersTimeoutMs,
      requestTimeout: bounds.requestTimeoutMs,
      keepAliveTimeout: bounds.keepAliveMs,
      maxHeaderSize: bounds.maxHeaderOctets,
      // How often the two request timeouts are looked at.
      connectionsCheckingInterval: Math.min(5000, bounds.headersTimeoutMs),
      noDelay: true,
    };
    const server: Server =
      tls === undefined
        ? createServer(options)
        : createTlsServer({ ...options, ...tls, ALPNProtocols: ['http/1.1', 'http/1.0'] });
    server.on('request', this.#app.routing);
    server.on('clientError', refuseClient);
    server.setTimeout(bounds.stallTimeoutMs);
    server.maxConnections = bounds.maxConnections;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  async close(graceMs: number = DEFAULT_GRACE_MS): Promise<void> {
    this.#closing = true;
    const cutOff = after(this.#clock, graceMs, () => {
      for (const server of this.#servers) server.closeAllConnections();
    });
    await Promise.all(this.#servers.map(closed));
    cutOff.cancel();
    await this.#app.close();
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // An error can only mean that it is closed already.
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** Answers what the HTTP parser could not read. */
function refuseClient(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = codeOf(error.code);
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

function codeOf(parserCode: string | undefined): ErrorCode {
  if (parserCode === 'HPE_HEADER_OVERFLOW') return 'header-too-large';
  if (parserCode === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  return 'request-malformed';
}
