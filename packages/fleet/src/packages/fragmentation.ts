import { type PackageMessage, ts004 } from '@airlift/applayer';
import type { Rng } from '@airlift/kernel';
import type { Faults, FragmentationBehaviour } from '../behaviour/device-behaviour.ts';
import { FragmentDecoder } from '../fragments/fragment-decoder.ts';
import { octetsOf, type WordsCache, wordsOf } from '../fragments/fragment-words.ts';
import type { StoredFragment } from '../storage/device-memory.ts';
import { readCommands } from './read-commands.ts';

type Command = PackageMessage<(typeof ts004.commands)[number], 'multitech', 'down'>;
type Answer = PackageMessage<(typeof ts004.commands)[number], 'multitech', 'up'>;
type Fields<Name extends Command['name']> = Extract<Command, { name: Name }>['fields'];

/** What FragSessionSetupReq told of a session. Survives JSON. */
export interface FragSession {
  readonly fragIndex: number;
  readonly groupMask: number;
  readonly fragments: number;
  readonly fragmentSize: number;
  readonly padding: number;
  readonly blockAckDelay: number;
  /** The block is whole, or taken for whole. */
  readonly done: boolean;
}

/** How a frame reached the device. */
export type FrameOrigin = { readonly kind: 'unicast' } | { readonly kind: 'multicast'; readonly groupId: number };

/** What is to be sent back. */
export interface FragmentationReply {
  readonly octets: Uint8Array;
  /** Milliseconds to wait, beyond the usual time to answer: status answers are spread. */
  readonly delayMs: number;
}

/** How the package reaches the rest of the device. */
export interface FragmentationHost {
  readonly rng: Rng;
  readonly words: WordsCache;
  readonly faults: Faults;
  /** A new session begins: fragments kept so far are void. */
  sessionSetUp(session: FragSession): void;
  sessionDeleted(session: FragSession): void;
  /** A fragment was heard that belongs to a session. */
  fragment(n: number, octets: Uint8Array): void;
  /** The block with its padding is there; with `isWrong` it only seems so. */
  blockComplete(session: FragSession, padded: Uint8Array, isWrong: boolean): void;
  /** The answer to the checksum request, MultiTech's extension. */
  checksumAnswered(match: boolean): void;
}

const FRAG_INDEX_COUNT = 4;
const DATA_OFFSET = 3;

/** TS004 in version 1, device side, with MultiTech's commands. One decoder serves all four FragIndex values. */
export class Fragmentation {
  readonly #host: FragmentationHost;
  readonly #behaviour: FragmentationBehaviour;
  readonly #sessions = new Map<number, FragSession>();
  #decoder: FragmentDecoder | undefined;
  /** What the status answers say of the last number heard: not reset by a new session before its first fragment. */
  #lastHeard = 0;
  #overflowed = false;
  /** The receive buffer: a short frame leaves the end of an earlier one in it. */
  readonly #buffer = new Uint8Array(255);

  constructor(host: FragmentationHost, behaviour: FragmentationBehaviour) {
    this.#host = host;
    this.#behaviour = behaviour;
  }

  /** The decoder of the latest session, for looking at. */
  get decoder(): FragmentDecoder | undefined {
    return this.#decoder;
  }

  /** The sessions that are set up, done or not. */
  get sessions(): readonly FragSession[] {
    return [...this.#sessions.values()];
  }

  /** Executes the commands of a downlink on FPort 201. */
  receive(payload: Uint8Array, origin: FrameOrigin): FragmentationReply {
    const answers: Answer[] = [];
    let delayMs = 0;
    for (const command of readCommands(payload, (all, range) => ts004.read('multitech', 'down', all, range))) {
      if (command.name === 'DataFragment') this.#fragment(command.fields, payload, origin);
      else if (command.name === 'FragSessionStatusReq') {
        const answer = this.#status(command.fields);
        if (answer !== undefined) {
          answers.push(answer);
          delayMs = this.#drawDelayMs(command.fields.FragIndex);
        }
      } else if (origin.kind === 'unicast') {
        const answer = this.#execute(command);
        if (answer === undefined) continue;
        answers.push(answer);
        // The last command decides whether the whole answer waits.
        delayMs = 0;
      }
    }
    return { octets: ts004.encode('multitech', 'up', answers), delayMs };
  }

  /** Takes up a session after a restart, with what was heard of it. */
  restore(sessions: readonly FragSession[], heard: readonly StoredFragment[]): void {
    for (const session of sessions) this.#sessions.set(session.fragIndex, session);
    const latest = sessions.at(-1);
    if (latest === undefined || latest.done) return;
    const decoder = this.#newDecoder(latest);
    for (const { n, octets } of heard) decoder.acceptOctets(n, octets);
    this.#lastHeard = decoder.lastHeard;
    this.#overflowed = decoder.overflowed;
  }

  #execute(command: Exclude<Command, { name: 'DataFragment' | 'FragSessionStatusReq' }>): Answer | undefined {
    switch (command.name) {
      case 'PackageVersionReq':
        return { name: 'PackageVersionAns', fields: { PackageIdentifier: 3, PackageVersion: 1 } };
      case 'FragSessionSetupReq':
        return this.#setUp(command.fields);
      case 'FragSessionDeleteReq':
        return this.#delete(command.fields.FragIndex);
      case 'ChecksumAns':
        this.#host.checksumAnswered(command.fields.Match);
        return undefined;
    }
  }

