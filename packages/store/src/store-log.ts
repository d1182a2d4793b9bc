/** One line of what happens to the stored data, for people who look after it. Never holds keys or other secrets. */
export interface StoreLogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | undefined>>;
  /** The error behind the entry. */
  readonly cause?: unknown;
}

/** Takes one entry; must not throw. */
export type StoreLog = (entry: StoreLogEntry) => void;
