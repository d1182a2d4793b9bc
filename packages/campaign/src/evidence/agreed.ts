import type { Finding, ReceptionBounds } from './finding.ts';

/** What holds whichever of the findings is the right one. */
export function agreed(findings: readonly Finding[]): Finding {
  const possible = findings.filter((one) => one.kind !== 'impossible');
  const [first] = possible;
  if (first === undefined) return findings[0] ?? { kind: 'impossible', why: 'contradictory' };
  if (possible.every((one) => one.kind === 'complete')) {
    const errorRate = Math.max(...possible.map((one) => (one.kind === 'complete' ? one.errorRate : 0)));
    return first.kind === 'complete' ? { ...first, errorRate } : first;
  }
  const receptions = possible.flatMap((one) => ('reception' in one ? [one.reception] : []));
  const reception = widest(receptions);
  if (possible.every((one) => one.kind === 'incomplete')) return { kind: 'incomplete', reception, memory: 'enough' };
  const isSettled = possible.every((one) => one.kind === 'complete' || (one.kind === 'undecided' && one.isSettled));
  const provableFrom = possible.flatMap((one) => (one.kind === 'undecided' ? [one.provableFrom ?? Infinity] : []));
  const from = Math.max(0, ...provableFrom);
  return {
    kind: 'undecided',
    reception,
    memory: 'in-doubt',
    provableFrom: from > 0 && Number.isFinite(from) ? from : undefined,
    isSettled,
  };
}

function widest(receptions: readonly ReceptionBounds[]): ReceptionBounds {
  const rates = receptions.flatMap(({ lossRate }) => (lossRate === undefined ? [] : [lossRate]));
  return {
    at: Math.min(...receptions.map(({ at }) => at)),
    missing: {
      atLeast: Math.min(...receptions.map(({ missing }) => missing.atLeast)),
      likely: Math.max(...receptions.map(({ missing }) => missing.likely)),
      atMost: Math.max(...receptions.map(({ missing }) => missing.atMost)),
    },
    heardAtLeast: Math.min(...receptions.map(({ heardAtLeast }) => heardAtLeast)),
    lossRate: rates.length === 0 ? undefined : Math.max(...rates),
  };
}
