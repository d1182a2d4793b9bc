import { CallerError, type ErrorKind } from '@airlift/kernel';

/** One kind of failure as a caller of the HTTP contract sees it. */
export interface ErrorEntry {
  /** HTTP status and the `code` member of the envelope. */
  readonly status: number;
  readonly kind: ErrorKind;
  /** The `error` member; `{name}` marks what is filled in. */
  readonly text: string;
  readonly when: string;
}

function caller(status: number, text: string, when: string): ErrorEntry {
  return { status, kind: 'caller', text, when };
}

/**
 * Every failure the HTTP contract knows, by stable code: the only place where a status or a text is decided.
 * Texts in documented wording are kept to the letter.
 */
export const ERROR_TABLE = {
  'parameters-invalid': caller(400, 'Invalid parameters: {detail}', 'a member of the body or the query is unusable'),
  'body-malformed': caller(400, 'Invalid parameters: the body is not JSON', 'a body is expected and cannot be parsed'),
  'eui-invalid': caller(400, 'Invalid device EUI format', 'an EUI is not 16 hexadecimal digits, see section 1.7'),
  'multicast-group-invalid': caller(
    400,
    'Multicast group ID must be 0-3',
    'multicastGroupID is no integer 0 to 3, or is missing while multicastDeveui is missing too',
  ),
  'payload-too-long': caller(
    400,
    'Invalid parameters: the message payload is too long',
    'no frame can carry the message: it has more than 242 octets, or more than the data rate of the group allows',
  ),
  'packet-size-too-small': caller(
    400,
    'Invalid parameters: the packet size leaves no room for data',
    'max_packet_size, or the data rate, is too small for a fragment',
  ),
  'image-too-large': caller(
    400,
    'Invalid parameters: the file has too many fragments',
    'the firmware needs more fragments than the fragmentation package can number',
  ),
  'password-weak': caller(
    400,
    'Invalid parameters: the password must have 8 to 256 characters',
    'a new password is too short or too long',
  ),
  'upload-not-multipart': caller(
    400,
    'Invalid parameters: multipart/form-data expected',
    'an upload has another content type or no boundary',
  ),
  'upload-malformed': caller(
    400,
    'Invalid parameters: the multipart body is broken',
    'an upload ends early or cannot be parsed',
  ),
  'upload-part-missing': caller(400, 'Invalid parameters: no file part', 'an upload has no part with a file name'),
  'upload-name-invalid': caller(
    400,
    'Invalid parameters: unusable file name',
    'the base name is empty, `.` or `..`, has control characters or more than 255 octets',
  ),
  'upload-empty': caller(400, 'Invalid parameters: the file is empty', 'the uploaded file has no octets'),
  'upload-too-many-parts': caller(400, 'Invalid parameters: too many parts', 'an upload has more parts than allowed'),
  'request-malformed': caller(400, 'Invalid parameters: not an HTTP request', 'the request itself cannot be parsed'),
  unauthorized: caller(401, 'Unauthorized', 'there is no valid login session'),
  'login-failed': caller(
    401,
    'authorize failed. {remaining} attempts remaining.',
    'user name or password is wrong; the last allowed attempt says 0 and locks the name for the client',
  ),
  'login-locked': caller(
    401,
    'authorize failed. 0 attempts remaining. Locked for {seconds} seconds.',
    'the name is locked for the client after too many wrong passwords, whatever the password',
  ),
  forbidden: caller(403, 'Forbidden', 'the role does not allow the call'),
  'cross-site': caller(403, 'Forbidden: cross-site request', 'a browser sent the call from the page of another site'),
  'path-unknown': caller(404, 'Path not found', 'there is no such path'),
  'fota-file-missing': caller(
    404,
    'FOTA file not found. Upload file first.',
    'fotaFile names no upload, or nothing was uploaded yet',
  ),
  'message-file-missing': caller(
    404,
    'Message file not found. Upload file first.',
    'messagePayloadFile names no upload',
  ),
  'schedule-unknown': caller(404, 'Scheduled operation not found', 'no scheduled operation has the file name'),
  'operation-unknown': caller(404, 'Operation not found', 'no operation has the file name'),
  'result-unknown': caller(404, 'Result not found', 'no result has the file name'),
  'job-content-gone': caller(
    404,
    'File of the operation is no longer stored. Upload file first.',
    'a job is to be retried a day or more after its end, and nobody kept its file',
  ),
  'device-unknown': caller(404, 'Device not found', 'no device of the whitelist has the EUI or the index'),
  'gateway-unknown': caller(404, 'Gateway not found', 'no gateway has the EUI'),
  'user-unknown': caller(404, 'User not found', 'logoutUser names nobody'),
  'method-not-allowed': caller(405, 'Method not allowed', 'the path exists and does not take the method'),
  'request-timeout': caller(408, 'Request timeout', 'the request did not arrive in time'),
  'commissioning-mode': caller(409, 'Device in commissioning mode', 'login before the first administrator exists'),
  'already-commissioned': caller(409, 'Device already commissioned', 'the first administrator exists already'),
  'schedule-name-taken': caller(409, 'Schedule filename already exists', 'schedule_filename is in use'),
  'schedule-started': caller(409, 'Operation has already started', 'a started operation cannot be cancelled'),
  'order-meaningless': caller(
    409,
    'Operation is not in a state for that',
    'a job is told what it cannot do now, or is not complete yet, or has no device to serve again',
  ),
  'device-exists': caller(409, 'Device already exists', 'the whitelist has a device of that EUI'),
  'device-eui-fixed': caller(
    409,
    'Device EUI cannot be changed',
    'a change of a device names another EUI; that device has a record of its own, or is to be added',
  ),
  'upload-too-large': caller(413, 'File too large', 'the uploaded file exceeds the limit of its kind'),
  'body-too-large': caller(413, 'Request body too large', 'a JSON body exceeds the limit'),
  'header-too-large': caller(431, 'Request header too large', 'the header fields exceed the limit'),
  internal: {
    status: 500,
    kind: 'bug',
    text: 'Internal server error. Reference: {reference}',
    when: 'the server failed; its log has the reference',
  },
  'login-busy': caller(
    503,
    'Too many logins at once. Try again later.',
    'the turn did not come in time to check the password',
  ),
  stopping: caller(503, 'Server is stopping', 'a job arrives while the server stops'),
  'storage-full': caller(507, 'Insufficient storage', 'the storage cannot take what had to be written'),
} as const satisfies Readonly<Record<string, ErrorEntry>>;

/** A code of the error table. */
export type ErrorCode = keyof typeof ERROR_TABLE;

/** Whether the text is a code of the error table. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_TABLE, code);
}

/** The text of an entry with its blanks filled in; a blank without a value stays as it is written. */
export function errorText(code: ErrorCode, blanks: Readonly<Record<string, string | number>> = {}): string {
  return ERROR_TABLE[code].text.replace(/\{(\w+)\}/g, (whole, name: string) => String(blanks[name] ?? whole));
}

/** The error of an entry, its message being the contract's text. */
export function contractError(code: ErrorCode, blanks: Readonly<Record<string, string | number>> = {}): CallerError {
  return new CallerError(code, errorText(code, blanks));
}
