import type { Command } from 'commander';
import { integerOption, lossOption } from '../option-parsers.ts';
import type { ToolPorts } from '../ports.ts';
import { runTool } from '../run-tool.ts';
import type { AirtimeOptions } from './airtime-options.ts';

const LARGEST_FRAME = 255;
/** MHDR, DevAddr, FCtrl, FCnt, FPort and MIC. */
const FRAME_HEAD = 13;

/** `airlift airtime`. */
export function registerAirtime(program: Command, ports: ToolPorts): Command {
  return program
    .command('airtime')
    .description('Tell how long a frame, or a whole image, is on the air')
    .option('--region <name>', 'region, with --dr: EU868, US915, AU915, AS923-1 .. -4, IN865, KR920, RU864')
    .option('--dr <n>', 'data rate; that of multicast sessions of the region by default', integerOption(0, 15))
    .option('--sf <n>', 'spreading factor, with --bw, instead of a region', integerOption(7, 12))
    .option('--bw <khz>', 'bandwidth in kHz', integerOption(1, 2000))
    .option(
      '--payload <octets>',
      'application payload; the frame has 13 octets more',
      integerOption(0, LARGEST_FRAME - FRAME_HEAD),
    )
    .option('--phy-octets <octets>', 'the whole PHYPayload instead', integerOption(1, LARGEST_FRAME))
    .option('--uplink', 'an uplink, with checksum; a downlink by default')
    .option('--image <size|file>', 'estimate a campaign: octets of the image, or the file itself')
    .option(
      '--frag-size <octets>',
      'image: FragSize; what the data rate allows by default',
      integerOption(1, LARGEST_FRAME),
    )
    .option('--loss <p>', 'image: part of the frames that a device loses (default 0.1)', lossOption)
    .option('--devices <n>', 'image: how many devices shall complete (default 1)', integerOption(1, 10_000_000))
    .option('--parity <r>', 'image: parity fragments, instead of an estimate', integerOption(0, 16_383))
    .option('--sleep <ms>', 'image: shortest time between plain fragments (default 1500)', integerOption(0, 600_000))
    .option(
      '--parity-sleep <ms>',
      'image: between parity fragments (default --sleep, or 3000)',
      integerOption(0, 600_000),
    )
    .option(
      '--frequency <hz>',
      'image: frequency, for the duty cycle (default that of multicast)',
      integerOption(1, 4_000_000_000),
    )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: AirtimeOptions) =>
      runTool(ports, async () => (await import('./airtime.ts')).airtime(options, ports)),
    );
}

const EXAMPLES = `
The parity of an image is estimated so that with a probability of 99 % all devices complete.

Examples:
  airlift airtime --region EU868 --dr 5 --payload 242
  airlift airtime --sf 7 --bw 125 --phy-octets 255 --uplink
  airlift airtime --region EU868 --image firmware.bin --loss 0.1 --devices 100`;
