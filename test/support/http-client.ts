import { randomBytes } from 'node:crypto';
import { Agent, type RequestOptions, request } from 'node:https';

/** An answer as it came over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body, octet for octet: JSON forgets the difference between 100 and 100.0. */
  readonly text: string;
  /** Undefined for tables. */
  readonly json: unknown;
}

/** The documented success without a result. */
export const OK = { code: 200, status: 'success' };
/** The documented answer to an accepted job. */
export const ACK = { code: 200, status: 'success', result: { status: 'success' } };
/** The documented form of every failure. */
export function failure(code: number, error: string): object {
  return { code, status: 'fail', error };
}

/** Speaks the HTTP contract as a script of an operator does; the self-signed certificate is not checked. */
export class HttpClient {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, rejectUnauthorized: false });
  #token = '';

  constructor(port: number) {
    this.#port = port;
  }

  get token(): string {
    return this.#token;
  }

  async login(username: string, password: string): Promise<void> {
    const reply = await this.post('/api/login', { username, password });
    const token = (reply.json as { result?: { token?: unknown } }).result?.token;
    if (typeof token !== 'string') throw new Error(`login failed: ${reply.text}`);
    this.#token = token;
  }

  get(path: string): Promise<Reply> {
    return this.#send('GET', path);
  }

  post(path: string, body: unknown): Promise<Reply> {
    return this.#send('POST', path, 'application/json', Buffer.from(JSON.stringify(body)));
  }

  delete(path: string): Promise<Reply> {
    return this.#send('DELETE', path);
  }

  uploadFirmware(filename: string, content: Uint8Array, part = 'fotafile'): Promise<Reply> {
    return this.#upload('/api/command/upload_lora_fota_file', part, filename, content);
  }

  uploadMessage(filename: string, content: Uint8Array): Promise<Reply> {
    return this.#upload('/api/command/upload_lora_multicast', 'messagefile', filename, content);
  }

  close(): void {
    this.#agent.destroy();
  }

  #upload(path: string, part: string, filename: string, content: Uint8Array): Promise<Reply> {
    const boundary = `----${randomBytes(12).toString('hex')}`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${part}"; filename="${filename}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
    const body = Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]);
    return this.#send('POST', path, `multipart/form-data; boundary=${boundary}`, body);
  }

  #send(method: string, path: string, contentType?: string, body?: Buffer): Promise<Reply> {
    const options: RequestOptions = {
      host: '127.0.0.1',
      port: this.#port,
      method,
      path,
      agent: this.#agent,
      headers: {
        ...(this.#token === '' ? {} : { cookie: `token=${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': contentType, 'content-length': body.length }),
      },
    };
    return new Promise((resolve, reject) => {
      const call = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const isTable = response.headers['content-type']?.startsWith('text/csv') === true;
          const json: unknown = isTable ? undefined : JSON.parse(text);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      });
      call.on('error', reject);
      call.end(body);
    });
  }
}
