import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import type { JobResultJson, ProgressJson, ResultsJson } from '@airlift/contract';
import { CallerError } from '@airlift/kernel';

interface Answer {
  readonly code: number;
  readonly status: string;
  readonly error?: string;
  readonly result?: unknown;
}

/** The documented HTTP calls, as a script of an operator makes them. The certificate is self-signed and not checked. */
export class ContractClient {
  readonly #port: number;
  #cookie = '';

  constructor(port: number) {
    this.#port = port;
  }

  async login(username: string, password: string): Promise<void> {
    const { result } = await this.#json('POST', '/api/login', { username, password });
    const token = (result as { readonly token?: unknown } | undefined)?.token;
    if (typeof token !== 'string') throw new CallerError('login-failed', 'The login gave no token');
    this.#cookie = `token=${token}`;
  }

  async uploadFirmware(name: string, image: Uint8Array): Promise<void> {
    const boundary = `airlift-${randomBytes(12).toString('hex')}`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="fotafile"; filename="${name.replace(/"/g, '%22')}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
    const body = Buffer.concat([Buffer.from(head), image, Buffer.from(`\r\n--${boundary}--\r\n`)]);
    await this.#call('POST', '/api/command/upload_lora_fota_file', `multipart/form-data; boundary=${boundary}`, body);
  }

  async schedule(body: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#json('POST', '/api/lora/fota', body);
  }

  async progress(): Promise<ProgressJson> {
    return (await this.#json('GET', '/api/lora/fotaprogress')).result as ProgressJson;
  }

  async results(): Promise<readonly JobResultJson[]> {
    const { result } = await this.#json('GET', '/api/lora/fotaresults');
    return (result as ResultsJson).operations;
  }

  #json(method: string, path: string, body?: Readonly<Record<string, unknown>>): Promise<Answer> {
    return this.#call(
      method,
      path,
      'application/json',
      body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
    );
  }

  #call(method: string, path: string, contentType: string, body: Buffer | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host: '127.0.0.1',
          port: this.#port,
          method,
          path,
          rejectUnauthorized: false,
          headers: {
            cookie: this.#cookie,
            ...(body === undefined ? {} : { 'content-type': contentType, 'content-length': body.length }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            try {
              const answer = JSON.parse(Buffer.concat(chunks).toString()) as Answer;
              if (answer.status !== 'success') {
                reject(new CallerError('call-failed', `${method} ${path}: ${answer.error ?? answer.status}`));
              } else {
                resolve(answer);
              }
            } catch (error) {
              reject(error instanceof Error ? error : new Error(String(error)));
            }
          });
        },
      );
      call.on('error', reject);
      call.end(body);
    });
  }
}
