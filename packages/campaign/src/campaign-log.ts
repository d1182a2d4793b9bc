/** One line of what the campaign does, for people who look into a fault. Never holds keys or payloads. */
export interface CampaignLogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | undefined>>;
  /** The error behind an `error` entry. */
  readonly cause?: unknown;
}

export type CampaignLog = (entry: CampaignLogEntry) => void;
