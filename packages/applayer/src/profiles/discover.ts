import type { PackageVersion } from '../packages/package-version.ts';
import { ts003 } from '../packages/ts003.ts';
import { ts004 } from '../packages/ts004.ts';
import { ts005 } from '../packages/ts005.ts';
import { ts006 } from '../packages/ts006.ts';
import { ts007 } from '../packages/ts007.ts';
import { byTheBookV1, byTheBookV2 } from './by-the-book.ts';
import type { DeviceProfile, OfferedPackage, OfferedPackages } from './device-profile.ts';

/** One package that a device says it has: a record of DevPackageAns, or PackageVersionAns with the port it came from. */
export interface DiscoveredPackage extends PackageVersion {
  readonly FPort: number;
}

/** What the answers of a device say about it. */
export interface Discovery {
  /** The generic profile with the versions and ports found; undefined when none is spoken. */
  readonly profile: DeviceProfile | undefined;
  /** Packages, or versions of them, that Airlift does not speak. */
  readonly unsupported: readonly DiscoveredPackage[];
}

/**
 * The generic profile of a device that named its packages. The fragmentation package, or else the multicast
 * package, decides between the two generic profiles; all versions are taken as found, since they are independent. Of two answers for one package the later
 * counts. Dialects cannot be discovered: they need a profile chosen by hand.
 */
export function discoverProfile(found: readonly DiscoveredPackage[]): Discovery {
  const unsupported: DiscoveredPackage[] = [];
  const packages: { -readonly [K in keyof OfferedPackages]: OfferedPackages[K] } = {};
  for (const one of found) {
    const known = offeredAs(one);
    if (known === undefined) unsupported.push(one);
    else Object.assign(packages, known);
  }
  if (Object.keys(packages).length === 0) return { profile: undefined, unsupported };
  const version = packages.fragmentation?.version ?? packages.multicast?.version;
  const base = version === 2 ? byTheBookV2 : byTheBookV1;
  return { profile: { ...base, packages }, unsupported };
}

function offeredAs(one: DiscoveredPackage): OfferedPackages | undefined {
  switch (one.PackageIdentifier) {
    case ts007.packageIdentifier:
      return spoken(one, ts007.versions, (multiPackage) => ({ multiPackage }));
    case ts003.packageIdentifier:
      return spoken(one, ts003.versions, (clock) => ({ clock }));
    case ts005.packageIdentifier:
      return spoken(one, ts005.versions, (multicast) => ({ multicast }));
    case ts004.packageIdentifier:
      return spoken(one, ts004.versions, (fragmentation) => ({ fragmentation }));
    case ts006.packageIdentifier:
      return spoken(one, ts006.versions, (firmware) => ({ firmware }));
    default:
      return undefined;
  }
}

function spoken<V extends string | number>(
  one: DiscoveredPackage,
  versions: readonly V[],
  as: (offered: OfferedPackage<V>) => OfferedPackages,
): OfferedPackages | undefined {
  const version = versions.find((known) => known === one.PackageVersion);
  return version === undefined ? undefined : as({ version, fPort: one.FPort });
}
