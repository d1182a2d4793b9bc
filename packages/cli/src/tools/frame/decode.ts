import type { ToolPorts } from '../ports.ts';
import { jsonText } from '../print-json.ts';
import { octetsOf, readText } from '../read-input.ts';
import { InputError, UsageError } from '../tool-error.ts';
import { chooseCodec } from './choose-codec.ts';
import { problemOf } from './command-codec.ts';
import type { DecodeOptions } from './frame-options.ts';
import { multiPackageVersions, multiPackageView } from './multi-package.ts';
import { openPhy } from './open-phy.ts';

/** `airlift frame decode`. */
export async function decode(hex: string | undefined, options: DecodeOptions, ports: ToolPorts): Promise<void> {
  const look = options.phy === true ? lookAtPhy(options) : lookAtCommands(options);
  const { shown, problem } = look(octetsOf(await readText(hex, ports)));
  if (shown !== undefined) await ports.write(jsonText(shown, options.compact));
  if (problem !== undefined) throw new InputError(problem);
}

interface Finding {
  readonly shown?: unknown;
  readonly problem?: string | undefined;
}

function lookAtPhy(options: DecodeOptions): (octets: Uint8Array) => Finding {
  return (octets) => openPhy(octets, options);
}

/** Options are checked before anything is read, so that nobody types a frame in vain. */
function lookAtCommands(options: DecodeOptions): (octets: Uint8Array) => Finding {
  refusePhyOptions(options);
  const { direction } = options;
  if (direction === undefined) throw new UsageError('--direction is missing');
  if (options.multiPackage === true) {
    const versions = multiPackageVersions(options);
    return (octets) => {
      const { problem, ...shown } = multiPackageView(versions, direction, octets);
      return problem === undefined ? { shown } : { problem };
    };
  }
  const codec = chooseCodec(options, direction);
  return (octets) => {
    const reading = codec.read(octets);
    return reading.error === undefined ? { shown: reading.commands } : { problem: problemOf(reading) };
  };
}

const PHY_ONLY = {
  nwkSkey: '--nwk-skey',
  appSkey: '--app-skey',
  fnwkSintKey: '--fnwk-sint-key',
  snwkSintKey: '--snwk-sint-key',
  nwkSencKey: '--nwk-senc-key',
  mcNwkSkey: '--mc-nwk-skey',
  mcAppSkey: '--mc-app-skey',
  confFcnt: '--conf-fcnt',
  txDr: '--tx-dr',
  txCh: '--tx-ch',
  foptsForm: '--fopts-form',
  fcnt: '--fcnt',
  appKey: '--app-key',
  nwkKey: '--nwk-key',
  request: '--request',
  joinEui: '--join-eui',
  showKeys: '--show-keys',
} as const satisfies Partial<Record<keyof DecodeOptions, string>>;

/** @throws UsageError for the first option that means something for whole frames only */
export function refusePhyOptions(options: DecodeOptions): void {
  for (const [key, flag] of Object.entries(PHY_ONLY)) {
    if (options[key as keyof typeof PHY_ONLY] !== undefined) throw new UsageError(`${flag} goes with --phy only`);
  }
}
