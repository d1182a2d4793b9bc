import {
  after,
  type Calendar,
  type Clock,
  HeldDeviceTime,
  OffsetCalendar,
  type RealMs,
  realMs,
  ScaledClock,
  type SystemClock,
  type Timer,
} from '@airlift/kernel';
import type { MetaStore } from '@airlift/store';
import type { ServerLog } from './server-log.ts';

/** How often the machine's date is compared with the clock. */
const LOOK_EVERY_MS = 1_000;
/** How often the time that has passed is put down, for a start on a machine that has forgotten the date. */
const KEEP_EVERY_MS = 300_000;
const KEPT_AS = 'time';

/** What an earlier process put down of its time. */
interface KeptTime {
  readonly dateOffsetMs: number;
  readonly passed: RealMs;
  readonly deviceOffsetMs: number;
}

/** Everything by which the parts of a server tell the time. */
export interface ServerTime {
  /** Of people and connections. */
  readonly realClock: Clock<RealMs>;
  readonly realCalendar: Calendar<RealMs>;
  /** Of the air: network and campaigns. */
  readonly clock: Clock;
  readonly calendar: Calendar;
  readonly deviceTime: HeldDeviceTime;
  /** To be called when everybody has said for what device time is to be kept. */
  started(): void;
  stop(): Promise<void>;
}

export interface TimeOptions {
  readonly realClock: SystemClock;
  readonly meta: MetaStore;
  readonly log: ServerLog;
  readonly scale: number;
  /** Real instant at which scaled time starts to run ahead; that of the first start unless given. */
  readonly anchor: RealMs | undefined;
  /** The air's time of a composition that brings its own. */
  readonly own: { readonly clock: Clock; readonly calendar: OffsetCalendar } | undefined;
}

/**
 * Takes up the time of the process before and watches the machine's date. A date that steps moves the calendars and
 * nothing else: what is measured or under way runs on.
 */
export async function startTime(options: TimeOptions): Promise<ServerTime> {
  const { realClock, meta, log, scale, own } = options;
  const kept = readKept(await meta.get(KEPT_AS));
  if (kept !== undefined) realClock.takeUp(kept);
  const realCalendar = new OffsetCalendar<RealMs>(realClock.dateOffsetMs());
  const calendar = own?.calendar ?? new OffsetCalendar(realClock.dateOffsetMs() * scale);
  const deviceTime = new HeldDeviceTime(calendar, own === undefined ? kept?.deviceOffsetMs : undefined);
  // Until all that is under way has been taken up.
  deviceTime.keepFor('start');

  const keep = async (): Promise<void> => {
    const time: KeptTime = {
      dateOffsetMs: realCalendar.offsetMs,
      passed: realClock.now(),
      deviceOffsetMs: deviceTime.offsetMs,
    };
    await meta.set(KEPT_AS, JSON.stringify(time));
  };
  let keptAt = realClock.now();
  let timer: Timer;
  let keeping: Promise<void> = Promise.resolve();
  const look = (): void => {
    const before = realCalendar.offsetMs;
    const offsetMs = realClock.dateOffsetMs();
    realCalendar.setOffset(offsetMs);
    if (own === undefined) calendar.setOffset(offsetMs * scale);
    const stepped = offsetMs !== before;
    if (stepped) log.own.warn({ seconds: Math.round((offsetMs - before) / 1000) }, 'the date of this machine stepped');
    if (stepped || realClock.now() - keptAt >= KEEP_EVERY_MS) {
      keptAt = realClock.now();
      keeping = keeping.then(keep).catch((error: unknown) => {
        log.own.error({ err: error }, 'the time could not be put down');
      });
    }
    timer = after(realClock, LOOK_EVERY_MS, look);
  };
  look();
  return {
    realClock,
    realCalendar,
    clock: own?.clock ?? new ScaledClock(realClock, { scale, anchor: await anchorOf(options) }),
    calendar,
    deviceTime,
    started: () => deviceTime.letGo('start'),
    stop: async () => {
      timer.cancel();
      await keeping;
      await keep().catch((error: unknown) => log.own.error({ err: error }, 'the time could not be put down'));
    },
  };
}

/** Faster time must not jump back when the server starts again, so the instant at which it began is kept. */
async function anchorOf({ anchor, scale, meta, realClock }: TimeOptions): Promise<RealMs> {
  if (anchor !== undefined) return anchor;
  if (scale === 1) return realClock.now();
  const key = `time-anchor/${scale}`;
  const kept = Number(await meta.get(key));
  if (Number.isFinite(kept) && kept > 0) return realMs(kept);
  const now = realClock.now();
  await meta.set(key, String(now));
  return now;
}

function readKept(text: string | undefined): KeptTime | undefined {
  if (text === undefined) return undefined;
  try {
    const kept = JSON.parse(text) as Partial<Record<keyof KeptTime, unknown>>;
    const { dateOffsetMs, passed, deviceOffsetMs } = kept;
    const numbers = [dateOffsetMs, passed, deviceOffsetMs].map(Number);
    if (!numbers.every(Number.isFinite)) return undefined;
    return {
      dateOffsetMs: Number(dateOffsetMs),
      passed: realMs(Number(passed)),
      deviceOffsetMs: Number(deviceOffsetMs),
    };
  } catch {
    return undefined;
  }
}
