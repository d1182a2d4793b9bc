import {
  type DownlinkSection,
  encodeMultiPackage,
  type PackageVersions,
  readMultiPackDownlink,
  readMultiPackUplink,
  ts003,
  ts004,
  ts005,
  ts006,
  ts007,
  type UplinkSection,
} from '@airlift/applayer';
import { toHex } from '@airlift/kernel';
import { type Command, type CommandList, type Message, type View, WireError } from '@airlift/wire';
import { InputError, UsageError } from '../tool-error.ts';
import { packageVersion } from './choose-codec.ts';
import { isJsonObject, type JsonObject, viewsOf } from './command-json.ts';
import type { CommandOptions } from './frame-options.ts';

type Direction = 'up' | 'down';
type Versions = Required<PackageVersions>;

/** A TS007 frame in the notation of people, or what stopped the reading. */
export interface MultiPackageView {
  readonly token?: number;
  readonly sections?: readonly { readonly package: string; readonly commands: readonly View[] }[];
  /** A part of long answers (MultiPackBufferFrag), a refusal, or the request for a part (MultiPackBufferReq). */
  readonly buffer?: JsonObject;
  readonly problem?: string;
}

/**
 * The versions that the sections are spoken in: `--version` for all packages that have two.
 * @throws UsageError
 */
export function multiPackageVersions(options: CommandOptions): Versions {
  if (options.package !== undefined && options.package !== 'TS007') {
    throw new UsageError('--multi-package goes with --package TS007 only');
  }
  if (options.dialect !== undefined) throw new UsageError('--multi-package frames have no dialects');
  const version = options.version === undefined ? 1 : packageVersion(options.version);
  return { 1: version, 2: version, 3: version, 4: 1 };
}

/** Reads a whole TS007 frame. */
export function multiPackageView(versions: Versions, direction: Direction, octets: Uint8Array): MultiPackageView {
  try {
    const read = direction === 'down' ? readMultiPackDownlink(versions, octets) : readMultiPackUplink(versions, octets);
    switch (read.kind) {
      case 'again':
        return { buffer: { startByte: read.startByte, stopByte: read.stopByte } };
      case 'refused':
        return { buffer: { refused: true } };
      case 'part':
        return { token: read.token, buffer: { baseByte: read.baseByte, data: toHex(read.octets) } };
      case 'commands':
      case 'answers': {
        const sections = read.sections.map((section) => ({
          package: nameOf(section.packageIdentifier),
          commands: viewsIn(versions, direction, section),
        }));
        const { error } = read;
        return { token: read.token, sections, ...(error === undefined ? {} : { problem: complaint(error) }) };
      }
    }
  } catch (error) {
    if (error instanceof WireError) return { problem: complaint(error) };
    throw error;
  }
}

/**
 * Writes a whole TS007 frame from `{"token", "sections"}`.
 * @throws InputError, CallerError `not-alone`, `token-invalid`, `command-unknown`, `field-…`
 */
export function encodeMultiPackageJson(versions: Versions, direction: Direction, json: unknown): Uint8Array {
  if (!isJsonObject(json) || !Array.isArray(json.sections) || typeof json.token !== 'number') {
    throw new InputError('a multi-package frame is an object {"token", "sections"}');
  }
  const sections = (json.sections as readonly unknown[]).map((section, i) => {
    if (!isJsonObject(section)) throw new InputError(`sections[${i}] is not an object {"package", "commands"}`);
    const packageIdentifier = identifierOf(section.package, i);
    const list = listOf(versions, direction, packageIdentifier);
    const commands = viewsOf(section.commands, `sections[${i}].commands`).map((view) => list.fromView(view));
    return { packageIdentifier, commands };
  });
  // Every command has just been made by the list of its package.
  return direction === 'down'
    ? encodeMultiPackage('down', versions, sections as readonly unknown[] as readonly DownlinkSection[], json.token)
    : encodeMultiPackage('up', versions, sections as readonly unknown[] as readonly UplinkSection[], json.token);
}

const PACKAGES = [ts007, ts003, ts005, ts004, ts006] as const;

function nameOf(packageIdentifier: number): string {
  return PACKAGES.find((one) => one.packageIdentifier === packageIdentifier)?.name ?? `${packageIdentifier}`;
}

function identifierOf(name: unknown, i: number): number {
  const found = PACKAGES.find((one) => typeof name === 'string' && one.name === name.toUpperCase());
  if (found === undefined) throw new InputError(`sections[${i}].package is none of TS003 .. TS007`);
  return found.packageIdentifier;
}

function listOf(versions: Versions, direction: Direction, packageIdentifier: number): CommandList<Command> {
  switch (packageIdentifier) {
    case ts003.packageIdentifier:
      return ts003.list(versions[1], direction);
    case ts005.packageIdentifier:
      return ts005.list(versions[2], direction);
    case ts004.packageIdentifier:
      return ts004.list(versions[3], direction);
    case ts006.packageIdentifier:
      return ts006.list(versions[4], direction);
    default:
      return ts007.list(1, direction);
  }
}

function viewsIn(versions: Versions, direction: Direction, section: DownlinkSection | UplinkSection): View[] {
  const list = listOf(versions, direction, section.packageIdentifier);
  const commands: readonly Message[] = section.commands;
  return commands.map((one) => list.view(one));
}

function complaint(error: WireError): string {
  return `octet ${error.offset}: ${error.message} (${error.code})`;
}
