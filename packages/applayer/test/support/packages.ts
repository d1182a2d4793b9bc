import type { Command, CommandDirection, Message, VersionId, View } from '@airlift/wire';
import { ts003, ts004, ts005, ts006, ts007 } from '../../src/index.ts';

/** A package codec with its types erased, so that one test can walk through all of them. */
export interface AnyPackage {
  readonly name: string;
  readonly packageIdentifier: number;
  readonly defaultFPort: number;
  readonly versions: readonly VersionId[];
  readonly commands: readonly Command[];
  encode(version: VersionId, direction: CommandDirection, commands: readonly Message[]): Uint8Array;
  decode(version: VersionId, direction: CommandDirection, octets: Uint8Array): Message[];
  read(version: VersionId, direction: CommandDirection, octets: Uint8Array): { commands: Message[]; error: unknown };
  view(version: VersionId, direction: CommandDirection, message: Message): View;
  fromView(version: VersionId, direction: CommandDirection, view: View): Message;
}

export const PACKAGES = [ts003, ts004, ts005, ts006, ts007] as unknown as readonly AnyPackage[];

/** One row per package, version, direction and command. */
export const COMMANDS = PACKAGES.flatMap((codec) =>
  codec.versions.flatMap((version) =>
    codec.commands
      .filter((one) => one.versions.includes(version))
      .map((one) => ({ codec, version, command: one, label: `${codec.name} ${version} ${one.direction} ${one.name}` })),
  ),
);
