/** What the API reports. Paths come without their query: tokens and passwords may stand there. */
export type ApiLogEntry =
  | {
      readonly event: 'request';
      readonly method: string;
      readonly path: string;
      readonly status: number;
      readonly durationMs: number;
      readonly address: string;
      readonly user: string | undefined;
    }
  | {
      readonly event: 'failure';
      /** Stands in the answer too. */
      readonly reference: string;
      readonly method: string;
      readonly path: string;
      readonly error: unknown;
    }
  | {
      /** Sessions can be prolonged in memory only; told once until it works again. */
      readonly event: 'session-unstored';
      readonly error: unknown;
    };

/** Takes one entry; must not throw. */
export type ApiLog = (entry: ApiLogEntry) => void;

/** The part of a request target that may be logged. */
export function loggablePath(target: string): string {
  return target.replace(/[?#].*$/s, '');
}
