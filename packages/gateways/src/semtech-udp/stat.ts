/** The counters of a forwarder's `stat` object; missing or senseless ones count as 0. */
export interface Stat {
  readonly received: number;
  readonly receivedOk: number;
  readonly forwarded: number;
  readonly transmitted: number;
  /** Share of upstream datagrams that we acknowledged, 0 .. 1. */
  readonly ackRate: number;
  /** What the forwarder says of itself, if anything. */
  readonly version: string | undefined;
}

/** Reads `stat`; never fails, since it carries nothing that a decision depends on. */
export function parseStat(stat: Readonly<Record<string, unknown>>): Stat {
  const { pfrm } = stat;
  return {
    received: count(stat.rxnb),
    receivedOk: count(stat.rxok),
    forwarded: count(stat.rxfw),
    transmitted: count(stat.txnb),
    ackRate: Math.min(1, percent(stat.ackr) / 100),
    version: typeof pfrm === 'string' ? pfrm.slice(0, 64) : undefined,
  };
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

function percent(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : 0;
}
