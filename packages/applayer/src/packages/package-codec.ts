import { CallerError } from '@airlift/kernel';
import {
  type Command,
  type CommandDirection,
  CommandList,
  type Message,
  type MessageOf,
  type ReadRange,
  type ReadResult,
  type VersionId,
  type View,
} from '@airlift/wire';

/** The messages that a package of commands `C` exchanges in version `V` and direction `D`. */
export type PackageMessage<
  C extends Command,
  V extends VersionId = VersionId,
  D extends CommandDirection = CommandDirection,
> = C extends { readonly direction: infer CD; readonly versions: readonly (infer CV)[] }
  ? Extract<D, CD> extends never
    ? never
    : Extract<CV, V> extends never
      ? never
      : MessageOf<C>
  : never;

/** What is declared of a package. */
export interface PackageDeclaration<C extends Command, V extends VersionId> {
  /** Number of the specification, such as `TS005`. */
  readonly name: string;
  readonly title: string;
  /** PackageIdentifier of PackageVersionAns. */
  readonly packageIdentifier: number;
  /** The port that the specification recommends; devices may use another. */
  readonly defaultFPort: number;
  /** Versions in which commands exist: the PackageVersion, or the name of a deviating dialect. */
  readonly versions: readonly V[];
  readonly commands: readonly C[];
}

/**
 * Encodes and decodes the commands of one application-layer package. All decoding keeps octet fields as views of the
 * given array; copy what outlives it.
 */
export class PackageCodec<C extends Command, V extends VersionId> {
  readonly name: string;
  readonly title: string;
  readonly packageIdentifier: number;
  readonly defaultFPort: number;
  readonly versions: readonly V[];
  readonly commands: readonly C[];
  readonly #lists = new Map<string, CommandList<C>>();

  constructor(declaration: PackageDeclaration<C, V>) {
    this.name = declaration.name;
    this.title = declaration.title;
    this.packageIdentifier = declaration.packageIdentifier;
    this.defaultFPort = declaration.defaultFPort;
    this.versions = declaration.versions;
    this.commands = declaration.commands;
    for (const version of declaration.versions) {
      for (const direction of ['up', 'down'] as const) {
        const chosen = declaration.commands.filter(
          (one) => one.direction === direction && one.versions.includes(version),
        );
        this.#lists.set(key(version, direction), new CommandList(chosen));
      }
    }
  }

  /**
   * One frame's octets for these commands, in order.
   * @throws CallerError `version-unknown`, `command-unknown`, `not-alone`, `field-…`
   */
  encode<W extends V, D extends CommandDirection>(
    version: W,
    direction: D,
    commands: readonly PackageMessage<C, W, D>[],
  ): Uint8Array {
    return this.list(version, direction).encode(commands as readonly Message[] as readonly MessageOf<C>[]);
  }

  /**
   * All commands of a frame.
   * @throws WireError when any octet cannot be read; CallerError `version-unknown`
   */
  decode<W extends V, D extends CommandDirection>(
    version: W,
    direction: D,
    octets: Uint8Array,
  ): PackageMessage<C, W, D>[] {
    return this.list(version, direction).decode(octets) as Message[] as PackageMessage<C, W, D>[];
  }

  /**
   * The commands of a frame as far as it can be read, and the reason why reading stopped early. This is how frames of
   * real devices should be read: some append octets that belong to nothing.
   * @throws CallerError `version-unknown`
   */
  read<W extends V, D extends CommandDirection>(
    version: W,
    direction: D,
    octets: Uint8Array,
    range?: ReadRange,
  ): ReadResult<PackageMessage<C, W, D>> {
    const { commands, error, end } = this.list(version, direction).read(octets, range);
    return { commands: commands as Message[] as PackageMessage<C, W, D>[], error, end };
  }

  /** The readable form of one command. @throws CallerError `version-unknown`, `command-unknown` */
  view<W extends V, D extends CommandDirection>(version: W, direction: D, message: PackageMessage<C, W, D>): View {
    return this.list(version, direction).view(message as Message as MessageOf<C>);
  }

  /**
   * A command from its readable form.
   * @throws CallerError `version-unknown`, `command-unknown`, `field-…`
   */
  fromView<W extends V, D extends CommandDirection>(version: W, direction: D, view: View): PackageMessage<C, W, D> {
    return this.list(version, direction).fromView(view) as Message as PackageMessage<C, W, D>;
  }

  /** The commands of one version and direction. @throws CallerError `version-unknown` */
  list(version: V, direction: CommandDirection): CommandList<C> {
    const list = this.#lists.get(key(version, direction));
    if (list === undefined) {
      throw new CallerError('version-unknown', `${this.name} has the versions ${this.versions.join(', ')}`);
    }
    return list;
  }
}

function key(version: VersionId, direction: CommandDirection): string {
  return `${version}/${direction}`;
}
