import type { PlannedJobJson, PlannedRemarkJson, PlannedSessionJson, PlannedSpanJson } from '@airlift/contract';

/** More devices than these are counted, not named. */
const MOST_NAMED = 5;

/** A planned job for people, in at most 80 columns. */
export function planText(plan: PlannedJobJson): string {
  const sessions = plan.sessions.flatMap((session, index) => sessionLines(session, index + 1));
  const lines = [
    `${plan.filename}: ${plan.sessions.length} session${plan.sessions.length === 1 ? '' : 's'}, figures at ${percent(plan.assumed_loss)} loss`,
    ...sessions,
    ...remarkLines('warning', plan.warnings),
    ...remarkLines('not served', plan.refused),
  ];
  return `${lines.join('\n')}\n`;
}

function sessionLines(session: PlannedSessionJson, number: number): readonly string[] {
  const { frames } = session;
  const cut =
    session.fragments === undefined
      ? []
      : [`   fragments  ${session.fragments} of ${session.fragment_size} octets, parity rule ${session.parity_rule}`];
  return [
    `${number}. ${session.devices} devices, ${session.region}, ${session.frequency_hz / 1e6} MHz, DR${session.data_rate}`,
    ...cut,
    `   frames     ${frames.plain} plain, ${frames.parity} parity, ${frames.status} questions`,
    `   airtime    ${Math.round(session.airtime_ms / 1000)} s, ${session.duty_percent} % of a gateway's hour`,
    `   start in   ${spanText(session.start_seconds)}`,
    `   end in     ${spanText(session.end_seconds)}`,
  ];
}

function spanText({ earliest, expected, latest }: PlannedSpanJson): string {
  return `${timeText(expected)} (${timeText(earliest)} to ${timeText(latest)})`;
}

function timeText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}

function remarkLines(what: string, remarks: readonly PlannedRemarkJson[]): readonly string[] {
  const byText = new Map<string, string[]>();
  for (const { text, deveui } of remarks) byText.set(text, [...(byText.get(text) ?? []), deveui]);
  return [...byText].flatMap(([text, euis]) => {
    const named = euis.slice(0, MOST_NAMED).map((eui) => `   ${eui}`);
    const rest = euis.length > MOST_NAMED ? [`   and ${euis.length - MOST_NAMED} more`] : [];
    return [`${what}: ${text}`, ...named, ...rest];
  });
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
