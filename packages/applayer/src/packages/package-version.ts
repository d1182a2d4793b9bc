import { type Command, command, u8, type VersionId } from '@airlift/wire';

/** The command every package answers: which package, which version. Safe to send to any stack. */
export function packageVersionReq<const V extends VersionId>(
  section: string,
  versions: readonly V[],
): Command<'PackageVersionReq', Readonly<Record<never, never>>, 'down', V> {
  return command({
    name: 'PackageVersionReq',
    cid: 0x00,
    direction: 'down',
    versions,
    section,
    doc: 'Asks which package answers on this port, and in which version.',
    parts: [],
  });
}

/** Fields of PackageVersionAns. */
export interface PackageVersion {
  readonly PackageIdentifier: number;
  readonly PackageVersion: number;
}

/** The answer to `packageVersionReq`. */
export function packageVersionAns<const V extends VersionId>(
  section: string,
  versions: readonly V[],
): Command<'PackageVersionAns', PackageVersion, 'up', V> {
  return command({
    name: 'PackageVersionAns',
    cid: 0x00,
    direction: 'up',
    versions,
    section,
    doc: 'Names the package behind the port and its version; versions of different packages are independent.',
    parts: [
      u8('PackageIdentifier', '0 multi-package access, 1 clock, 2 multicast, 3 fragmentation, 4 firmware'),
      u8('PackageVersion', 'Version of the package, 1 or 2'),
    ],
  });
}
