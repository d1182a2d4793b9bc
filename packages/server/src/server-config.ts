import { readFile } from 'node:fs/promises';
import { CallerError } from '@airlift/kernel';
import { isRegionName, REGION_NAMES, type RegionName } from '@airlift/lorawan';
import { z } from 'zod';

const port = z.int().min(0).max(65_535);
const key = (least: number, most: number) => z.number().min(least).max(most);

/** Everything that can be set, as it stands in a configuration file. Unknown members are an error. */
const SETTINGS = z.strictObject({
  data: z.string().min(1),
  host: z.string().min(1),
  httpsPort: port,
  httpPort: port.nullable(),
  udpHost: z.string().min(1),
  udpPort: port,
  tlsCert: z.string().min(1).nullable(),
  tlsKey: z.string().min(1).nullable(),
  adminPassword: z.string().nullable(),
  region: z
    .string()
    .transform((text) => text.toUpperCase())
    .refine((text): text is RegionName => isRegionName(text), { error: `must be one of ${REGION_NAMES.join(', ')}` }),
  subBand: z.int().min(1).max(8).nullable(),
  rx2DataRate: z.int().min(0).max(15).nullable(),
  netId: z.int().min(0).max(0xff_ffff),
  mcAddrPrefix: z.int().min(1).max(0xffff),
  multicastFrequency: z.int().min(100_000_000).max(1_600_000_000).nullable(),
  multicastDataRate: z.int().min(0).max(15).nullable(),
  deviceProfile: z.string().min(1).nullable(),
  profileFiles: z.array(z.string().min(1)),
  expectedUplinkInterval: key(1, 86_400),
  sessionTimeout: z.int().min(60).max(86_400),
  fotaLimitBytes: z.int().min(1),
  messageLimitBytes: z.int().min(1),
  simulate: z.int().min(0).max(10_000),
  loss: key(0, 1),
  seed: z.string().min(1),
  uplinkInterval: key(1, 86_400),
  timeScale: key(0.01, 1_000),
  timeAnchor: z.number().nullable(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']),
});

export type ServerConfig = Readonly<z.output<typeof SETTINGS>>;
export type ServerSettings = Readonly<Partial<z.input<typeof SETTINGS>>>;

export const DEFAULT_SETTINGS = {
  data: 'data',
  host: '0.0.0.0',
  httpsPort: 8443,
  httpPort: null,
  udpHost: '0.0.0.0',
  udpPort: 1700,
  tlsCert: null,
  tlsKey: null,
  adminPassword: null,
  region: 'US915',
  subBand: 2,
  rx2DataRate: null,
  netId: 0,
  mcAddrPrefix: 0xf0da,
  multicastFrequency: null,
  multicastDataRate: null,
  deviceProfile: null,
  profileFiles: [],
  expectedUplinkInterval: 10,
  sessionTimeout: 1800,
  fotaLimitBytes: 4 * 1024 * 1024,
  messageLimitBytes: 64 * 1024,
  simulate: 0,
  loss: 0.1,
  seed: 'airlift',
  uplinkInterval: 10,
  timeScale: 1,
  timeAnchor: null,
  logLevel: 'info',
} as const satisfies z.input<typeof SETTINGS>;

/** `httpsPort` as `AIRLIFT_HTTPS_PORT`. */
export function variableName(setting: string): string {
  return `AIRLIFT_${setting.replace(/([A-Z])/g, '_$1').toUpperCase()}`;
}

/**
 * Puts the configuration together: defaults, then the file, then the environment, then what the caller passes.
 * @throws CallerError `config-invalid` naming the setting and where it came from
 */
export async function readConfig(options: {
  readonly file?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly settings?: Readonly<Record<string, unknown>>;
}): Promise<ServerConfig> {
  const merged: Record<string, unknown> = { ...DEFAULT_SETTINGS };
  if (options.file !== undefined) Object.assign(merged, await readConfigFile(options.file));
  for (const setting of Object.keys(DEFAULT_SETTINGS)) {
    const text = options.environment?.[variableName(setting)];
    if (text !== undefined && text !== '') merged[setting] = fromText(setting, text);
  }
  for (const [setting, value] of Object.entries(options.settings ?? {})) {
    if (value !== undefined) merged[setting] = typeof value === 'string' ? fromText(setting, value) : value;
  }
  const parsed = SETTINGS.safeParse(merged);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') ?? '';
    const notNumber = issue?.code === 'invalid_type' && Number.isNaN(issue.input ?? merged[where]);
    const why = notNumber ? 'must be a number' : (issue?.message ?? 'unusable');
    throw new CallerError('config-invalid', `Setting ${where}: ${why}`);
  }
  return parsed.data;
}

async function readConfigFile(file: string): Promise<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new CallerError('config-invalid', `The configuration file ${file} cannot be read as JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CallerError('config-invalid', `The configuration file ${file} must hold an object`);
  }
  return { ...value };
}

/** Texts of the command line and the environment, as the setting wants them. */
function fromText(setting: string, text: string): unknown {
  const standard = (DEFAULT_SETTINGS as Readonly<Record<string, unknown>>)[setting];
  if (Array.isArray(standard)) return text.split(',').map((part) => part.trim());
  const isNumeric = typeof standard === 'number' || NUMERIC_WITHOUT_DEFAULT.has(setting);
  return isNumeric && text.trim() !== '' ? Number(text) : text;
}

const NUMERIC_WITHOUT_DEFAULT = new Set([
  'httpPort',
  'rx2DataRate',
  'multicastFrequency',
  'multicastDataRate',
  'timeAnchor',
]);
