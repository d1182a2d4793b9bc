import { ts003, ts004, ts005, ts006, ts007 } from '@airlift/applayer';
import type { Command, CommandList, JsonValue } from '@airlift/wire';
import { chooseCodec, packageVersion } from './choose-codec.ts';
import { type CommandCodec, codecOver, problemOf } from './command-codec.ts';
import type { DecodeOptions } from './frame-options.ts';
import { multiPackageView } from './multi-package.ts';

type Direction = 'up' | 'down';

/** One way to read a payload. */
export interface PayloadReading {
  readonly package: string;
  /** The versions in which the payload reads like this, where there are several. */
  readonly versions?: readonly number[];
  readonly [more: string]: unknown;
}

const BOTH = [1, 2] as const;

/**
 * What commands a payload holds: as the options say, else by the package whose usual port it came on. A package that has
 * two versions is read in both; what they have in common is shown once, and what cannot be read is left out unless
 * nothing can.
 * @throws UsageError when the options do not fit together
 */
export function readingsOf(
  fPort: number,
  direction: Direction,
  octets: Uint8Array,
  options: DecodeOptions,
): PayloadReading[] {
  if (fPort === 0) return [macReading(direction, octets, options)];
  if (options.package !== undefined && options.multiPackage !== true) {
    return [{ package: options.package, ...shown(chooseCodec(options, direction), octets) }];
  }
  const versions = options.version === undefined ? BOTH : [packageVersion(options.version)];
  switch (fPort) {
    case ts003.defaultFPort:
      return inVersions(ts003.name, versions, (version) => lookWith(ts003.list(version, direction), octets));
    case ts004.defaultFPort:
      return inVersions(ts004.name, versions, (version) => lookWith(ts004.list(version, direction), octets));
    case ts005.defaultFPort:
      return inVersions(ts005.name, versions, (version) => lookWith(ts005.list(version, direction), octets));
    case ts006.defaultFPort:
      return [{ package: ts006.name, ...lookWith(ts006.list(1, direction), octets) }];
    case ts007.defaultFPort:
      return inVersions(ts007.name, versions, (version) => ({
        ...multiPackageView({ 1: version, 2: version, 3: version, 4: 1 }, direction, octets),
      }));
    default:
      return [];
  }
}

/** The MAC commands of FOpts or FPort 0. */
export function macReading(direction: Direction, octets: Uint8Array, options: DecodeOptions): PayloadReading {
  const { dialect } = options;
  const codec = chooseCodec(
    { package: 'MAC', ...(dialect === 'type-first' && direction === 'down' ? { dialect } : {}) },
    direction,
  );
  return { package: 'MAC', ...shown(codec, octets) };
}

type Look = { readonly problem?: string; readonly [more: string]: unknown };

function lookWith(list: CommandList<Command>, octets: Uint8Array): Look {
  return shown(codecOver(list), octets);
}

function shown(codec: CommandCodec, octets: Uint8Array): Look {
  const reading = codec.read(octets);
  const problem = problemOf(reading);
  return { commands: reading.commands as unknown as JsonValue, ...(problem === undefined ? {} : { problem }) };
}

function inVersions(name: string, versions: readonly (1 | 2)[], look: (version: 1 | 2) => Look): PayloadReading[] {
  const looks = versions.map((version) => ({ version, found: look(version), text: '' }));
  for (const one of looks) one.text = JSON.stringify(one.found);
  const whole = looks.filter(({ found }) => found.problem === undefined);
  const kept = whole.length > 0 ? whole : looks;
  const first = kept.filter(({ text }) => text === kept[0]?.text);
  const others = kept.filter(({ text }) => text !== kept[0]?.text);
  return [first, others].flatMap((group) => {
    const [one] = group;
    return one === undefined ? [] : [{ package: name, versions: group.map(({ version }) => version), ...one.found }];
  });
}
