import { contractError } from '@airlift/contract';
import { after, type Clock, type RealMs, realMs, type Timer } from '@airlift/kernel';

export interface FairLineOptions {
  readonly clock: Clock<RealMs>;
  /** Most who wait at once. Beyond that, of the client with most waiting the one who waits longest is turned away. */
  readonly mostWaiting: number;
  /** From when on a client may have a turn; at once unless given. */
  readonly readyAt?: (client: string) => RealMs;
  /** Clients whose turn comes before that of all others. */
  readonly goesFirst?: (client: string) => boolean;
  /** Which of a client's own tasks comes first: the oldest unless said otherwise. */
  readonly newestFirst?: boolean;
}

/** A task in the line. */
export interface Place<Result> {
  /** @throws CallerError `login-busy` when the turn did not come in time; whatever the task throws */
  readonly result: Promise<Result>;
  /** The turn has come. */
  readonly begun: boolean;
  /** Gives the place up: `result` stays open then. Changes nothing once the turn has come. */
  leave(): void;
}

interface Waiting {
  readonly client: string;
  readonly begin: () => Promise<void>;
  readonly turnAway: () => void;
  readonly patience: Timer;
}

/**
 * One task at a time, the clients taking turns. Checking a password takes memory and a processor; in a plain queue one
 * client could take all of it and all the places.
 */
export class FairLine {
  readonly #options: FairLineOptions;
  /** The tasks of each client that has any, in the order of their turns. */
  readonly #lines = new Map<string, Waiting[]>();
  #waiting = 0;
  #closed = false;
  #running: Promise<void> | undefined;
  #wake: Timer | undefined;

  constructor(options: FairLineOptions) {
    this.#options = options;
  }

  /** Turns away everybody who waits or comes from now on; resolves when the task that has its turn is done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.cancel();
    for (const waiting of [...this.#lines.values()].flat()) {
      waiting.patience.cancel();
      waiting.turnAway();
    }
    this.#lines.clear();
    this.#waiting = 0;
    await this.#running;
  }

  /** How many tasks of a client wait. */
  waitingOf(client: string): number {
    return this.#lines.get(client)?.length ?? 0;
  }

  /** Lines a task up; it is turned away when its turn has not come after `patienceMs`. */
  join<Result>(client: string, patienceMs: number, task: () => Promise<Result>): Place<Result> {
    let begun = false;
    let leave = (): void => {};
    const result = new Promise<Result>((resolve, reject) => {
      const turnAway = (): void => reject(contractError('login-busy'));
      const waiting: Waiting = {
        client,
        begin: async () => {
          begun = true;
          await task().then(resolve, reject);
        },
        turnAway,
        patience: after(this.#options.clock, patienceMs, () => {
          this.#remove(waiting);
          turnAway();
        }),
      };
      leave = () => {
        waiting.patience.cancel();
        this.#remove(waiting);
      };
      this.#add(waiting);
    });
    return {
      result,
      get begun() {
        return begun;
      },
      leave: () => {
        if (!begun) leave();
      },
    };
  }

  #add(waiting: Waiting): void {
    if (this.#closed) {
      waiting.patience.cancel();
      waiting.turnAway();
      return;
    }
    const line = this.#lines.get(waiting.client);
    if (line === undefined) this.#lines.set(waiting.client, [waiting]);
    else line.push(waiting);
    this.#waiting += 1;
    this.#next();
    if (this.#waiting > this.#options.mostWaiting) this.#makeRoom();
  }

  #makeRoom(): void {
    const [longest] = [...this.#lines.values()].sort((a, b) => b.length - a.length);
    const oldest = longest?.[0];
    if (oldest === undefined) return;
    oldest.patience.cancel();
    this.#remove(oldest);
    oldest.turnAway();
  }

  #remove(waiting: Waiting): void {
    const line = this.#lines.get(waiting.client);
    const at = line?.indexOf(waiting) ?? -1;
    if (line === undefined || at < 0) return;
    line.splice(at, 1);
    this.#waiting -= 1;
    if (line.length === 0) this.#lines.delete(waiting.client);
  }

  #next(): void {
    if (this.#running !== undefined || this.#closed) return;
    this.#wake?.cancel();
    this.#wake = undefined;
    const client = this.#whoseTurn();
    if (client !== undefined) this.#begin(client);
  }

  /** Who is next; when nobody may yet, somebody will look again. */
  #whoseTurn(): string | undefined {
    const { clock, readyAt = () => realMs(0), goesFirst = () => false } = this.#options;
    let ready: string | undefined;
    let soonest = Number.POSITIVE_INFINITY;
    for (const client of this.#lines.keys()) {
      const at = readyAt(client);
      if (at > clock.now()) soonest = Math.min(soonest, at);
      else if (goesFirst(client)) return client;
      else ready ??= client;
    }
    if (ready === undefined && soonest < Number.POSITIVE_INFINITY) {
      this.#wake = clock.setTimer(realMs(soonest), () => this.#next());
    }
    return ready;
  }

  #begin(client: string): void {
    const line = this.#lines.get(client) ?? [];
    const waiting = this.#options.newestFirst === true ? line.at(-1) : line[0];
    if (waiting === undefined) return;
    waiting.patience.cancel();
    this.#remove(waiting);
    // Everybody else comes before this client's next task.
    this.#lines.delete(client);
    if (line.length > 0) this.#lines.set(client, line);
    this.#running = waiting.begin().finally(() => {
      this.#running = undefined;
      this.#next();
    });
  }
}
