import type { Command } from 'commander';
import type { ToolPorts } from '../ports.ts';
import { runTool } from '../run-tool.ts';
import {
  addCommandOptions,
  addReadingOptions,
  addSessionOptions,
  type DecodeOptions,
  type EncodeOptions,
} from './frame-options.ts';

/** `airlift frame decode` and `airlift frame encode`. */
export function registerFrame(program: Command, ports: ToolPorts): Command {
  const frame = program
    .command('frame')
    .description('Read and write application commands, MAC commands and whole frames');
  const decode = frame
    .command('decode [hex]')
    .description('Read octets; the standard input for - and for nothing')
    .option('--phy', 'the octets are a whole PHYPayload');
  addReadingOptions(addSessionOptions(addCommandOptions(decode)))
    .option('--compact', 'JSON on one line')
    .addHelpText('after', DECODE_EXAMPLES)
    .action((hex: string | undefined, options: DecodeOptions) =>
      runTool(ports, async () => (await import('./decode.ts')).decode(hex, options, ports)),
    );
  const encode = frame
    .command('encode [json]')
    .description('Write what `decode` shows; a file for @file, the standard input for - and for nothing')
    .option('--phy', 'build a whole PHYPayload with a data frame');
  addSessionOptions(addCommandOptions(encode))
    .addHelpText('after', ENCODE_EXAMPLES)
    .action((json: string | undefined, options: EncodeOptions) =>
      runTool(ports, async () => (await import('./encode.ts')).encode(json, options, ports)),
    );
  return frame;
}

const DECODE_EXAMPLES = `
Without --phy the result is a list [{"name", "fields"}]. With --phy it is one object; keys that are given are used to
check the MIC and to decrypt, and a wrong MIC makes the exit code 1. Packages are recognised by their usual FPort
(200..203, 225) unless --package and --version say otherwise.

Examples:
  airlift frame decode --package TS005 --version 1.0.0 --direction downlink 010f
  airlift frame decode --package MAC --direction up 0307
  airlift frame decode --phy 60f17dbe498005000156ca0ef369aa3fa4d3 \\
    --nwk-skey 44024241ed4ce9a68c6a8bc055233fd3 --app-skey ec925802ae430ca77fd3dd73cb2cc588 --fcnt 5`;

const ENCODE_EXAMPLES = `
Input: one {"name", "fields"} or a list of them; with --phy an object with mType, devAddr, fCnt and as needed fCtrl,
fOpts, fPort and payload, where fOpts and payload are hexadecimal text or a list of commands. What "decode --phy" shows
is accepted as it is.

Examples:
  airlift frame encode --package TS005 --version 1.0.0 --direction downlink \\
    '[{"name": "McGroupStatusReq", "fields": {"ReqGroupMask": "0b1111"}}]'
  airlift frame encode --phy @frame.json --nwk-skey 44024241ed4ce9a68c6a8bc055233fd3 \\
    --app-skey ec925802ae430ca77fd3dd73cb2cc588`;
