import type { Command } from 'commander';
import { integerOption, lossOption } from '../tools/option-parsers.ts';
import { PROCESS_PORTS, type ToolPorts } from '../tools/ports.ts';
import { runTool, WRONG_USAGE } from '../tools/run-tool.ts';
import { numberOption } from './number-option.ts';
import type { SimulateOptions } from './simulate-options.ts';

const MOST_DEVICES = 100_000;
const LARGEST_IMAGE = 4_000_000;

/** `airlift simulate`: one campaign on a simulated fleet, in virtual time, without sockets and files. */
export function registerSimulate(program: Command, ports: ToolPorts = PROCESS_PORTS): void {
  const command = program
    .command('simulate')
    .description('Run a whole campaign on a simulated fleet in virtual time, and compare verdicts with the truth')
    .option('--devices <n>', 'simulated devices', integerOption(1, MOST_DEVICES), 100)
    .option('--loss <p>', 'part of the frames that a device loses', lossOption, 0.1)
    .option('--loss-up <p>', 'part of the uplinks that are lost (default that of --loss)', lossOption)
    .option('--burst <frames>', 'mean number of frames that are lost in a row', numberOption(1, 1000), 1)
    .option('--gateways <n>', 'gateways; each device is near one, one in four near two', integerOption(1, 1000), 1)
    .option('--drift <ppm>', 'clocks are wrong by up to so much (default as the stacks have it)', numberOption(0, 1000))
    .option('--late <share>', 'part of the devices that are switched on only after the launch', numberOption(0, 1), 0)
    .option(
      '--uplink-interval <s>',
      'between uplinks of a device (default 60, longer for more than 600 devices a gateway)',
      numberOption(1, 86_400),
    )
    .option('--profile-mix <mix>', 'stacks with their shares', 'multitech-dot=1')
    .option('--image-size <octets>', 'octets of an image of random content', integerOption(1, LARGEST_IMAGE))
    .option('--image <file>', 'an image to send instead')
    .option('--region <name>', 'LoRaWAN region', 'US915')
    .option('--data-rate <n>', 'of the multicast sessions (default that of the region)', integerOption(0, 15))
    .option('--seed <text>', 'keys, EUIs, losses and all other chance follow from it', 'airlift')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: SimulateOptions) =>
      runTool(ports, async () => (await import('./run-simulate.ts')).runSimulate(options, ports)),
    );
  command.exitOverride(({ exitCode }) => ports.leave(exitCode === 0 ? 0 : WRONG_USAGE));
}

const EXAMPLES = `
Network server, campaign engine, gateways and devices are those of serve and fleet; the devices learn everything from
frames. Equal options give equal results. Without --image and --image-size the image has 252700 octets. Stacks are
multitech-dot, loramac-node, basics-modem, stm32cubewl, zephyr, by-the-book-v2, basics-modem-v2 and stm32cubewl-v2.

Exits with 0 when every device holds exactly the bytes of the image, else with 1; with 2 for wrong usage.

Examples:
  airlift simulate --devices 1000 --loss 0.2 --burst 3
  airlift simulate --profile-mix multitech-dot=0.5,loramac-node=0.3,zephyr=0.2 --late 0.05 --json`;
