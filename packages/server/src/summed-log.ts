import { CallerError, type Clock, type RealMs, SummingGate } from '@airlift/kernel';
import type { NetworkLogEntry } from '@airlift/network';
import type { Logger } from 'pino';

/** A log whose warnings and errors are summed up: anybody who can reach a port can cause them. */
export interface SummedLog {
  /** `source` tells who or what caused the entry, where its texts do not. */
  readonly take: (entry: NetworkLogEntry, source?: string) => void;
  /** Writes what is still counted. */
  readonly flush: () => void;
}

/**
 * Entries are alike when message and texts are; numbers may differ. What the server does on its own account (`info`) is
 * not summed up.
 */
export function summedLog(logger: Logger, clock: Clock<RealMs>): SummedLog {
  const write = ({ level, message, fields, cause }: NetworkLogEntry, more: Readonly<Record<string, number>>): void => {
    logger[level]({ ...fields, ...more, ...(cause === undefined ? {} : { err: cause }) }, message);
  };
  const gate = new SummingGate<NetworkLogEntry, RealMs>({
    clock,
    pass: (entry, count) => write(entry, count === 1 ? {} : { count }),
    sum: ({ sample, source, count, spanMs }) => {
      // Of many sources, none may be named as if it were the only one.
      const { level, message, fields, cause } = sample;
      const entry =
        source === undefined ? { level, message, fields: { source: 'others' } } : { level, message, fields, cause };
      write(entry, { count, seconds: Math.round(spanMs / 1000) });
    },
  });
  return {
    take: (entry, source = textsOf(entry)) => {
      // The store says once that the disk is full: that is not repeated for everything that fails meanwhile.
      if (isStorageFull(entry.cause)) logger.debug({ ...entry.fields, err: entry.cause }, entry.message);
      else if (entry.level === 'info') write(entry, {});
      else gate.take(entry.message, source, entry, entry.count);
    },
    flush: () => gate.flush(),
  };
}

function isStorageFull(cause: unknown): boolean {
  return cause instanceof CallerError && cause.code === 'storage-full';
}

function textsOf({ fields }: NetworkLogEntry): string {
  return Object.values(fields)
    .filter((value) => typeof value === 'string')
    .join(' ');
}
