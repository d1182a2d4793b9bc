import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { contractError } from '@airlift/contract';
import { after, type Clock, type RealMs } from '@airlift/kernel';
import type { FastifyInstance } from 'fastify';
import { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from './connection-limits.ts';
import { Connections } from './connections.ts';
import { parserFailure } from './refuse-client.ts';

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

const DEFAULT_GRACE_MS = 5000;

/** The sockets on which one application is served. */
export class Listeners {
  readonly #app: FastifyInstance;
  readonly #clock: Clock<RealMs>;
  readonly #open: { readonly server: Server; readonly connections: Connections }[] = [];
  #closing = false;

  /** @param app without routes yet, as routes have only the hooks that were there before them */
  constructor(app: FastifyInstance, clock: Clock<RealMs>) {
    this.#app = app;
    this.#clock = clock;
    app.addHook('onRequest', async ({ raw, headers }) => {
      if (raw.httpVersion === '1.1' && headers.host === undefined) throw contractError('request-malformed');
    });
    app.addHook('preParsing', async (request) => {
      if (request.login === undefined) return;
      for (const { connections } of this.#open) connections.vouch(request.raw.socket);
    });
    app.addHook('onSend', async (request, reply) => {
      for (const { connections } of this.#open) connections.answer(request.raw, reply.raw);
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
      // The hook tells it in an envelope.
      requireHostHeader: false,
    };
    const server: Server =
      tls === undefined
        ? createServer(options)
        : createTlsServer({
            ...options,
            ...tls,
            handshakeTimeout: bounds.handshakeTimeoutMs,
            ALPNProtocols: ['http/1.1', 'http/1.0'],
          });
    const connections = new Connections(server, tls !== undefined, bounds, this.#clock);
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      if (connections.begin(request, response)) this.#app.routing(request, response);
    };
    server.on('request', serve);
    // Node itself would answer these without an envelope and beside the limits. Expectations that nobody knows may be
    // ignored; whoever says CONNECT takes this for a proxy.
    server.on('checkExpectation', serve);
    server.on('connect', ({ socket }: IncomingMessage) => connections.refuse('request-malformed', socket.resume()));
    server.on('clientError', (error: Error, socket: Socket) => connections.refuse(parserFailure(error), socket));
    server.setTimeout(bounds.stallTimeoutMs);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.#open.push({ server, connections });
    return (server.address() as AddressInfo).port;
  }

  async close(graceMs: number = DEFAULT_GRACE_MS): Promise<void> {
    this.#closing = true;
    const cutOff = after(this.#clock, graceMs, () => {
      for (const { connections } of this.#open) connections.closeAll();
    });
    await Promise.all(this.#open.map(({ server, connections }) => closed(server, connections)));
    cutOff.cancel();
    await this.#app.close();
  }
}

function closed(server: Server, connections: Connections): Promise<void> {
  return new Promise((resolve) => {
    // An error can only mean that it is closed already.
    server.close(() => resolve());
    connections.closeIdle();
  });
}
