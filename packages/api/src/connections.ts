import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from '@airlift/contract';
import type { Clock, RealMs } from '@airlift/kernel';
import { clientOf } from './client-address.ts';
import { Connection } from './connection.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { givesWay } from './giving-way.ts';
import { refuseClient } from './refuse-client.ts';

/**
 * Every connection of one HTTP or HTTPS server, known from the moment it is accepted: Node itself counts and closes only
 * those on which HTTP is spoken already.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock<RealMs>;
  // Oldest first.
  readonly #open = new Set<Connection>();
  readonly #counts = new Map<string, number>();
  readonly #byPeer = new Map<string, Connection>();
  readonly #bySocket = new WeakMap<Socket, Connection>();

  constructor(server: Server, secure: boolean, limits: ConnectionLimits, clock: Clock<RealMs>) {
    this.#limits = limits;
    this.#clock = clock;
    server.on('connection', (socket: Socket) => this.#admit(socket, !secure));
    if (secure) server.on('secureConnection', (socket: Socket) => this.#secured(socket));
  }

  /** Connections open now. */
  get count(): number {
    return this.#open.size;
  }

  /** Takes a request on; false when it must not be answered. */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#bySocket.get(request.socket)?.begin(request, response) ?? false;
  }

  /** The answer to a request starts on its way. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    this.#bySocket.get(request.socket)?.answer(response);
  }

  /** A valid login was used on the socket of a request. */
  vouch(socket: Socket): void {
    this.#bySocket.get(socket)?.vouch();
  }

  /**
   * Ends a connection on which nothing can be understood any more, with an answer if it has one coming.
   * @param code what to answer, undefined when nobody would take it
   */
  refuse(code: ErrorCode | undefined, socket: Socket): void {
    const connection = code === undefined ? undefined : this.#bySocket.get(socket);
    if (connection === undefined) {
      refuseClient(undefined, socket);
      return;
    }
    connection.afterAnswers(() => {
      refuseClient(code, socket);
      connection.part();
    });
  }

  /** Closes every connection that has no request under way. */
  closeIdle(): void {
    for (const connection of this.#open) if (!connection.isBusy) connection.destroy();
  }

  closeAll(): void {
    for (const connection of this.#open) connection.destroy();
  }

  #admit(socket: Socket, speaksHttp: boolean): void {
    const { remoteAddress } = socket;
    // Gone again already.
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, clientOf(remoteAddress), this.#limits, this.#clock);
    if (!this.#makeRoomFor(connection.address)) {
      connection.destroy();
      return;
    }
    const peer = peerOf(socket);
    this.#open.add(connection);
    this.#counts.set(connection.address, (this.#counts.get(connection.address) ?? 0) + 1);
    this.#byPeer.set(peer, connection);
    socket.once('close', () => {
      this.#forget(connection);
      if (this.#byPeer.get(peer) === connection) this.#byPeer.delete(peer);
    });
    if (speaksHttp) this.#speaksHttp(socket, connection);
  }

  /** TLS has a socket of its own on top of the one that was accepted. */
  #secured(socket: Socket): void {
    const connection = this.#byPeer.get(peerOf(socket));
    if (connection === undefined) socket.destroy();
    else this.#speaksHttp(socket, connection);
  }

  #speaksHttp(socket: Socket, connection: Connection): void {
    this.#bySocket.set(socket, connection);
    // Node answers the end of the client's side with the end of ours. A client that is gone never takes that, and
    // over TLS nothing tells.
    socket.once('end', () => connection.part());
  }

  #makeRoomFor(address: string): boolean {
    const hasShare = (this.#counts.get(address) ?? 0) >= this.#limits.maxConnectionsPerAddress;
    if (!hasShare && this.#open.size < this.#limits.maxConnections) return true;
    const victim = givesWay(this.#open, this.#counts, hasShare ? address : undefined);
    if (victim === undefined) return false;
    this.#forget(victim);
    victim.destroy();
    return true;
  }

  #forget(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    const left = (this.#counts.get(connection.address) ?? 0) - 1;
    if (left > 0) this.#counts.set(connection.address, left);
    else this.#counts.delete(connection.address);
  }
}

/** Names a connection among the open ones of one server. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
