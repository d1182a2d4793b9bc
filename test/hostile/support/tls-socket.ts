import { connect, type TLSSocket } from 'node:tls';
import { realPause } from '../../crash/support/waiting.ts';

/** A TLS connection on which anything can be said. */
export class RawConnection {
  readonly #socket: TLSSocket;
  #heard = '';
  #closed = false;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.#heard += text;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
    });
  }

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        socket.off('error', reject);
        resolve(new RawConnection(socket));
      });
      socket.once('error', reject);
    });
  }

  /** Writes without waiting for the far end to read. */
  say(octets: string | Uint8Array): void {
    if (!this.#closed) this.#socket.write(octets, () => undefined);
  }

  /** The status line that the server answered with; empty when it closed without a word or said nothing in time. */
  async statusLine(withinMs = 5_000): Promise<string> {
    const end = performance.now() + withinMs;
    while (!this.#heard.includes('\r\n') && !this.#closed && performance.now() < end) await realPause(5);
    return this.#heard.split('\r\n')[0] ?? '';
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Breaks the connection off. */
  destroy(): void {
    this.#socket.destroy();
  }
}
