import { AirliftError, toHex } from '@airlift/kernel';
import {
  type DataFrame,
  type MulticastKeys,
  openMulticastFrame,
  type PhyPayload,
  parsePhyPayload,
} from '@airlift/lorawan';

/** Keys of a multicast group with a name by which equal ones are known. */
export interface NamedMulticastKeys {
  readonly keys: MulticastKeys;
  readonly name: string;
}

/** Makes the name out of the keys themselves: devices that were given the same keys share what follows from them. */
export function nameMulticastKeys(keys: MulticastKeys): NamedMulticastKeys {
  const name = toHex(keys.mcNwkSKey) + toHex(keys.mcAppSKey);
  if (latestName !== name) latestName = name;
  return { keys, name: latestName };
}

/** Equal texts are compared in no time when they are one and the same: all members of a group are set up about then. */
let latestName = '';

interface Opened {
  readonly group: string;
  readonly fCnt: number;
  readonly payload: Uint8Array | undefined;
}

/** A multicast frame as those who heard it first found it. */
export interface OpenedFrame {
  readonly frame: DataFrame;
  readonly octets: Uint8Array;
  /** Of the keys that opened it. */
  readonly group: string;
  readonly payload: Uint8Array;
}

interface Entry {
  readonly frame: PhyPayload | undefined;
  readonly opened: Opened[];
  first: OpenedFrame | undefined;
}

/**
 * Remembers what parsing and opening a frame gave, as long as the frame itself is remembered by somebody. A multicast
 * frame that a thousand devices hear is then deciphered once: they hold the same key, so each would find the same. The
 * octets handed out are shared and must not be written to.
 */
export class FrameCache {
  readonly #entries = new WeakMap<Uint8Array, Entry>();
  /** The frame asked for last: its receivers come one after the other. */
  #lastOctets: Uint8Array | undefined;
  #lastEntry: Entry | undefined;

  /** The frame in these octets, or undefined when it is none. */
  parse(octets: Uint8Array): PhyPayload | undefined {
    return this.#entryOf(octets).frame;
  }

  /** As `openMulticastFrame`. */
  openMulticast(frame: DataFrame, octets: Uint8Array, group: NamedMulticastKeys, fCnt: number): Uint8Array | undefined {
    const entry = this.#entryOf(octets);
    const { opened } = entry;
    for (const one of opened) if (one.fCnt === fCnt && one.group === group.name) return one.payload;
    const payload = openMulticastFrame(frame, group.keys, fCnt);
    opened.push({ group: group.name, fCnt, payload });
    if (payload !== undefined) entry.first ??= { frame, octets, group: group.name, payload };
    return payload;
  }

  /** What `openMulticast` found in these octets the first time that it found anything. */
  firstOpened(octets: Uint8Array): OpenedFrame | undefined {
    return this.#entryOf(octets).first;
  }

  #entryOf(octets: Uint8Array): Entry {
    if (this.#lastOctets === octets && this.#lastEntry !== undefined) return this.#lastEntry;
    let entry = this.#entries.get(octets);
    if (entry === undefined) {
      entry = { frame: parseOrNothing(octets), opened: [], first: undefined };
      this.#entries.set(octets, entry);
    }
    this.#lastOctets = octets;
    this.#lastEntry = entry;
    return entry;
  }
}

function parseOrNothing(octets: Uint8Array): PhyPayload | undefined {
  try {
    return parsePhyPayload(octets);
  } catch (error) {
    if (error instanceof AirliftError && error.kind === 'peer') return undefined;
    throw error;
  }
}
