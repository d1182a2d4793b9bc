import type { Eui64 } from '@airlift/kernel';
import type { ActiveJob } from './active-job.ts';
import type { CampaignLog, CampaignLogEntry } from './campaign-log.ts';
import type { DeviceState } from './device-state.ts';

type Fields = CampaignLogEntry['fields'];

/** Words for the log about jobs and their devices. */
export class CampaignReporter {
  readonly #log: CampaignLog;

  constructor(log: CampaignLog) {
    this.#log = log;
  }

  /** Something about a job, under its schedule name. */
  job(level: 'info' | 'warn', message: string, filename: string, fields: Fields = {}): void {
    this.#log({ level, message, fields: { job: filename, ...fields } });
  }

  /** Where a device has come to. */
  device({ plan }: ActiveJob, devEui: Eui64, state: DeviceState): void {
    const reason = state.kind === 'failed' || state.kind === 'skipped' ? state.reason : undefined;
    this.job(reason === undefined ? 'info' : 'warn', `device is ${state.kind}`, plan.filename, { devEui, reason });
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
