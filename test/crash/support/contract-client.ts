import type { IncomingMessage } from 'node:http';
import { type Agent, request } from 'node:https';
import type { JobResultJson, ProgressJson, ResultsJson, ScheduledJobJson, ScheduleJson } from '@airlift/contract';
import { ADMIN_PASSWORD } from './server-process.ts';

/** What the server answered: the HTTP status and the envelope. */
export interface Answer {
  readonly httpStatus: number;
  readonly code?: number;
  readonly status?: string;
  readonly error?: string;
  readonly result?: unknown;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string | Uint8Array;
}

/** The HTTP contract as a script of an operator speaks it: one connection for each call unless an agent is given. */
export class ContractClient {
  port: number;
  readonly #agent: Agent | false;
  #cookie = '';

  constructor(port: number, agent: Agent | false = false) {
    this.port = port;
    this.#agent = agent;
  }

  /** Text of the session, as it stands in the cookie. */
  get token(): string {
    return this.#cookie.slice('token='.length);
  }

  async login(): Promise<void> {
    const { result } = await this.accepted('POST', '/api/login', { username: 'admin', password: ADMIN_PASSWORD });
    this.#cookie = `token=${String((result as { readonly token?: unknown }).token)}`;
  }

  async upload(name: string, image: Uint8Array): Promise<Answer> {
    const { body, contentType } = fileForm(name, image);
    return this.call({
      method: 'POST',
      path: '/api/command/upload_lora_fota_file',
      headers: { 'content-type': contentType, 'content-length': body.length },
      body,
    });
  }

  async scheduled(): Promise<readonly ScheduledJobJson[]> {
    return ((await this.accepted('GET', '/api/lora/fotaschedule')).result as ScheduleJson).scheduled;
  }

  async progress(filename?: string): Promise<ProgressJson> {
    const query = filename === undefined ? '' : `?filename=${encodeURIComponent(filename)}`;
    return (await this.accepted('GET', `/api/lora/fotaprogress${query}`)).result as ProgressJson;
  }

  async results(): Promise<readonly JobResultJson[]> {
    return ((await this.accepted('GET', '/api/lora/fotaresults')).result as ResultsJson).operations;
  }

  /** A call that has to succeed. */
  async accepted(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.json(method, path, body);
    if (answer.httpStatus !== 200 || answer.status !== 'success') {
      throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    }
    return answer;
  }

  json(method: string, path: string, body?: unknown): Promise<Answer> {
    if (body === undefined) return this.call({ method, path });
    return this.call({ method, path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  call({ method, path, headers, body }: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = request(
        {
          host: '127.0.0.1',
          port: this.port,
          method,
          path,
          agent: this.#agent,
          rejectUnauthorized: false,
          headers: { ...(this.#cookie === '' ? {} : { cookie: this.#cookie }), ...headers },
        },
        (response) => readAnswer(response).then(resolve, reject),
      );
      call.on('error', reject);
      call.end(body);
    });
  }
}

/** A form with one file, as curl sends it. */
export function fileForm(name: string, image: Uint8Array): { readonly body: Uint8Array; readonly contentType: string } {
  const boundary = 'airlift-test-boundary';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="fotafile"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  return {
    body: Buffer.concat([Buffer.from(head), image, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  let text = '';
  response.setEncoding('utf8');
  for await (const piece of response) text += String(piece);
  return { httpStatus: response.statusCode ?? 0, ...(JSON.parse(text) as Omit<Answer, 'httpStatus'>) };
}
