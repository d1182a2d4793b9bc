import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { after, type Clock, type RealMs, type Timer } from '@airlift/kernel';
import type { ConnectionLimits } from './connection-limits.ts';
import type { Candidate, Standing } from './giving-way.ts';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** One TCP connection, from before its handshake until it is closed. */
export class Connection implements Candidate {
  readonly address: string;
  readonly #socket: Socket;
  readonly #limits: ConnectionLimits;
  readonly #clock: Clock<RealMs>;
  readonly #underWay = new Set<Exchange>();
  readonly #timers = new Set<Timer>();
  #loggedIn = false;

  /** @param socket the TCP socket itself, beneath TLS */
  constructor(socket: Socket, address: string, limits: ConnectionLimits, clock: Clock<RealMs>) {
    this.address = address;
    this.#socket = socket;
    this.#limits = limits;
    this.#clock = clock;
    // Whoever breaks a connection off needs no answer; it closes by itself then.
    socket.on('error', () => {});
    socket.once('close', () => {
      for (const timer of this.#timers) timer.cancel();
    });
  }

  get standing(): Standing {
    for (const { request, response } of this.#underWay) {
      // What the server takes its own time for is not the client's fault.
      if (this.#loggedIn || (request.complete && !response.writableEnded)) return 'working';
    }
    return this.#loggedIn ? 'idle' : 'stranger';
  }

  get isBusy(): boolean {
    return this.#underWay.size > 0;
  }

  /** Remembers that a login was used on this connection. */
  vouch(): void {
    this.#loggedIn = true;
  }

  /**
   * Takes a request on; false when it must not be answered, because the connection is being closed.
   *
   * Node stops reading when answers pile up. Requests pile up before that, since each is answered only after a look-up,
   * and one packet holds a thousand of them; so whoever asks on and on without waiting is cut off.
   */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#socket.destroyed) return false;
    if (this.#underWay.size >= this.#limits.maxPipelined) {
      this.destroy();
      return false;
    }
    const exchange = { request, response };
    this.#underWay.add(exchange);
    response.once('finish', () => {
      if (!request.complete) this.#lingerFor(request);
    });
    response.once('close', () => this.#underWay.delete(exchange));
    return true;
  }

  /** The answer starts on its way: the client has to take it in time. */
  answer(response: ServerResponse): void {
    const deadline = this.#after(this.#limits.answerTimeoutMs, () => this.destroy());
    response.once('close', () => this.#drop(deadline));
  }

  /** Calls back when every request that came as a whole has its answer, since answers have no names but their order. */
  afterAnswers(fire: () => void): void {
    const last = [...this.#underWay].findLast(({ request }) => request.complete);
    if (last === undefined) fire();
    else last.response.once('close', fire);
  }

  /** The connection is to end: it gets time for what is on the way to the client, and no more. */
  part(): void {
    this.#after(this.#limits.lingerMs, () => this.destroy());
  }

  /** Closes at once, in any state. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** The request was answered before it came as a whole. */
  #lingerFor(request: IncomingMessage): void {
    this.#after(this.#limits.lingerMs, () => {
      if (!request.complete) this.destroy();
    });
  }

  #after(spanMs: number, fire: () => void): Timer {
    const timer = after(this.#clock, spanMs, () => {
      this.#timers.delete(timer);
      fire();
    });
    this.#timers.add(timer);
    if (this.#socket.destroyed) this.#drop(timer);
    return timer;
  }

  #drop(timer: Timer): void {
    timer.cancel();
    this.#timers.delete(timer);
  }
}
