import { randomInt } from 'node:crypto';
import { Command, Option } from 'commander';

/** Options of `serve`, by the setting they change. */
const OPTIONS: readonly (readonly [flag: string, setting: string, help: string])[] = [
  ['--data <dir>', 'data', 'folder of everything that is kept (default data)'],
  ['--host <address>', 'host', 'address on which HTTPS and HTTP listen (default 0.0.0.0)'],
  ['--https-port <n>', 'httpsPort', 'HTTPS port; 0 lets the system choose (default 8443)'],
  ['--http-port <n>', 'httpPort', 'plain HTTP port, off unless set'],
  ['--udp-host <address>', 'udpHost', 'address on which packet forwarders are heard (default 0.0.0.0)'],
  ['--udp-port <n>', 'udpPort', 'UDP port for packet forwarders (Semtech protocol) (default 1700)'],
  ['--tls-cert <file>', 'tlsCert', 'PEM file with the certificate chain; self-signed unless set'],
  ['--tls-key <file>', 'tlsKey', 'PEM file with the private key of tlsCert'],
  ['--region <name>', 'region', 'LoRaWAN region: US915, EU868, AU915, AS923-1..4, IN865, KR920, RU864 (default US915)'],
  ['--sub-band <n>', 'subBand', 'sub-band 1..8 that the gateways hear, in regions with fixed channels (default 2)'],
  [
    '--multicast-frequency <hz>',
    'multicastFrequency',
    'frequency of multicast sessions; that of the region unless set',
  ],
  [
    '--multicast-data-rate <n>',
    'multicastDataRate',
    'downlink data rate of multicast sessions; that of the region unless set',
  ],
  ['--device-profile <id>', 'deviceProfile', 'FUOTA profile of devices that have none of their own'],
  ['--profile-files <files>', 'profileFiles', 'JSON files with further FUOTA profiles'],
  ['--simulate <n>', 'simulate', 'simulated devices to provision and run (default 0)'],
  ['--loss <p>', 'loss', 'radio loss of the simulated devices, 0..1 (default 0.1)'],
  ['--seed <text>', 'seed', 'seed of the simulated fleet (default airlift)'],
  ['--uplink-interval <s>', 'uplinkInterval', 'seconds between uplinks of simulated devices (default 10)'],
  ['--time-scale <x>', 'timeScale', 'how many times faster than real time server and fleet run (default 1)'],
  [
    '--time-anchor <s>',
    'timeAnchor',
    'Unix seconds at which the faster time starts; give server and separate fleet the same',
  ],
  ['--log-level <level>', 'logLevel', 'debug, info, warn, error or silent (default info)'],
];

/** Letters and digits that nobody confuses. */
const PASSWORD_LETTERS = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const PASSWORD_LENGTH = 16;

/** `airlift serve`: runs the server until it is told to stop. */
export function registerServe(program: Command): void {
  const command = new Command('serve').description('Run the server until Ctrl-C');
  for (const [flag, , help] of OPTIONS) command.addOption(new Option(flag, help));
  command
    .addOption(new Option('--config <file>', 'configuration file, JSON with the names of the settings'))
    .addOption(
      new Option('--generate-admin-password', 'make up and print a password for the administrator at the first start'),
    )
    .addHelpText(
      'after',
      `
Every option also stands in the configuration file and in the environment (AIRLIFT_HTTPS_PORT, ...): an option wins
over the environment, which wins over the file. AIRLIFT_ADMIN_PASSWORD commissions the administrator at the first start;
without it and without --generate-admin-password the server starts in commissioning mode (POST /api/commissioning).

Example:
  airlift serve --data /var/lib/airlift --region EU868`,
    )
    .action(async (chosen: Readonly<Record<string, unknown>>) => serve(chosen));
  program.addCommand(command);
}

async function serve(chosen: Readonly<Record<string, unknown>>): Promise<void> {
  const { readConfig, startServer, startSimulatedFleet } = await import('@airlift/server');
  const settings = Object.fromEntries(
    OPTIONS.map(([flag, setting]) => [setting, chosen[attributeName(flag)]] as const),
  );
  // Whatever the server writes, and whoever writes it, is for its owner alone.
  process.umask(0o077);
  const config = await readConfig({
    ...(typeof chosen.config === 'string' ? { file: chosen.config } : {}),
    environment: process.env,
    settings,
  });
  const server = await startServer({ config });
  const fleet = config.simulate > 0 ? await startSimulatedFleet(server, config) : undefined;

  console.log(`Airlift serves https://localhost:${server.httpsPort} (self-signed unless configured otherwise)`);
  if (server.httpPort !== undefined) console.log(`Plain HTTP        http://localhost:${server.httpPort}`);
  console.log(`Packet forwarders UDP port ${server.udpPort} (Semtech protocol), region ${config.region}`);
  if (fleet !== undefined) {
    console.log(`Simulated fleet   ${config.simulate} devices, ${Math.round(config.loss * 100)} % radio loss`);
  }
  await tellAboutAdmin(server, chosen.generateAdminPassword === true);

  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  console.log('Stopping...');
  fleet?.stop();
  await server.stop();
}

async function tellAboutAdmin(
  server: { commissioned(): Promise<boolean>; commission(password: string): Promise<boolean> },
  generate: boolean,
): Promise<void> {
  if (await server.commissioned()) {
    console.log('Administrator     admin, with the password set at the first start');
    return;
  }
  if (!generate) {
    console.log('Commissioning mode: POST /api/commissioning {"password": "..."} creates the administrator');
    return;
  }
  const password = Array.from({ length: PASSWORD_LENGTH }, () =>
    PASSWORD_LETTERS.charAt(randomInt(PASSWORD_LETTERS.length)),
  ).join('');
  await server.commission(password);
  console.log(`Administrator     admin, password ${password} (shown this once)`);
}

/** `--https-port <n>` as commander names it: `httpsPort`. */
function attributeName(flag: string): string {
  return new Option(flag).attributeName();
}
