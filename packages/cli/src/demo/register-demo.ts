import { CallerError } from '@airlift/kernel';
import { type Command, Option } from 'commander';
import type { DemoReport, DemoWatcher } from './run-demo.ts';

interface DemoOptions {
  readonly firmware?: string;
  readonly devices: string;
  readonly loss: string;
  readonly region: string;
  readonly seed: string;
  readonly json?: true;
  readonly logLevel: string;
}

/** `airlift demo`: the main job by itself. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('Update a simulated fleet from beginning to end and show what every device received')
    .addOption(new Option('--firmware <file>', 'image to send; a real radio firmware of 160 kB unless named'))
    .addOption(new Option('--devices <n>', 'simulated devices').default('20'))
    .addOption(new Option('--loss <p>', 'radio loss of every device, 0..1').default('0.1'))
    .addOption(new Option('--region <name>', 'LoRaWAN region').default('US915'))
    .addOption(new Option('--seed <text>', 'keys, EUIs and losses of the devices follow from it').default('airlift'))
    .addOption(new Option('--json', 'print one JSON document instead'))
    .addOption(new Option('--log-level <level>', 'log of the private server, on standard error').default('silent'))
    .addHelpText(
      'after',
      `
Exits 0 only if every device holds exactly the bytes of the image.

Example:
  airlift demo --devices 50 --loss 0.2 --region EU868`,
    )
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const settings = {
    devices: wholeNumber(options.devices, '--devices', 1, 10_000),
    loss: fraction(options.loss, '--loss'),
    region: options.region,
    seed: options.seed,
    logLevel: options.logLevel,
  };
  const { loadFirmware } = await import('./demo-firmware.ts');
  const { runDemo } = await import('./run-demo.ts');
  const { barWatcher, printReport, silentWatcher } = await import('./show-demo.ts');
  const firmware = await loadFirmware(options.firmware);
  const watcher: DemoWatcher & { end(): void } = options.json ? silentWatcher() : barWatcher();
  let report: DemoReport;
  try {
    report = await runDemo(firmware, settings, watcher);
  } finally {
    watcher.end();
  }
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else printReport(report);
  if (report.completed !== report.devices) process.exitCode = 1;
}

function wholeNumber(text: string, option: string, low: number, high: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new CallerError('option-invalid', `${option} must be a whole number from ${low} to ${high}`);
  }
  return value;
}

function fraction(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 1)) {
    throw new CallerError('option-invalid', `${option} must be a number from 0 to below 1, such as 0.1`);
  }
  return value;
}
