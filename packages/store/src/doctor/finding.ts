/** What a finding is about; stable, for programs that read the report. */
export type CheckName =
  | 'permissions'
  | 'space'
  | 'master-key'
  | 'tls'
  | 'database'
  | 'write-ahead-log'
  | 'schema'
  | 'record'
  | 'set-aside'
  | 'image'
  | 'stray';

/** Something in a data folder that is not as it should be. Never holds secrets. */
export interface Finding {
  readonly check: CheckName;
  /** What is wrong. */
  readonly what: string;
  /** Path of the file, or table and key of the record. */
  readonly where: string;
  /** What to do about it. */
  readonly advice: string;
}
