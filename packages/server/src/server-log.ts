import type { ApiLog } from '@airlift/api';
import type { CampaignLog } from '@airlift/campaign';
import type { Clock, RealMs } from '@airlift/kernel';
import type { NetworkLog } from '@airlift/network';
import type { StoreLog } from '@airlift/store';
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { summedLog } from './summed-log.ts';

/** One log for all parts of the server: JSON lines on standard error. */
export interface ServerLog {
  readonly api: ApiLog;
  readonly network: NetworkLog;
  readonly campaign: CampaignLog;
  readonly store: StoreLog;
  readonly own: Logger;
  /** Writes the sums of what was not written line by line; to be called when nothing happens any more. */
  flush(): void;
}

/** @param clock real time: sums are written once a minute of it, however fast the server's own time runs */
export function serverLog(
  level: string,
  clock: Clock<RealMs>,
  stream: DestinationStream = destination({ fd: 2, sync: true }),
): ServerLog {
  const own = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  const network = summedLog(own.child({ part: 'network' }), clock);
  const campaign = summedLog(own.child({ part: 'campaign' }), clock);
  const store = summedLog(own.child({ part: 'store' }), clock);
  const api = own.child({ part: 'api' });
  const failures = summedLog(api, clock);
  return {
    own,
    network: network.take,
    campaign: campaign.take,
    store: store.take,
    api: (entry) => {
      if (entry.event === 'failure') {
        const { reference, method, path, error } = entry;
        if (isClientGone(error)) api.debug({ method, path }, 'client went away');
        else {
          const fields = { reference, method, path };
          // Every answer has a reference of its own.
          failures.take({ level: 'error', message: 'request failed', fields, cause: error }, `${method} ${path}`);
        }
      } else if (entry.event === 'session-unstored') {
        api.warn({ err: entry.error }, 'sessions cannot be prolonged on the disk; they last in memory');
      } else {
        const { event, ...fields } = entry;
        api.debug(fields, event);
      }
    },
    flush: () => {
      for (const log of [network, campaign, store, failures]) log.flush();
    },
  };
}

/** A client that breaks its request off is no fault of ours, and could fill the log with it. */
function isClientGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