  #setUp(fields: Fields<'FragSessionSetupReq'>): Answer {
    const { FragIndex, NbFrag, FragSize, FragAlgo, Padding, BlockAckDelay, McGroupBitMask } = fields;
    const { maxFragments, maxFragmentSize, maxBlockOctets } = this.#behaviour;
    const EncodingUnsupported = FragAlgo !== 0;
    const NotEnoughMemory =
      NbFrag === 0 ||
      FragSize === 0 ||
      NbFrag > maxFragments ||
      FragSize > maxFragmentSize ||
      NbFrag * FragSize > maxBlockOctets;
    const FragSessionIndexNotSupported = FragIndex >= FRAG_INDEX_COUNT;
    if (!EncodingUnsupported && !NotEnoughMemory && !FragSessionIndexNotSupported) {
      const session: FragSession = {
        fragIndex: FragIndex,
        groupMask: McGroupBitMask,
        fragments: NbFrag,
        fragmentSize: FragSize,
        padding: Padding,
        blockAckDelay: BlockAckDelay,
        done: false,
      };
      // Set anew, so that the latest session is the last in the map.
      this.#sessions.delete(FragIndex);
      this.#sessions.set(FragIndex, session);
      this.#newDecoder(session);
      this.#host.sessionSetUp(session);
    }
    return {
      name: 'FragSessionSetupAns',
      fields: {
        EncodingUnsupported,
        NotEnoughMemory,
        FragSessionIndexNotSupported,
        WrongDescriptor: false,
        FragIndex,
      },
    };
  }

  #newDecoder(session: FragSession): FragmentDecoder {
    this.#decoder = new FragmentDecoder({
      fragments: session.fragments,
      fragmentSize: session.fragmentSize,
      maxRedundancy: this.#behaviour.maxRedundancy,
    });
    return this.#decoder;
  }

  #delete(FragIndex: number): Answer {
    const session = this.#sessions.get(FragIndex);
    if (session !== undefined) {
      this.#sessions.delete(FragIndex);
      this.#host.sessionDeleted(session);
    }
    return { name: 'FragSessionDeleteAns', fields: { FragIndex, SessionDoesNotExist: session === undefined } };
  }

  #status({ Participants, FragIndex }: Fields<'FragSessionStatusReq'>): Answer | undefined {
    const decoder = this.#decoder;
    if (this.#behaviour.status === 'counted') {
      if (decoder === undefined || !this.#sessions.has(FragIndex)) return undefined;
      const { missing, heard } = decoder;
      if (missing === 0 && !Participants) return undefined;
      return statusAns(FragIndex, Math.min(heard, 0x3fff), Math.min(missing, 255), decoder.overflowed);
    }
    const lost = decoder?.plainLost ?? 0;
    if (lost === 0 && !Participants) return undefined;
    return statusAns(FragIndex, this.#lastHeard & 0x3fff, lost & 255, this.#overflowed);
  }

  #drawDelayMs(fragIndex: number): number {
    const blockAckDelay = this.#sessions.get(fragIndex)?.blockAckDelay ?? 0;
    return this.#host.rng.unit() * 2 ** (blockAckDelay + 4) * 1000;
  }

  #fragment({ N, FragIndex, data }: Fields<'DataFragment'>, payload: Uint8Array, origin: FrameOrigin): void {
    const session = this.#sessions.get(FragIndex);
    const decoder = this.#decoder;
    const { deafFromFragment } = this.#host.faults;
    if (session === undefined || session.done || decoder === undefined) return;
    if (deafFromFragment !== null && N >= deafFromFragment) return;
    const isForeign = origin.kind === 'multicast' && ((session.groupMask >> origin.groupId) & 1) === 0;
    if (isForeign && this.#behaviour.checksGroupMask) return;
    const { fragmentSize } = decoder.shape;
    this.#buffer.set(payload);
    const words =
      data.length >= fragmentSize
        ? this.#host.words.of(payload, DATA_OFFSET, fragmentSize)
        : // The length is not looked at: what an earlier frame left in the buffer makes up the rest.
          wordsOf(this.#buffer.subarray(DATA_OFFSET), fragmentSize);
    const outcome = decoder.accept(N, words);
    this.#lastHeard = N;
    this.#overflowed = decoder.overflowed;
    this.#host.fragment(N, octetsOf(words, fragmentSize));
    if (outcome === 'complete') this.#finish(session, decoder, false);
    else if (outcome === 'overflow' && this.#behaviour.overflowIsDone) this.#finish(session, decoder, true);
  }

  #finish(session: FragSession, decoder: FragmentDecoder, isWrong: boolean): void {
    const done: FragSession = { ...session, done: true };
    this.#sessions.set(session.fragIndex, done);
    this.#host.blockComplete(done, decoder.block(), isWrong);
  }
}

function statusAns(
  FragIndex: number,
  NbFragReceived: number,
  MissingFrag: number,
  NotEnoughMatrixMemory: boolean,
): Answer {
  return { name: 'FragSessionStatusAns', fields: { NbFragReceived, FragIndex, MissingFrag, NotEnoughMatrixMemory } };
}
