import { writeFile } from 'node:fs/promises';
import { CallerError, formatEui64 } from '@airlift/kernel';
import { type Command, Option } from 'commander';

interface FleetOptions {
  readonly udp: string;
  readonly devices: string;
  readonly loss: string;
  readonly seed: string;
  readonly uplinkInterval: string;
  readonly region: string;
  readonly subBand: string;
  readonly behaviour: string;
  readonly keysOut?: string;
  readonly out?: string;
  readonly memory?: string;
  readonly timeScale: string;
  readonly timeAnchor?: string;
}

/** `airlift fleet`: simulated devices against any network server that speaks Semtech UDP. */
export function registerFleet(program: Command): void {
  program
    .command('fleet')
    .description('Run simulated devices against any network server that speaks the Semtech UDP protocol')
    .addOption(
      new Option('--udp <host:port>', 'where the network server hears packet forwarders').makeOptionMandatory(),
    )
    .addOption(new Option('--devices <n>', 'simulated devices').default('20'))
    .addOption(new Option('--loss <p>', 'radio loss of every device, 0..1').default('0.1'))
    .addOption(new Option('--seed <text>', 'keys, EUIs and losses follow from it').default('airlift'))
    .addOption(new Option('--uplink-interval <seconds>', 'between uplinks of a device').default('10'))
    .addOption(new Option('--region <name>', 'LoRaWAN region').default('US915'))
    .addOption(
      new Option('--sub-band <n>', 'sub-band 1..8 that the gateway hears, in regions that have them').default('2'),
    )
    .addOption(
      new Option(
        '--behaviour <name>',
        'how the devices behave: multitech-dot, loramac-node, basics-modem, stm32cubewl, zephyr, by-the-book-v2, ' +
          'basics-modem-v2 or stm32cubewl-v2; several with their shares, as in loramac-node:3,zephyr:1',
      ).default('multitech-dot'),
    )
    .addOption(
      new Option('--keys-out <file>', 'write the devices as a JSON array in the shape of the whitelist endpoint'),
    )
    .addOption(new Option('--out <dir>', 'received images, one folder per DevEUI'))
    .addOption(new Option('--memory <dir>', 'what devices remember when the fleet is started again'))
    .addOption(new Option('--time-scale <x>', 'how many times faster than real time the fleet runs').default('1'))
    .addOption(
      new Option('--time-anchor <seconds>', 'Unix seconds at which the faster time starts; as the server has it'),
    )
    .addHelpText(
      'after',
      `
Example:
  airlift fleet --udp 127.0.0.1:1700 --devices 5 --keys-out devices.json --out received`,
    )
    .action(fleet);
}

async function fleet(options: FleetOptions): Promise<void> {
  const { mixedBehaviours, parseBehaviourMix, startFleet } = await import('@airlift/fleet');
  const { realMs, ScaledClock, SystemClock, utcClock } = await import('@airlift/kernel');
  const { host, port } = address(options.udp);
  const anchor =
    options.timeAnchor === undefined ? {} : { anchor: realMs(number(options.timeAnchor, '--time-anchor') * 1000) };
  const running = startFleet({
    clock: utcClock(
      new ScaledClock(new SystemClock(), { scale: number(options.timeScale, '--time-scale'), ...anchor }),
    ),
    seed: options.seed,
    deviceCount: number(options.devices, '--devices'),
    loss: number(options.loss, '--loss'),
    region: options.region,
    subBand: number(options.subBand, '--sub-band'),
    uplinkIntervalS: number(options.uplinkInterval, '--uplink-interval'),
    behaviour: mixedBehaviours(parseBehaviourMix(options.behaviour)),
    udp: { host, port },
    ...(options.out === undefined ? {} : { outDir: options.out }),
    ...(options.memory === undefined ? {} : { memoryDir: options.memory }),
  });
  if (options.keysOut !== undefined) {
    await writeFile(options.keysOut, `${JSON.stringify(running.whitelist(), null, 2)}\n`, { mode: 0o600 });
    console.log(`Devices written to ${options.keysOut}`);
  }
  console.log(
    `${options.devices} devices behind gateway ${formatEui64(running.gateway.eui)} at ${options.udp}; Ctrl-C stops them`,
  );
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  running.stop();
}

function address(text: string): { host: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) {
    throw new CallerError('option-invalid', '--udp must be HOST:PORT, such as 127.0.0.1:1700');
  }
  return { host: (match[1] ?? '').replace(/^\[(.*)\]$/, '$1'), port };
}

function number(text: string, option: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new CallerError('option-invalid', `${option} must be a number`);
  return value;
}
