import { type Api, type ApiConfig, type ApiLogEntry, buildApi, saveUser } from '@airlift/api';
import { type MemoryPorts, memoryPorts } from '@airlift/api/testing';
import type { Role } from '@airlift/contract';
import { OffsetCalendar, type RealMs, Rng, VirtualClock } from '@airlift/kernel';
import type { LightMyRequestResponse } from 'fastify';

/** Cheap enough that a test may log in often; the real cost is tested where it matters. */
export const TEST_COST = { costExponent: 4, blockSize: 8, parallelization: 1 } as const;

export const PASSWORDS: Readonly<Record<Role, string>> = {
  admin: 'correct horse admin',
  user: 'correct horse user',
  guest: 'correct horse guest',
};

export interface Answer {
  readonly code: number;
  readonly status: string;
  readonly error?: string;
  readonly result?: unknown;
}

/** A commissioned API over memory, with one user of each role; `as` logs in without HTTP. */
export class Harness {
  readonly clock = new VirtualClock<RealMs>();
  readonly rng = new Rng('api tests');
  readonly log: ApiLogEntry[] = [];
  readonly ports: MemoryPorts;
  api!: Api;

  private constructor(uploadCapacityBytes?: number) {
    this.ports = memoryPorts(this.clock, uploadCapacityBytes === undefined ? {} : { uploadCapacityBytes });
  }

  static async make(
    options: {
      readonly config?: Partial<ApiConfig>;
      readonly commissioned?: boolean;
      readonly uploadCapacityBytes?: number;
    } = {},
  ): Promise<Harness> {
    const harness = new Harness(options.uploadCapacityBytes);
    if (options.commissioned !== false) {
      for (const role of ['admin', 'user', 'guest'] as const) {
        const hashing = { entropy: harness.rng, cost: TEST_COST };
        await saveUser(harness.ports, { name: role, role, password: PASSWORDS[role] }, hashing);
      }
    }
    harness.api = await harness.#build(options.config ?? {});
    return harness;
  }

  /** Another API over the same memory and the same time, as after a restart. */
  static async sharing(other: Harness): Promise<{ readonly api: Api }> {
    return { api: await other.#build({}) };
  }

  #build(config: Partial<ApiConfig>): Promise<Api> {
    const { ports, clock, rng: entropy } = this;
    return buildApi({
      ports,
      clock,
      calendar: new OffsetCalendar(),
      entropy,
      config,
      log: (entry) => this.log.push(entry),
    });
  }

  /** A token of a user of the role. */
  async token(role: Role = 'admin'): Promise<string> {
    const response = await this.api.app.inject({
      method: 'POST',
      url: '/api/login',
      payload: { username: role, password: PASSWORDS[role] },
    });
    return response.json<{ result: { token: string } }>().result.token;
  }

  /** One request with a token in the cookie; a body is sent as JSON. */
  async call(token: string | undefined, method: string, url: string, body?: unknown): Promise<LightMyRequestResponse> {
    return this.api.app.inject({
      method: method as 'GET',
      url,
      ...(token === undefined ? {} : { cookies: { token } }),
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, payload: JSON.stringify(body) }),
    });
  }

  /** Uploads one part as a form. */
  async upload(
    token: string | undefined,
    url: string,
    part: { readonly name: string; readonly filename?: string; readonly content: Uint8Array | string },
  ): Promise<LightMyRequestResponse> {
    const form = multipart([part]);
    return this.api.app.inject({
      method: 'POST',
      url,
      ...(token === undefined ? {} : { cookies: { token } }),
      headers: { 'content-type': form.contentType },
      payload: form.body,
    });
  }
}

export const FOTA_UPLOAD = '/api/command/upload_lora_fota_file';
export const MESSAGE_UPLOAD = '/api/command/upload_lora_multicast';

export interface TestPart {
  readonly name: string;
  readonly filename?: string;
  readonly content: Uint8Array | string;
  readonly contentType?: string;
}

/** A multipart body as clients write it. */
export function multipart(parts: readonly TestPart[]): { readonly body: Buffer; readonly contentType: string } {
  const boundary = '------------------------1f2e3d4c5b6a7988';
  const pieces: Buffer[] = [];
  for (const part of parts) {
    const filename = part.filename === undefined ? '' : `; filename="${part.filename}"`;
    const type = part.contentType ?? (part.filename === undefined ? undefined : 'application/octet-stream');
    pieces.push(
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${part.name}"${filename}\r\n`),
      Buffer.from(type === undefined ? '\r\n' : `Content-Type: ${type}\r\n\r\n`),
      Buffer.from(part.content),
      Buffer.from('\r\n'),
    );
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return { body: Buffer.concat(pieces), contentType: `multipart/form-data; boundary=${boundary}` };
}

/** The SEED's bodies. */
export const FOTA_BODY = {
  transmission_type: 'FOTA',
  endDeviceDeveuis: ['00-80-00-ff-00-00-00-02', '00-80-00-00-0a-00-11-ba'],
  multicastGroupID: 0,
  scheduledTimeSinceUnixEpoch: 1734480000,
  setupTimeFromScheduledTime: 300,
  fragmentDesc: '0001020304',
  fotaFile: 'firmware_v2.0.bin',
  fotaDescriptor: 16909060,
  keep_log: true,
} as const;

export const MESSAGE_BODY = {
  transmission_type: 'Message',
  endDeviceDeveuis: ['00-80-00-ff-00-00-00-02'],
  multicastGroupID: 0,
  multicastMessage: {
    messageFormat: 'Hexadecimal',
    messagePayload: '48656c6c6f20576f726c64',
    messagePort: 10,
    multicastSessionTimeout: 5,
  },
  scheduledTimeSinceUnixEpoch: 1734480000,
  keep_log: true,
} as const;

/** A body of either kind with members of the message replaced. */
export function messageBody(message: object, members: object = {}): object {
  return { ...MESSAGE_BODY, ...members, multicastMessage: { ...MESSAGE_BODY.multicastMessage, ...message } };
}
