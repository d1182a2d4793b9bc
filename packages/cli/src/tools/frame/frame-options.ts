import type { Command } from 'commander';
import { integerOption, keyOption, wordOption } from '../option-parsers.ts';

/** Names of packages and what they are told apart by; `MTS201` is TS004 as MultiTech extends it. */
export const PACKAGE_NAMES = ['TS003', 'TS004', 'TS005', 'TS006', 'TS007', 'MTS201', 'MAC'] as const;
export type PackageName = (typeof PACKAGE_NAMES)[number];

/** Where devices deviate from their package. */
export const DIALECTS = ['multitech', 'v1-status', 'type-first'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** Which commands are meant. */
export interface CommandOptions {
  readonly package?: PackageName;
  readonly version?: string;
  readonly direction?: 'up' | 'down';
  readonly dialect?: Dialect;
  readonly multiPackage?: true;
}

/** Session keys as hexadecimal text, and what else the integrity code of LoRaWAN 1.1 depends on. */
export interface SessionOptions {
  readonly nwkSkey?: string;
  readonly appSkey?: string;
  readonly fnwkSintKey?: string;
  readonly snwkSintKey?: string;
  readonly nwkSencKey?: string;
  readonly mcNwkSkey?: string;
  readonly mcAppSkey?: string;
  readonly confFcnt?: number;
  readonly txDr?: number;
  readonly txCh?: number;
  readonly foptsForm?: 'erratum' | 'original';
}

/** Everything `frame decode` can be told. */
export interface DecodeOptions extends CommandOptions, SessionOptions {
  readonly compact?: true;
  readonly phy?: true;
  readonly fcnt?: number;
  readonly appKey?: string;
  readonly nwkKey?: string;
  readonly request?: string;
  readonly joinEui?: string;
  readonly showKeys?: true;
}

/** Everything `frame encode` can be told. */
export interface EncodeOptions extends CommandOptions, SessionOptions {
  readonly phy?: true;
}

const MAX_UINT32 = 0xffff_ffff;
const words = <T extends string>(list: readonly T[]): Readonly<Record<string, T>> =>
  Object.fromEntries(list.map((word) => [word.toLowerCase(), word]));

/** The options that choose a list of commands. */
export function addCommandOptions(command: Command): Command {
  return command
    .option('--package <name>', `whose commands: ${PACKAGE_NAMES.join(', ')}`, wordOption(words(PACKAGE_NAMES)))
    .option('--version <version>', 'version of the package, such as 1.0.0 or 2; for MAC that of LoRaWAN')
    .option(
      '--direction <way>',
      'uplink (up) or downlink (down)',
      wordOption({ uplink: 'up', up: 'up', downlink: 'down', down: 'down' }),
    )
    .option(
      '--dialect <name>',
      'multitech (TS004), v1-status (TS004 version 2 with status answers of version 1), type-first (MAC: ForceRejoinReq)',
      wordOption(words(DIALECTS)),
    )
    .option('--multi-package', 'TS007: a whole frame with sections of several packages and a token');
}

/** The options that open or close the frames of a session. */
export function addSessionOptions(command: Command): Command {
  return command
    .option('--nwk-skey <key>', 'NwkSKey of a LoRaWAN 1.0 session', keyOption)
    .option('--app-skey <key>', 'AppSKey', keyOption)
    .option('--fnwk-sint-key <key>', 'FNwkSIntKey of a LoRaWAN 1.1 session', keyOption)
    .option('--snwk-sint-key <key>', 'SNwkSIntKey of a LoRaWAN 1.1 session', keyOption)
    .option('--nwk-senc-key <key>', 'NwkSEncKey of a LoRaWAN 1.1 session', keyOption)
    .option('--mc-nwk-skey <key>', 'McNwkSKey of a multicast group', keyOption)
    .option('--mc-app-skey <key>', 'McAppSKey of a multicast group', keyOption)
    .option(
      '--conf-fcnt <n>',
      '1.1, frames with ACK: FCnt of the frame that is acknowledged',
      integerOption(0, MAX_UINT32),
    )
    .option('--tx-dr <n>', '1.1, uplinks: data rate the frame was sent with', integerOption(0, 255))
    .option('--tx-ch <n>', '1.1, uplinks: channel the frame was sent on', integerOption(0, 255))
    .option(
      '--fopts-form <form>',
      '1.1: how FOpts are encrypted, erratum (default) or original',
      wordOption({ erratum: 'erratum', original: 'original' }),
    );
}

/** The options that only reading a frame has. */
export function addReadingOptions(command: Command): Command {
  return command
    .option(
      '--fcnt <n>',
      'the whole frame counter, of which the frame carries the lower 16 bits',
      integerOption(0, MAX_UINT32),
    )
    .option('--app-key <key>', 'AppKey, for join frames', keyOption)
    .option('--nwk-key <key>', 'NwkKey of a LoRaWAN 1.1 device, for join frames', keyOption)
    .option('--request <hex>', 'the join-request or rejoin-request that a join-accept answers')
    .option('--join-eui <eui>', 'JoinEUI, where the request does not carry it (rejoin-requests of type 0 and 2)')
    .option('--show-keys', 'join-accept: show the session keys');
}
