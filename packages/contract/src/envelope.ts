/** What surrounds every answer; the members stand in alphabetical order, as gateways write them. */
export interface Acknowledgement {
  readonly code: 200;
  readonly status: 'success';
}

export interface Success<Result> {
  readonly code: 200;
  readonly result: Result;
  readonly status: 'success';
}

export interface Failure {
  /** The HTTP status. */
  readonly code: number;
  readonly error: string;
  readonly status: 'fail';
}

/** A bare acknowledgement: exactly these two members. */
export const ACKNOWLEDGEMENT: Acknowledgement = { code: 200, status: 'success' };

export function success<Result>(result: Result): Success<Result> {
  return { code: 200, result, status: 'success' };
}

/** The answer to an accepted `POST /api/lora/fota` or `POST /api/lora/mcm`. */
export const JOB_ACCEPTED: Success<{ readonly status: 'success' }> = success({ status: 'success' });

export function failure(code: number, error: string): Failure {
  return { code, error, status: 'fail' };
}
