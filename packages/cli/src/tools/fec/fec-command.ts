import { type Command, Option } from 'commander';
import { integerOption } from '../option-parsers.ts';
import type { ToolPorts } from '../ports.ts';
import { runTool } from '../run-tool.ts';
import type { FecDecodeOptions } from './fec-decode.ts';
import type { FecEncodeOptions } from './fec-encode.ts';

const LARGEST_INDEX = 16_383;
const LARGEST_FRAGMENT = 255;

/** `airlift fec encode` and `airlift fec decode`. */
export function registerFec(program: Command, ports: ToolPorts): Command {
  const fec = program
    .command('fec')
    .description('Cut a file into coded fragments and put it together again (TS004, FragAlgo 0)');
  fec
    .command('encode <file>')
    .description('Print one line "N HEX" per coded fragment, N = 1 .. NbFrag + R; - reads the standard input')
    .requiredOption('--frag-size <octets>', 'FragSize', integerOption(1, LARGEST_FRAGMENT))
    .requiredOption('--parity <r>', 'R, the number of parity fragments', integerOption(0, LARGEST_INDEX))
    .addOption(ruleOption())
    .option('--from <n>', 'first fragment to print', integerOption(1, LARGEST_INDEX), 1)
    .option('--json', 'print JSON lines {"n", "hex"}')
    .addHelpText('after', `\nNbFrag, Padding and the SHA-256 go to the standard error.\n${RULES}${ENCODE_EXAMPLE}`)
    .action((file: string, options: FecEncodeOptions) =>
      runTool(ports, async () => (await import('./fec-encode.ts')).fecEncode(file, options, ports)),
    );
  fec
    .command('decode [lines]')
    .description('Put a file together from lines of "encode", any of which may be missing; - reads the standard input')
    .requiredOption('--nb-frag <m>', 'NbFrag', integerOption(1, LARGEST_INDEX))
    .requiredOption('--frag-size <octets>', 'FragSize', integerOption(1, LARGEST_FRAGMENT))
    .requiredOption('--padding <octets>', 'Padding', integerOption(0, LARGEST_FRAGMENT - 1))
    .addOption(ruleOption())
    .requiredOption('--out <file>', 'file to write; left alone unless everything could be reconstructed')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', `${DECODE_NOTES}${RULES}${DECODE_EXAMPLE}`)
    .action((lines: string | undefined, options: FecDecodeOptions) =>
      runTool(ports, async () => (await import('./fec-decode.ts')).fecDecode(lines, options, ports)),
    );
  return fec;
}

function ruleOption(): Option {
  return new Option('--rule <rule>', 'how parity rows are drawn').choices(['v1', 'v2r', 'v2a']).makeOptionMandatory();
}

const RULES = `
Rules: v1 for devices of package version 1, v2r for version 2 as open stacks have it, v2a for version 2 as its text
has it. A device with another rule than its server ends up with wrong data.
`;

const DECODE_NOTES = `
Lines may come in any order, repeated, as "N HEX" or as JSON {"n", "hex"}; empty lines and those that begin with # do
not count. When more lines than needed are there, the surplus is checked against the result.
`;

const ENCODE_EXAMPLE = `
Example:
  airlift fec encode image.bin --frag-size 48 --parity 20 --rule v2r > fragments.txt`;

const DECODE_EXAMPLE = `
Example:
  airlift fec decode --nb-frag 26 --frag-size 48 --padding 11 --rule v2r --out image.bin fragments.txt`;
