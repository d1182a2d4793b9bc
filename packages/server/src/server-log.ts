import type { ApiLog } from '@airlift/api';
import type { CampaignLog } from '@airlift/campaign';
import type { NetworkLog } from '@airlift/network';
import { destination, type Logger, pino } from 'pino';

/** One log for all parts of the server: JSON lines on standard error. */
export interface ServerLog {
  readonly api: ApiLog;
  readonly network: NetworkLog;
  readonly campaign: CampaignLog;
  readonly own: Logger;
}

export function serverLog(level: string): ServerLog {
  const own = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination({ fd: 2, sync: true }));
  const line = (part: string): NetworkLog => {
    const logger = own.child({ part });
    return ({ level: entryLevel, message, fields, cause }) => {
      logger[entryLevel]({ ...fields, ...(cause === undefined ? {} : { err: cause }) }, message);
    };
  };
  const api = own.child({ part: 'api' });
  return {
    own,
    network: line('network'),
    campaign: line('campaign'),
    api: (entry) => {
      if (entry.event === 'failure') {
        const { reference, method, path, error } = entry;
        api.error({ reference, method, path, err: error }, 'request failed');
      } else {
        const { event, ...fields } = entry;
        api.debug(fields, event);
      }
    },
  };
}
