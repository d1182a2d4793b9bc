import type { Role } from './job-request.ts';

/** Methods the contract uses; `HEAD` follows `GET`. */
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Who may call: everybody without a session, or the roles listed. An empty list refuses everybody. */
export type Access = 'public' | readonly Role[];

/** One call of the HTTP contract. */
export interface Operation {
  readonly method: Method;
  /** `{name}` marks a variable segment. */
  readonly path: string;
  readonly access: Access;
  readonly purpose: string;
}

const EVERY_ROLE: readonly Role[] = ['admin', 'user', 'guest'];
const OPERATORS: readonly Role[] = ['admin', 'user'];
const ADMINISTRATORS: readonly Role[] = ['admin'];
const NOBODY: readonly Role[] = [];

const WHITELIST = '/api/loraNetwork/whitelist/devices';
const JOB = '/api/lora/jobs/{filename}';

/**
 * Every call of the contract with the roles that may make it (contract section 1.5). An engineer (`user`) works with
 * the fleet but changes no configuration; a monitor (`guest`) looks, and never sees keys.
 */
export const OPERATIONS = {
  login: { method: 'POST', path: '/api/login', access: 'public', purpose: 'Open a session' },
  'login-get': { method: 'GET', path: '/api/login', access: 'public', purpose: 'Open a session' },
  logout: { method: 'POST', path: '/api/logout', access: EVERY_ROLE, purpose: 'End a session' },
  'logout-get': { method: 'GET', path: '/api/logout', access: EVERY_ROLE, purpose: 'End a session' },
  whoami: { method: 'GET', path: '/api/whoami', access: EVERY_ROLE, purpose: 'Who is logged in' },
  session: { method: 'GET', path: '/api/session', access: EVERY_ROLE, purpose: 'Role and timeout of the session' },
  policy: { method: 'GET', path: '/api/policy', access: 'public', purpose: 'Terms of use' },
  commissioning: { method: 'GET', path: '/api/commissioning', access: 'public', purpose: 'Is there an administrator' },
  commission: {
    method: 'POST',
    path: '/api/commissioning',
    access: 'public',
    purpose: 'Create the first administrator',
  },

  'upload-fota': {
    method: 'POST',
    path: '/api/command/upload_lora_fota_file',
    access: OPERATORS,
    purpose: 'Upload firmware file',
  },
  'upload-message': {
    method: 'POST',
    path: '/api/command/upload_lora_multicast',
    access: OPERATORS,
    purpose: 'Upload message file',
  },
  'schedule-fota': { method: 'POST', path: '/api/lora/fota', access: OPERATORS, purpose: 'Schedule FOTA operation' },
  'schedule-message': {
    method: 'POST',
    path: '/api/lora/mcm',
    access: OPERATORS,
    purpose: 'Schedule multicast message',
  },
  progress: { method: 'GET', path: '/api/lora/fotaprogress', access: EVERY_ROLE, purpose: 'Monitor progress' },
  schedule: { method: 'GET', path: '/api/lora/fotaschedule', access: EVERY_ROLE, purpose: 'List scheduled operations' },
  cancel: {
    method: 'DELETE',
    path: '/api/lora/fotaschedule/{filename}',
    access: OPERATORS,
    purpose: 'Cancel operation',
  },
  results: { method: 'GET', path: '/api/lora/fotaresults', access: EVERY_ROLE, purpose: 'Get operation results' },
  'delete-result': {
    method: 'DELETE',
    path: '/api/lora/fotaresults/{filename}',
    access: OPERATORS,
    purpose: 'Delete a result',
  },

  // Additive to what the gateways document.
  'job-pause': { method: 'POST', path: `${JOB}/pause`, access: OPERATORS, purpose: 'Stop sending for a while' },
  'job-resume': { method: 'POST', path: `${JOB}/resume`, access: OPERATORS, purpose: 'Go on sending' },
  'job-approve': { method: 'POST', path: `${JOB}/approve`, access: OPERATORS, purpose: 'Allow the next wave' },
  'job-abort': { method: 'POST', path: `${JOB}/abort`, access: OPERATORS, purpose: 'End a job that is under way' },
  'job-retry': { method: 'POST', path: `${JOB}/retry`, access: OPERATORS, purpose: 'A job for those that failed' },
  'job-log': { method: 'GET', path: `${JOB}/log`, access: EVERY_ROLE, purpose: 'What a job lived through' },
  'job-frames': { method: 'GET', path: `${JOB}/frames`, access: EVERY_ROLE, purpose: 'Frames sent, as CSV' },

  status: { method: 'GET', path: '/api/lora/status', access: EVERY_ROLE, purpose: 'Is the LoRa service running' },
  stats: { method: 'GET', path: '/api/lora/stats', access: EVERY_ROLE, purpose: 'Packet counters' },
  gateways: { method: 'GET', path: '/api/lora/gateways', access: EVERY_ROLE, purpose: 'List gateways' },
  gateway: { method: 'GET', path: '/api/lora/gateways/{eui}', access: EVERY_ROLE, purpose: 'One gateway' },
  devices: { method: 'GET', path: '/api/lora/devices', access: EVERY_ROLE, purpose: 'List devices' },

  // Refused to everybody, administrators included.
  operations: { method: 'GET', path: '/api/lora/operations', access: NOBODY, purpose: 'Refused' },
  apps: { method: 'GET', path: '/api/lora/apps', access: NOBODY, purpose: 'Refused' },
  multicast: { method: 'GET', path: '/api/lora/multicast', access: NOBODY, purpose: 'Refused' },

  whitelist: { method: 'GET', path: WHITELIST, access: OPERATORS, purpose: 'List devices and their keys' },
  'whitelist-add': { method: 'POST', path: WHITELIST, access: ADMINISTRATORS, purpose: 'Add a device' },
  'whitelist-clear': { method: 'DELETE', path: WHITELIST, access: ADMINISTRATORS, purpose: 'Remove all devices' },
  'whitelist-device': { method: 'GET', path: `${WHITELIST}/{device}`, access: OPERATORS, purpose: 'One device' },
  'whitelist-replace': {
    method: 'PUT',
    path: `${WHITELIST}/{device}`,
    access: ADMINISTRATORS,
    purpose: 'Change a device',
  },
  'whitelist-remove': {
    method: 'DELETE',
    path: `${WHITELIST}/{device}`,
    access: ADMINISTRATORS,
    purpose: 'Remove a device',
  },
} as const satisfies Readonly<Record<string, Operation>>;

/** Name of a call of the contract. */
export type OperationName = keyof typeof OPERATIONS;

/** Whether a role may make a call; `undefined` stands for no session. */
export function mayCall(role: Role | undefined, operation: Operation): boolean {
  if (operation.access === 'public') return true;
  return role !== undefined && operation.access.includes(role);
}

/** Whether a role is at least as powerful as another: administrator, engineer, monitor. */
export function atLeast(role: Role, other: Role): boolean {
  return EVERY_ROLE.indexOf(role) <= EVERY_ROLE.indexOf(other);
}

/** The methods that a path takes, empty when the contract does not know the path. */
export function methodsOf(path: string): readonly Method[] {
  const methods = new Set<Method>();
  for (const operation of Object.values(OPERATIONS)) {
    if (pathMatches(operation.path, path)) methods.add(operation.method);
  }
  return [...methods];
}

function pathMatches(template: string, path: string): boolean {
  const wanted = template.split('/');
  const given = path.replace(/\/$/, '').split('/');
  return (
    wanted.length === given.length &&
    wanted.every((segment, i) => (segment.startsWith('{') ? given[i] !== '' : segment === given[i]))
  );
}
