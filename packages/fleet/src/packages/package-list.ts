import {
  type DownlinkSection,
  type MultiPackageDownlink,
  type PackageVersions,
  readMultiPackDownlink,
  type Ts007Uplink,
  ts003,
  ts004,
  ts005,
  ts006,
  ts007,
} from '@airlift/applayer';
import { concatOctets } from '@airlift/kernel';
import { WireError } from '@airlift/wire';
import type { DeviceBehaviour } from '../behaviour/device-behaviour.ts';

/** A package as DevPackageAns lists it. */
interface ListedPackage {
  readonly PackageIdentifier: number;
  readonly PackageVersion: number;
  readonly FPort: number;
}

/** Executes a package's commands; its answers, possibly empty. */
export type PackageExecution = (octets: Uint8Array) => Uint8Array;

/** The packages behind TS007, by PackageIdentifier. */
export interface PackageExecutions {
  readonly 1: PackageExecution;
  readonly 2: PackageExecution;
  readonly 3: PackageExecution;
  readonly 4: PackageExecution;
}

const SECTION_FLAG = 0x80;

/**
 * TS007, device side: the list of packages, and frames with commands of several packages. Answers that are too long for
 * one uplink are not cut into parts.
 */
export class PackageList {
  readonly #packages: readonly ListedPackage[];
  readonly #versions: PackageVersions;
  readonly #executions: PackageExecutions;

  constructor(behaviour: DeviceBehaviour, executions: PackageExecutions) {
    const { clock, multicast, fragmentation, firmware } = behaviour;
    const second = fragmentation.version === 1 ? 1 : 2;
    this.#packages = [
      { PackageIdentifier: 0, PackageVersion: 1, FPort: 225 },
      { PackageIdentifier: 1, PackageVersion: clock.version, FPort: 202 },
      { PackageIdentifier: 2, PackageVersion: multicast.version, FPort: 200 },
      { PackageIdentifier: 3, PackageVersion: second, FPort: 201 },
      ...(firmware.managed ? [{ PackageIdentifier: 4, PackageVersion: 1, FPort: 203 }] : []),
    ];
    this.#versions = {
      1: clock.version,
      2: multicast.version,
      3: fragmentation.version,
      ...(firmware.managed ? { 4: 1 } : {}),
    };
    this.#executions = executions;
  }

  /** Executes a frame on FPort 225. Returns the answers with the token of the frame; nothing when there are none. */
  receive(octets: Uint8Array): Uint8Array {
    const request = readTolerantly(this.#versions, octets);
    if (request === undefined || request.kind === 'again') return new Uint8Array(0);
    const parts: Uint8Array[] = [];
    for (const section of request.sections) {
      const answers = this.#execute(section);
      if (answers.length === 0) continue;
      if (section.packageIdentifier !== 0) parts.push(Uint8Array.of(SECTION_FLAG | section.packageIdentifier));
      parts.push(answers);
    }
    return parts.length === 0 ? new Uint8Array(0) : concatOctets(...parts, Uint8Array.of(request.token));
  }

  #answer(request: string): Ts007Uplink | undefined {
    if (request === 'PackageVersionReq') {
      return { name: 'PackageVersionAns', fields: { PackageIdentifier: 0, PackageVersion: 1 } };
    }
    if (request !== 'DevPackageReq') return undefined;
    return { name: 'DevPackageAns', fields: { NbPackages: this.#packages.length, records: this.#packages } };
  }

  #execute(section: DownlinkSection): Uint8Array {
    switch (section.packageIdentifier) {
      case 0:
        return ts007.encode(
          1,
          'up',
          section.commands.flatMap(({ name }) => this.#answer(name) ?? []),
        );
      case 1:
        return this.#executions[1](ts003.encode(this.#versions[1] ?? 1, 'down', section.commands));
      case 2:
        return this.#executions[2](ts005.encode(this.#versions[2] ?? 1, 'down', section.commands));
      case 3:
        return this.#executions[3](ts004.encode(this.#versions[3] ?? 1, 'down', section.commands));
      case 4:
        return this.#executions[4](ts006.encode(1, 'down', section.commands));
    }
  }
}

function readTolerantly(versions: PackageVersions, octets: Uint8Array): MultiPackageDownlink | undefined {
  try {
    return readMultiPackDownlink(versions, octets);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
