import { ERROR_TABLE, type ErrorCode, errorText, type Failure, failure, isErrorCode } from '@airlift/contract';
import { AirliftError } from '@airlift/kernel';

/** How the HTTP framework's own errors read in the contract. */
const FRAMEWORK_ERRORS: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'request-malformed',
  FST_ERR_MAX_PARAM_LENGTH: 'path-unknown',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'upload-not-multipart',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
};

/** The answer to a failed request; undefined when the failure is ours and must not be told. */
export function callersFailure(error: unknown): Failure | undefined {
  if (error instanceof AirliftError) {
    if (error.kind !== 'caller') return undefined;
    if (!isErrorCode(error.code)) return failure(400, error.message);
    const entry = ERROR_TABLE[error.code];
    // A text with blanks was filled in where the error was made; the others are the table's, whoever threw.
    return failure(entry.status, entry.text.includes('{') ? error.message : entry.text);
  }
  const code = frameworkCode(error);
  const known = code === undefined ? undefined : FRAMEWORK_ERRORS[code];
  return known === undefined ? undefined : failure(ERROR_TABLE[known].status, errorText(known));
}

/** The answer to a failure of our own: a reference to the log and nothing else. */
export function ownFailure(reference: string): Failure {
  return failure(ERROR_TABLE.internal.status, errorText('internal', { reference }));
}

function frameworkCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
