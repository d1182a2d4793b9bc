import type { PlannedJobJson, PlannedRemarkJson, PlannedSessionJson, PlannedSpanJson } from '@airlift/contract';

const COLUMNS = 80;
/** Longer names are cut. */
const MOST_OF_NAME = 40;
/** More devices than these are counted, not named. */
const MOST_NAMED = 5;

/** A planned job for people, in at most 80 columns. */
export function planText(plan: PlannedJobJson): string {
  const { filename, sessions } = plan;
  const name = filename.length > MOST_OF_NAME ? `${filename.slice(0, MOST_OF_NAME - 1)}…` : filename;
  const hasWaves = sessions.some(({ wave }) => wave > 1);
  const lines = [
    `${name}: ${sessions.length} session${sessions.length === 1 ? '' : 's'}, figures at ${percent(plan.assumed_loss)} loss`,
    ...sessions.flatMap((session, index) => sessionLines(session, index + 1, hasWaves)),
    ...remarkLines('warning', plan.warnings),
    ...remarkLines('not served', plan.refused),
  ];
  return `${lines.join('\n')}\n`;
}

function sessionLines(session: PlannedSessionJson, number: number, hasWaves: boolean): readonly string[] {
  const { frames, devices } = session;
  const who = `${devices} device${devices === 1 ? '' : 's'}${hasWaves ? ` of wave ${session.wave}` : ''}`;
  const cut =
    session.fragments === undefined
      ? []
      : [
          `   fragments  ${session.fragments} of ${session.fragment_size} octets (${session.padding} of padding), parity rule ${session.parity_rule}`,
        ];
  return [
    `${number}. ${who}, ${session.region}, ${session.frequency_hz / 1e6} MHz, DR${session.data_rate}`,
    ...cut,
    `   frames     ${frames.plain} plain, ${frames.parity} parity, ${frames.status} status`,
    `   airtime    ${seconds(session.airtime_ms)}, busiest hour ${seconds(session.busiest_hour_ms)} a gateway`,
    `   duty       ${session.duty_percent} % of the ${session.duty_limit_percent} % that the sub-band allows`,
    `   start in   ${spanText(session.start_seconds)}`,
    `   end in     ${spanText(session.end_seconds)}`,
    `   time-out   ${timeText(session.time_out_seconds)} after the start`,
  ];
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
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
  const byText = new Map<string, PlannedRemarkJson[]>();
  for (const remark of remarks) {
    const alike = byText.get(remark.text);
    if (alike === undefined) byText.set(remark.text, [remark]);
    else alike.push(remark);
  }
  return [...byText].flatMap(([text, alike]) => {
    const devices = alike.flatMap(({ deveui, until }) =>
      deveui === undefined ? [] : [`   ${deveui}${until === undefined ? '' : ` until ${until}`}`],
    );
    const rest = devices.length > MOST_NAMED ? [`   and ${devices.length - MOST_NAMED} more`] : [];
    return [...wrapped(`${what}: ${text}`), ...devices.slice(0, MOST_NAMED), ...rest];
  });
}

/** Lines of at most 80 columns, broken between words. */
function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined) lines.push(word);
    else if (line.length + 1 + word.length <= COLUMNS) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
