import cliProgress from 'cli-progress';
import pc from 'picocolors';
import type { DemoReport, DemoWatcher } from './run-demo.ts';

type Ending = DemoWatcher & { end(): void };

export function silentWatcher(): Ending {
  return { step: () => undefined, progress: () => undefined, end: () => undefined };
}

/** Steps as lines, progress as a bar. */
export function barWatcher(): Ending {
  let bar: cliProgress.SingleBar | undefined;
  return {
    step: (text) => {
      bar?.stop();
      bar = undefined;
      console.log(pc.dim('·'), text);
    },
    progress: (percent, phase) => {
      if (bar === undefined) {
        bar = new cliProgress.SingleBar(
          {
            format: '  {bar} {percent} %  {phase}',
            barsize: 40,
            hideCursor: true,
            noTTYOutput: true,
            notTTYSchedule: 1000,
          },
          cliProgress.Presets.shades_classic,
        );
        bar.start(100, 0, { percent: '0.0', phase });
      }
      bar.update(percent, { percent: percent.toFixed(1), phase });
    },
    end: () => bar?.stop(),
  };
}

/** The table per device, and what the whole took. */
export function printReport(report: DemoReport): void {
  const rows = report.per_device.map((device) => [
    device.deveui,
    String(device.fragments_heard),
    String(device.parity_used),
    device.identical ? `yes (${device.verified_by ?? device.status})` : 'NO',
    device.seconds === null ? '-' : `${device.seconds.toFixed(0)} s`,
    device.identical ? 'identical' : (device.reason ?? 'image differs'),
  ]);
  const head = ['device', 'fragments heard', 'parity used', 'verified', 'time', 'image'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  console.log();
  console.log(pc.bold(line(head)));
  report.per_device.forEach((device, index) => {
    const text = line(rows[index] ?? []);
    console.log(device.identical ? text : pc.red(text));
  });
  const { frames, image } = report;
  const sent = frames.plain + frames.parity + frames.status;
  console.log();
  console.log(`Image    ${image.name}, ${image.size_bytes} octets, sha256 ${image.sha256}`);
  console.log(
    `Frames   ${sent} (${frames.plain} fragments, ${frames.parity} parity, ${frames.status} status requests)`,
  );
  console.log(
    `On air   ${(report.airtime_ms / 1000).toFixed(1)} s within a session of ${report.session_seconds} s, simulated in ${report.wall_seconds} s`,
  );
  const verdict = `${report.completed} of ${report.devices} devices hold the identical image`;
  console.log(report.completed === report.devices ? pc.green(verdict) : pc.red(verdict));
}
