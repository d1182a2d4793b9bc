import type { CampaignLog, CampaignLogEntry } from './campaign-log.ts';
import type { CampaignEvent } from './events.ts';

type Fields = CampaignLogEntry['fields'];

/** Words for the log about jobs and their devices: a projection of their events. */
export class CampaignReporter {
  readonly #log: CampaignLog;

  constructor(log: CampaignLog) {
    this.#log = log;
  }

  /** Something about a job, under its schedule name. */
  job(level: 'info' | 'warn', message: string, filename: string, fields: Fields = {}): void {
    this.#log({ level, message, fields: { job: filename, ...fields } });
  }

  /** What a job lived through. */
  event(filename: string, event: CampaignEvent): void {
    switch (event.kind) {
      case 'job':
        this.job('info', `job is ${event.to}`, filename, { outcome: event.outcome });
        return;
      case 'control':
        this.job('info', `job is ${event.to}`, filename, { wave: event.wave + 1 });
        return;
      case 'session': {
        const { session, round, sent } = event;
        this.job('info', `session is ${event.to}`, filename, { session, round, sent });
        return;
      }
      case 'device': {
        const { devEui, evidence, reason } = event;
        const level = reason === undefined ? 'info' : 'warn';
        this.job(level, `device is ${event.to}`, filename, { devEui, evidence, reason });
        return;
      }
      case 'frame-refused': {
        const { session, frame, error } = event;
        this.job('warn', 'frame refused', filename, { session, frame: frame.kind, number: frame.number, error });
        return;
      }
      case 'waits': {
        const { session, cause } = event;
        this.job('info', 'a frame waits', filename, { session, cause });
        return;
      }
      case 'asked':
      case 'said':
        return;
    }
  }

  /** Something that a peer sent cannot be used. */
  warning(message: string, fields: Fields): void {
    this.#log({ level: 'warn', message, fields });
  }

  /** Something that should have worked did not. */
  failure(message: string, fields: Fields, cause: unknown): void {
    this.#log({ level: 'error', message, fields, cause });
  }
}
