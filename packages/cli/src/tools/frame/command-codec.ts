import type { Command, CommandList, Message, View, WireError } from '@airlift/wire';

/** What a tolerant reading found, in the notation of people. */
export interface Reading {
  /** The commands before the problem, or all of them. */
  readonly commands: readonly View[];
  readonly error: WireError | undefined;
}

/** Reads and writes the commands of one package, version and direction in their readable form. */
export interface CommandCodec {
  /** Reads as far as possible. */
  read(octets: Uint8Array): Reading;
  /** @throws CallerError `command-unknown`, `not-alone`, `field-…` */
  encode(views: readonly View[]): Uint8Array;
}

/**
 * The codec over a declared list.
 * @param refuse called with every command; throws for those that are not spoken after all
 */
export function codecOver(list: CommandList<Command>, refuse: (message: Message) => void = () => {}): CommandCodec {
  return {
    read: (octets) => {
      const { commands, error } = list.read(octets);
      commands.forEach(refuse);
      return { commands: commands.map((one) => list.view(one)), error };
    },
    encode: (views) => {
      const messages = views.map((view) => list.fromView(view));
      messages.forEach(refuse);
      return list.encode(messages);
    },
  };
}

/** Where and why reading stopped, and what had been read by then. */
export function problemOf({ commands, error }: Reading): string | undefined {
  if (error === undefined) return undefined;
  const before = commands.length === 0 ? '' : `, after ${commands.map(({ name }) => name).join(', ')}`;
  return `octet ${error.offset}: ${error.message} (${error.code}${before})`;
}
