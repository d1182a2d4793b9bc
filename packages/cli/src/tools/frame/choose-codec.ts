import { type Ts004Version, ts003, ts004, ts005, ts006, ts007 } from '@airlift/applayer';
import {
  knowsMacCommand,
  MAC_UPLINK_COMMANDS,
  MAC_VERSIONS,
  type MacVersion,
  macDownlinkCommands,
} from '@airlift/lorawan';
import { InputError, UsageError } from '../tool-error.ts';
import { type CommandCodec, codecOver } from './command-codec.ts';
import type { CommandOptions, Dialect } from './frame-options.ts';

/** A version of a package: 1 or 2. */
export type PackageVersion = 1 | 2;

/** The packages whose commands have more than one version. */
const TWO_VERSIONS = { TS003: ts003, TS005: ts005 } as const;
const ONE_VERSION = { TS006: ts006, TS007: ts007 } as const;

/**
 * The codec that the options choose.
 * @throws UsageError when something is missing, unknown or does not fit together
 */
export function chooseCodec(options: CommandOptions, direction: 'up' | 'down'): CommandCodec {
  const { package: name, version, dialect } = options;
  if (name === undefined) throw new UsageError('--package is missing');
  switch (name) {
    case 'MAC':
      return macCodec(version, direction, dialect);
    case 'TS004':
    case 'MTS201':
      return codecOver(
        ts004.list(ts004Version(version, name === 'MTS201' ? 'multitech' : dialect, dialect), direction),
      );
    case 'TS003':
    case 'TS005':
      refuseDialect(name, dialect);
      return codecOver(TWO_VERSIONS[name].list(neededVersion(name, version), direction));
    case 'TS006':
    case 'TS007':
      refuseDialect(name, dialect);
      if (version !== undefined && packageVersion(version) !== 1) throw new UsageError(`${name} has version 1 only`);
      return codecOver(ONE_VERSION[name].list(1, direction));
  }
}

/** Reads `1`, `1.0`, `1.0.0` and likewise 2. @throws UsageError */
export function packageVersion(text: string): PackageVersion {
  const major = /^v?([12])(?:\.0(?:\.0)?)?$/i.exec(text)?.[1];
  if (major === undefined) throw new UsageError(`version ${text} is neither 1.0.0 nor 2.0.0`);
  return major === '1' ? 1 : 2;
}

function neededVersion(name: string, version: string | undefined): PackageVersion {
  if (version === undefined) throw new UsageError(`--version is missing: ${name} has the versions 1.0.0 and 2.0.0`);
  return packageVersion(version);
}

function ts004Version(
  version: string | undefined,
  implied: Dialect | undefined,
  given: Dialect | undefined,
): Ts004Version {
  if (given !== undefined && given !== implied) throw new UsageError(`MTS201 has no dialect ${given}`);
  const wanted = version === undefined ? undefined : packageVersion(version);
  switch (implied) {
    case undefined:
      return neededVersion('TS004', version);
    case 'multitech':
      if (wanted === 2) throw new UsageError('the dialect multitech is one of version 1');
      return 'multitech';
    case 'v1-status':
      if (wanted === 1) throw new UsageError('the dialect v1-status is one of version 2');
      return '2-v1-status';
    case 'type-first':
      throw new UsageError('TS004 has no dialect type-first');
  }
}

function refuseDialect(name: string, dialect: Dialect | undefined): void {
  if (dialect !== undefined) throw new UsageError(`${name} has no dialect ${dialect}`);
}

/** The MAC commands; all that LoRaWAN has had, or those of one edition. */
function macCodec(version: string | undefined, direction: 'up' | 'down', dialect: Dialect | undefined): CommandCodec {
  if (dialect !== undefined && (dialect !== 'type-first' || direction === 'up'))
    refuseDialect(`MAC ${direction}`, dialect);
  const edition = version === undefined ? undefined : macVersion(version);
  const list =
    direction === 'up'
      ? MAC_UPLINK_COMMANDS
      : macDownlinkCommands(dialect === undefined ? {} : { forceRejoin: 'type-first' });
  return codecOver(list, ({ name }) => {
    if (edition !== undefined && !knowsMacCommand(edition, direction, name)) {
      throw new InputError(`LoRaWAN ${edition} has no ${name}`);
    }
  });
}

function macVersion(text: string): MacVersion {
  const found = MAC_VERSIONS.find((edition) => edition === text || `${edition}.0` === text || `${edition}.1` === text);
  if (found === undefined) throw new UsageError(`LoRaWAN ${text} is none of ${MAC_VERSIONS.join(', ')}`);
  return found;
}
