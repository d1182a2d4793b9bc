import { type Command, describeCommand } from '@airlift/wire';
import { ts003 } from './packages/ts003.ts';
import { ts004 } from './packages/ts004.ts';
import { ts005 } from './packages/ts005.ts';
import { ts006 } from './packages/ts006.ts';
import { ts007 } from './packages/ts007.ts';

interface DescribedPackage {
  readonly name: string;
  readonly title: string;
  readonly packageIdentifier: number;
  readonly defaultFPort: number;
  readonly versions: readonly (string | number)[];
  readonly commands: readonly Command[];
}

const PACKAGES: readonly DescribedPackage[] = [ts003, ts004, ts005, ts006, ts007];

const PREAMBLE = `# Commands of the application-layer packages

Made from the declarations in \`src/packages\`. Multi-octet numbers are sent least significant octet first; octets are
counted from the one after the CID, bits from the least significant. Names are those of the fields in code and in views.
`;

/** Documentation of every command of every package, in Markdown. */
export function describePackages(): string {
  return [PREAMBLE, ...PACKAGES.map(describePackage)].join('\n');
}

function describePackage(one: DescribedPackage): string {
  const facts = [
    `PackageIdentifier ${one.packageIdentifier}`,
    `default FPort ${one.defaultFPort}`,
    `versions ${one.versions.join(', ')}`,
  ];
  const heading = `## ${one.name} ${one.title}\n\n${facts.join(' · ')}\n`;
  const commands = [...one.commands].sort((a, b) => a.cid - b.cid);
  return [heading, ...commands.map(describeCommand)].join('\n');
}
