import { BugError, CallerError } from '@airlift/kernel';
import type { Command, Message, MessageOf } from './command.ts';
import type { View } from './json.ts';
import { OctetReader } from './octet-reader.ts';
import { OctetWriter } from './octet-writer.ts';
import { WireError } from './wire-error.ts';

/** What a tolerant reading found. */
export interface ReadResult<M> {
  /** The commands before the problem, or all of them. */
  readonly commands: M[];
  /** Why reading stopped early; undefined when everything was read. */
  readonly error: WireError | undefined;
  /** Index of the octet after the last command that was read. */
  readonly end: number;
}

/** Which part of the octets to read. */
export interface ReadRange {
  /** Index of the first octet; 0 by default. */
  readonly from?: number;
  /** Index after the last octet; the length by default. */
  readonly to?: number;
  /** Says of an octet in CID position that it begins something else; reading ends before it without error. */
  readonly stop?: (cid: number) => boolean;
}

/**
 * Writes and reads lists of commands of one direction and one version: `CID | fields | CID | fields …`.
 * Also fits LoRaWAN MAC commands.
 */
export class CommandList<C extends Command> {
  readonly commands: readonly C[];
  readonly #byCid: (C | undefined)[] = [];
  readonly #byName = new Map<string, C>();
  // Used again for every frame; encoding never calls back into itself.
  readonly #writer = new OctetWriter(256);

  /** @throws BugError when two commands share a CID or a name */
  constructor(commands: readonly C[]) {
    this.commands = commands;
    for (const one of commands) {
      if (this.#byCid[one.cid] !== undefined || this.#byName.has(one.name)) {
        throw new BugError(`two commands ${one.name} or two with CID ${one.cid}`);
      }
      this.#byCid[one.cid] = one;
      this.#byName.set(one.name, one);
    }
  }

  /**
   * The octets of the commands, in order.
   * @throws CallerError `command-unknown`, `not-alone`, and those of `Command.write`
   */
  encode(messages: readonly MessageOf<C>[]): Uint8Array {
    const writer = this.#writer.restart();
    const list: readonly Message[] = messages;
    for (const message of list) {
      const declared = this.#named(message.name);
      if (declared.alone && list.length > 1) {
        throw new CallerError('not-alone', `${declared.name} must be the only command of its frame`);
      }
      declared.write(writer, message.fields);
    }
    return writer.finish();
  }

  /** All commands; an empty list for no octets. @throws WireError when anything cannot be read */
  decode(octets: Uint8Array): MessageOf<C>[] {
    const { commands, error } = this.read(octets);
    if (error !== undefined) throw error;
    return commands;
  }

  /** Reads as far as possible and never throws: the commands before the problem, and the problem. */
  read(octets: Uint8Array, range: ReadRange = {}): ReadResult<MessageOf<C>> {
    const reader = new OctetReader(octets, range.from ?? 0, range.to ?? octets.length);
    const commands: MessageOf<C>[] = [];
    let end = reader.at;
    try {
      for (let cid = reader.peek(); cid !== undefined && range.stop?.(cid) !== true; cid = reader.peek()) {
        commands.push(this.#readOne(reader));
        end = reader.at;
      }
    } catch (error) {
      if (error instanceof WireError) return { commands, error, end };
      throw error;
    }
    return { commands, error: undefined, end };
  }

  /** The readable form of one command. @throws CallerError `command-unknown` */
  view(message: MessageOf<C>): View {
    const { name, fields }: Message = message;
    return { name, fields: this.#named(name).view(fields) };
  }

  /**
   * A command from its readable form.
   * @throws CallerError `command-unknown`, `field-…`: see `Command.fromView`
   */
  fromView(view: View): MessageOf<C> {
    const declared = this.#named(view.name);
    return { name: declared.name, fields: declared.fromView(view.fields) } as Message as MessageOf<C>;
  }

  #readOne(reader: OctetReader): MessageOf<C> {
    const at = reader.at;
    const cid = reader.unsigned(1);
    const declared = this.#byCid[cid];
    if (declared === undefined) {
      throw new WireError('unknown-cid', `no command has CID 0x${cid.toString(16).padStart(2, '0')}`, at);
    }
    const message: Message = { name: declared.name, fields: declared.readFields(reader) };
    if (declared.alone && reader.remaining > 0) {
      throw new WireError('trailing', `${reader.remaining} octets follow ${declared.name}`, reader.at);
    }
    return message as MessageOf<C>;
  }

  #named(name: string): C {
    const declared = this.#byName.get(name);
    if (declared === undefined) {
      throw new CallerError('command-unknown', `${name} is none of ${[...this.#byName.keys()].join(', ')}`);
    }
    return declared;
  }
}
