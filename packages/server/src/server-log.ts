import type { ApiLog } from '@airlift/api';
import type { CampaignLog } from '@airlift/campaign';
import { CallerError } from '@airlift/kernel';
import type { NetworkLog } from '@airlift/network';
import type { StoreLog } from '@airlift/store';
import { destination, type Logger, pino } from 'pino';

/** One log for all parts of the server: JSON lines on standard error. */
export interface ServerLog {
  readonly api: ApiLog;
  readonly network: NetworkLog;
  readonly campaign: CampaignLog;
  readonly store: StoreLog;
  readonly own: Logger;
}

export function serverLog(level: string): ServerLog {
  const own = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ fd: 2, sync: true }));
  const line = (part: string): NetworkLog => {
    const logger = own.child({ part });
    return ({ level: entryLevel, message, fields, cause }) => {
      // The store says once that the disk is full: that is not repeated for everything that fails meanwhile.
      const level = isStorageFull(cause) ? 'debug' : entryLevel;
      logger[level]({ ...fields, ...(cause === undefined ? {} : { err: cause }) }, message);
    };
  };
  const api = own.child({ part: 'api' });
  return {
    own,
    network: line('network'),
    campaign: line('campaign'),
    store: line('store'),
    api: (entry) => {
      if (entry.event === 'failure') {
        const { reference, method, path, error } = entry;
        if (isClientGone(error)) api.debug({ method, path }, 'client went away');
        else api.error({ reference, method, path, err: error }, 'request failed');
      } else if (entry.event === 'session-unstored') {
        api.warn({ err: entry.error }, 'sessions cannot be prolonged on the disk; they last in memory');
      } else {
        const { event, ...fields } = entry;
        api.debug(fields, event);
      }
    },
  };
}

function isStorageFull(cause: unknown): boolean {
  return cause instanceof CallerError && cause.code === 'storage-full';
}

/** A client that breaks its request off is no fault of ours, and could fill the log with it. */
function isClientGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
