import { isoSeconds, type UtcMs } from '@airlift/kernel';
import type { Role } from './job-request.ts';

/** A login session as its owner may see it. */
export interface SessionView {
  readonly userName: string;
  readonly role: Role;
  readonly address: string;
  readonly port: number;
  readonly createdAt: UtcMs;
  /** The token as the client sent it. */
  readonly token: string;
}

/** `result` of `GET /api/whoami`. */
export interface WhoamiJson {
  readonly address: string;
  readonly permission: Role;
  readonly port: string;
  readonly timestamp: string;
  readonly token: string;
  readonly user: string;
}

/** `result` of a login: what all known clients look for. */
export interface LoginJson extends WhoamiJson {
  readonly username: string;
}

/** `result` of `GET /api/session`; the timeout is in seconds. */
export interface SessionJson {
  readonly role: Role;
  readonly timeout: number;
  readonly username: string;
}

export interface PolicyJson {
  readonly policy: string;
}

export interface CommissioningJson {
  readonly commissioned: boolean;
}

export function whoamiShape(session: SessionView): WhoamiJson {
  return {
    address: session.address,
    permission: session.role,
    port: String(session.port),
    timestamp: isoSeconds(session.createdAt),
    token: session.token,
    user: session.userName,
  };
}

export function loginShape(session: SessionView): LoginJson {
  return { ...whoamiShape(session), username: session.userName };
}

export function sessionShape(session: SessionView, timeoutSeconds: number): SessionJson {
  return { role: session.role, timeout: timeoutSeconds, username: session.userName };
}
