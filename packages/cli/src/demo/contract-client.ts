import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import type { JobOrder, JobResultJson, PlannedJobJson, ProgressJson, ResultsJson } from '@airlift/contract';
import { CallerError } from '@airlift/kernel';

interface Answer {
  readonly code: number;
  readonly status: string;
  readonly error?: string;
  readonly result?: unknown;
}

/** The HTTP calls, as a script of an operator makes them. */
export class ContractClient {
  readonly #port: number;
  readonly #host: string;
  readonly #trustsAnyCertificate: boolean;
  #cookie = '';

  /** A server of this machine with a certificate of its own, unless told otherwise. */
  constructor(port: number, where: { readonly host?: string; readonly trustsAnyCertificate?: boolean } = {}) {
    this.#port = port;
    this.#host = where.host ?? '127.0.0.1';
    this.#trustsAnyCertificate = where.trustsAnyCertificate ?? true;
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

  /** What would become of a job; nothing is scheduled. */
  async plan(body: Readonly<Record<string, unknown>>): Promise<PlannedJobJson> {
    return (await this.#json('POST', '/api/lora/fota?dryRun=true', body)).result as PlannedJobJson;
  }

  async order(filename: string, order: JobOrder): Promise<void> {
    await this.#json('POST', `/api/lora/jobs/${encodeURIComponent(filename)}/${order}`);
  }

  async retry(filename: string): Promise<{ readonly filename: string; readonly devices: number }> {
    const { result } = await this.#json('POST', `/api/lora/jobs/${encodeURIComponent(filename)}/retry`);
    return result as { readonly filename: string; readonly devices: number };
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
          host: this.#host,
          port: this.#port,
          method,
          path,
          rejectUnauthorized: !this.#trustsAnyCertificate,
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
      call.on('error', (cause: NodeJS.ErrnoException) => {
        const isUntrusted = cause.code?.includes('CERT') === true && !this.#trustsAnyCertificate;
        const text = `The certificate of the server is not trusted (${cause.message}); --insecure takes it all the same`;
        reject(isUntrusted ? new CallerError('certificate-untrusted', text, { cause }) : cause);
      });
      call.end(body);
    });
  }
}
