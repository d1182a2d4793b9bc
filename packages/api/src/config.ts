import { CallerError } from '@airlift/kernel';

/** What an operator may set. */
export interface ApiConfig {
  /** A session ends after this long without a request; at least 60. */
  readonly timeoutSeconds: number;
  /** Wrong passwords in a row after which a name is locked for the client that gave them. */
  readonly loginAttempts: number;
  readonly lockoutSeconds: number;
  /** Largest firmware image, octets. */
  readonly fotaLimitBytes: number;
  /** Largest message file, octets. */
  readonly messageLimitBytes: number;
  /** Largest JSON body, octets. */
  readonly jsonLimitBytes: number;
  /** Most devices that one job may address. */
  readonly maxDevices: number;
  /** Text of `GET /api/policy`. */
  readonly policy: string;
  /** Believe `X-Forwarded-*`: only behind a proxy that sets them itself. */
  readonly trustProxy: boolean;
}

export const DEFAULT_API_CONFIG: ApiConfig = {
  timeoutSeconds: 1800,
  loginAttempts: 3,
  lockoutSeconds: 300,
  fotaLimitBytes: 4 * 1024 * 1024,
  messageLimitBytes: 64 * 1024,
  jsonLimitBytes: 1024 * 1024,
  maxDevices: 10_000,
  policy: 'This system is for the use of authorized users only.',
  trustProxy: false,
};

const LEAST = {
  timeoutSeconds: 60,
  loginAttempts: 1,
  lockoutSeconds: 1,
  fotaLimitBytes: 1,
  messageLimitBytes: 1,
  jsonLimitBytes: 1024,
  maxDevices: 1,
} as const;

/**
 * The defaults with the operator's changes.
 * @throws CallerError `config-invalid`
 */
export function apiConfig(changes: Partial<ApiConfig> = {}): ApiConfig {
  const config = { ...DEFAULT_API_CONFIG, ...changes };
  for (const [name, least] of Object.entries(LEAST)) {
    const value = config[name as keyof typeof LEAST];
    if (!Number.isSafeInteger(value) || value < least) {
      throw new CallerError('config-invalid', `${name} must be an integer from ${least}`);
    }
  }
  return config;
}
