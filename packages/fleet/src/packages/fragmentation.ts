import { type PackageMessage, ts004 } from '@airlift/applayer';
import { fromHex, type Rng, toHex } from '@airlift/kernel';
import type { FragmentationBehaviour } from '../behaviour/device-behaviour.ts';
import type { Faults } from '../behaviour/faults.ts';
import type { UnseenFragments } from '../device/fragment-backlog.ts';
import { blockMic } from '../fragments/block-mic.ts';
import { FragmentDecoder, type FragmentOutcome } from '../fragments/fragment-decoder.ts';
import { octetsOf, wordsOf } from '../fragments/fragment-words.ts';
import type { WordsCache } from '../fragments/words-cache.ts';
import type { StoredFragment } from '../storage/device-memory.ts';
import { answerSpreadMs, type FragSession, type FragSessionIntegrity } from './frag-session.ts';
import { type StatusMemory, statusCounts } from './fragment-status.ts';
import { readStrayCommands } from './read-commands.ts';
import { ReceiveBuffer } from './receive-buffer.ts';

type Version = 'multitech' | 2 | '2-v1-status';
type Command = PackageMessage<(typeof ts004.commands)[number], Version, 'down'>;
type Answer = PackageMessage<(typeof ts004.commands)[number], Version, 'up'>;
type Fields<Name extends Command['name']> = Extract<Command, { name: Name }>['fields'];

/** How a frame reached the device. */
export type FrameOrigin = { readonly kind: 'unicast' } | { readonly kind: 'multicast'; readonly groupId: number };

/** What is to be sent back. */
export interface FragmentationReply {
  readonly octets: Uint8Array;
  /** Milliseconds to wait, beyond the usual time to answer: status answers are spread. */
  readonly delayMs: number;
}

/**
 * What became of a block: `decoded`; `wrong`, taken for complete although it is not; `mic-error`, complete but refused by
 * its MIC; `given-up`.
 */
export type BlockEnd = 'decoded' | 'wrong' | 'mic-error' | 'given-up';

/** How the package reaches the rest of the device. */
export interface FragmentationHost {
  readonly rng: Rng;
  readonly words: WordsCache;
  readonly faults: Faults;
  /** GenAppKey: version 2 derives the key of the MIC from it. */
  readonly rootKey: Uint8Array;
  /** The last SessionCnt of a session that heard a fragment; undefined before the first. */
  lastSessionCnt(fragIndex: number): number | undefined;
  sessionCntUsed(fragIndex: number, sessionCnt: number): void;
  /** A new session begins: fragments kept so far are void. */
  sessionSetUp(session: FragSession): void;
  sessionDeleted(session: FragSession): void;
  /** A fragment was heard that belongs to the latest session. */
  fragment(n: number, octets: () => Uint8Array): void;
  /** Nothing more is expected for the block. `padded` is the block with its padding. */
  blockEnded(session: FragSession, padded: Uint8Array, decoder: FragmentDecoder, end: BlockEnd): void;
  /** The answer to the checksum request, MultiTech's extension. */
  checksumAnswered(match: boolean): void;
  /** FragDataBlockReceivedAns. */
  receptionAcknowledged(fragIndex: number): void;
}

const SILENCE: FragmentationReply = { octets: new Uint8Array(0), delayMs: 0 };
const FRAG_INDEX_COUNT = 4;
const DATA_OFFSET = 3;
const MOST_RECEIVED = 0x3fff;

/** TS004 device side, in version 1 with MultiTech's commands or in version 2. */
export class Fragmentation {
  readonly #host: FragmentationHost;
  readonly #behaviour: FragmentationBehaviour;
  readonly #version: Version;
  readonly #sessions = new Map<number, FragSession>();
  /** By FragIndex; a single one, that of the latest session, unless each session has its own. */
  readonly #decoders = new Map<number, FragmentDecoder>();
  #decoder: FragmentDecoder | undefined;
  readonly #memory: StatusMemory = { lastHeard: 0, everHeard: 0, announced: 0, memoryBit: false };
  readonly #buffer = new ReceiveBuffer();

  constructor(host: FragmentationHost, behaviour: FragmentationBehaviour) {
    this.#host = host;
    this.#behaviour = behaviour;
    this.#version = behaviour.version === 1 ? 'multitech' : behaviour.version;
  }

  /** The decoder of the latest session, for looking at. */
  get decoder(): FragmentDecoder | undefined {
    return this.#decoder;
  }

  /** The sessions that are set up, done or not; the latest is the last. */
  get sessions(): readonly FragSession[] {
    return [...this.#sessions.values()];
  }

  /** Which fragments would change nothing that anybody could see from outside; undefined when there may be none. */
  unseen(): UnseenFragments | undefined {
    const session = this.sessions.at(-1);
    const decoder = this.#decoder;
    if (session === undefined || decoder === undefined || session.integrity !== undefined) return undefined;
    if (decoder.overflowed) return undefined;
    const { fragIndex, fragments: plain } = session;
    if (session.done) return { fragIndex, plain, count: Number.POSITIVE_INFINITY, codedToo: true };
    // The last useful one completes the block. A coded one may be the end too, as long as the losses are not counted.
    return { fragIndex, plain, count: decoder.missing - 1, codedToo: decoder.repairing };
  }

  /** Executes the commands of a downlink on FPort 201. */
  receive(payload: Uint8Array, origin: FrameOrigin): FragmentationReply {
    const answers: Answer[] = [];
    let delayMs = 0;
    const { commands, strayed } = readOnce(payload, this.#version);
    for (const command of commands) {
      if (command.name === 'DataFragment') this.#fragment(command.fields, payload, origin);
      else if (command.name === 'FragSessionStatusReq') {
        const answer = this.#status(command.fields);
        if (answer !== undefined) {
          answers.push(answer);
          delayMs = this.#host.rng.unit() * answerSpreadMs(this.#sessions.get(command.fields.FragIndex));
        }
      } else if (origin.kind === 'unicast') {
        const answer = this.#execute(command);
        if (answer === undefined) continue;
        answers.push(answer);
        // The last command decides whether the whole answer waits.
        delayMs = 0;
      }
    }
    if (answers.length === 0) return SILENCE;
    if (strayed && this.#behaviour.unknownCommand === 'drops-answer') answers.length = 0;
    const told = answers.map((answer) => this.#lie(answer));
    return { octets: ts004.encode(this.#version, 'up', told), delayMs };
  }

  /** Takes up sessions after a restart, with what was heard of the latest. */
  restore(sessions: readonly FragSession[], heard: readonly StoredFragment[]): void {
    for (const session of sessions) this.#sessions.set(session.fragIndex, session);
    const latest = sessions.at(-1);
    if (latest === undefined) return;
    const decoder = this.#newDecoder(latest);
    for (const { n, octets } of heard) decoder.acceptOctets(n, octets);
    this.#memory.lastHeard = decoder.lastHeard;
    this.#memory.everHeard = decoder.heard;
    this.#memory.announced = latest.fragments;
    this.#memory.memoryBit = decoder.overflowed;
  }

  #execute(command: Exclude<Command, { name: 'DataFragment' | 'FragSessionStatusReq' }>): Answer | undefined {
    switch (command.name) {
      case 'PackageVersionReq': {
        const PackageVersion = this.#behaviour.version === 1 ? 1 : 2;
        return { name: 'PackageVersionAns', fields: { PackageIdentifier: 3, PackageVersion } };
      }
      case 'FragSessionSetupReq':
        return this.#setUp(command.fields);
      case 'FragSessionDeleteReq':
        return this.#delete(command.fields.FragIndex);
      case 'ChecksumAns':
        this.#host.checksumAnswered(command.fields.Match);
        return undefined;
      case 'FragDataBlockReceivedAns':
        this.#host.receptionAcknowledged(command.fields.FragIndex);
        return undefined;
    }
  }

  #setUp(fields: Fields<'FragSessionSetupReq'>): Answer {
    const { FragIndex, NbFrag, FragSize, FragAlgo, Padding, BlockAckDelay, McGroupBitMask } = fields;
    const { maxFragments, maxFragmentSize, maxBlockOctets } = this.#behaviour;
    const isBusy =
      this.#behaviour.sessions === 'one-at-a-time' &&
      this.sessions.some((one) => this.#isOpen(one) && one.fragIndex !== FragIndex);
    const refusals = {
      EncodingUnsupported: FragAlgo !== 0,
      NotEnoughMemory:
        NbFrag === 0 ||
        FragSize === 0 ||
        NbFrag > maxFragments ||
        FragSize > maxFragmentSize ||
        NbFrag * FragSize > maxBlockOctets,
      FragSessionIndexNotSupported: isBusy || FragIndex >= FRAG_INDEX_COUNT,
      WrongDescriptor: false,
    };
    const integrity = integrityOf(fields);
    const SessionCntReplay =
      integrity !== undefined && integrity.sessionCnt <= (this.#host.lastSessionCnt(FragIndex) ?? -1);
    if (!isBusy) {
      this.#memory.everHeard = 0;
      this.#memory.announced = NbFrag;
    }
    if (!SessionCntReplay && !Object.values(refusals).includes(true)) {
      this.#begin({
        fragIndex: FragIndex,
        groupMask: McGroupBitMask,
        fragments: NbFrag,
        fragmentSize: FragSize,
        padding: Padding,
        blockAckDelay: BlockAckDelay,
        descriptor: toHex(fields.Descriptor),
        ...(integrity === undefined ? {} : { integrity }),
        done: false,
      });
    }
    const answered = { ...refusals, FragIndex };
    return this.#version === 'multitech'
      ? { name: 'FragSessionSetupAns', fields: answered }
      : { name: 'FragSessionSetupAns', fields: { ...answered, SessionCntReplay } };
  }

  #begin(session: FragSession): void {
    // Set anew, so that the latest session is the last in the map.
    this.#sessions.delete(session.fragIndex);
    this.#sessions.set(session.fragIndex, session);
    this.#newDecoder(session);
    if (this.#behaviour.memoryBit === 'session') this.#memory.memoryBit = false;
    this.#host.sessionSetUp(session);
  }

  #newDecoder(session: FragSession): FragmentDecoder {
    const { maxRedundancy, rowRule, plainOrder, sessions } = this.#behaviour;
    const { fragments, fragmentSize } = session;
    const shape = { fragments, fragmentSize, maxRedundancy, rowRule, plainOrder };
    this.#decoder = new FragmentDecoder(shape, this.#host.words.library);
    if (sessions === 'own-decoders') this.#decoders.set(session.fragIndex, this.#decoder);
    return this.#decoder;
  }

  #decoderOf(fragIndex: number): FragmentDecoder | undefined {
    return this.#behaviour.sessions === 'own-decoders' ? this.#decoders.get(fragIndex) : this.#decoder;
  }

  #delete(FragIndex: number): Answer {
    const session = this.#sessions.get(FragIndex);
    const exists = session !== undefined && this.#isOpen(session);
    if (exists) {
      this.#sessions.delete(FragIndex);
      this.#decoders.delete(FragIndex);
      this.#host.sessionDeleted(session);
    }
    return { name: 'FragSessionDeleteAns', fields: { FragIndex, SessionDoesNotExist: !exists } };
  }

  /** Whether a session is there to be deleted or to stand in the way; some stacks close it when the block is whole. */
  #isOpen(session: FragSession): boolean {
    return !(session.done && this.#behaviour.sessions === 'one-at-a-time');
  }

  #status({ Participants, FragIndex }: Fields<'FragSessionStatusReq'>): Answer | undefined {
    const session = this.#sessions.get(FragIndex);
    const { status, version, memoryBit, longStatusWithoutSession } = this.#behaviour;
    const isMissing = session === undefined;
    const { received, missing } = statusCounts(status, this.#decoderOf(FragIndex), this.#memory);
    if (isMissing && version === 1 && status === 'counted') return undefined;
    if (missing === 0 && !Participants && !(isMissing && version !== 1)) return undefined;
    const bit = this.#host.faults.memoryBitStuck || (memoryBit !== 'never' && this.#memory.memoryBit);
    const counts = { NbFragReceived: received, FragIndex, MissingFrag: missing };
    if (version === 1) return { name: 'FragSessionStatusAns', fields: { ...counts, NotEnoughMatrixMemory: bit } };
    // Valid only when nothing is missing, and some stacks look at it only then.
    const MICError = missing === 0 && session?.micError === true;
    const flags = { MemoryError: bit, MICError, SessionDoesNotExist: isMissing };
    const isLong = !isMissing || longStatusWithoutSession || version === '2-v1-status';
    return { name: 'FragSessionStatusAns', fields: isLong ? { ...flags, ...counts } : flags };
  }

  #lie(answer: Answer): Answer {
    const { lies } = this.#host.faults;
    if (lies.length === 0 || !('FragIndex' in answer.fields) || answer.fields.FragIndex === undefined) return answer;
    let { FragIndex } = answer.fields;
    if (lies.includes('other-index')) FragIndex = (FragIndex + 1) % FRAG_INDEX_COUNT;
    if (answer.name !== 'FragSessionStatusAns' || answer.fields.NbFragReceived === undefined) {
      return { ...answer, fields: { ...answer.fields, FragIndex } } as Answer;
    }
    let { NbFragReceived } = answer.fields;
    if (lies.includes('too-many')) NbFragReceived = Math.min(MOST_RECEIVED, 2 * this.#memory.announced + 1_000);
    if (lies.includes('swapped-counts')) {
      const swapped = swappedOctets(NbFragReceived | (FragIndex << 14));
      NbFragReceived = swapped & MOST_RECEIVED;
      FragIndex = swapped >> 14;
    }
    return { ...answer, fields: { ...answer.fields, NbFragReceived, FragIndex } } as Answer;
  }

  #fragment({ N, FragIndex, data }: Fields<'DataFragment'>, payload: Uint8Array, origin: FrameOrigin): void {
    const { faults, words: cache } = this.#host;
    if (faults.deafFromFragment !== null && N >= faults.deafFromFragment) return;
    this.#memory.everHeard += 1;
    const session = this.#sessions.get(FragIndex);
    const decoder = this.#decoderOf(FragIndex);
    if (session === undefined || session.done || decoder === undefined) return;
    const isForeign = origin.kind === 'multicast' && ((session.groupMask >> origin.groupId) & 1) === 0;
    if (isForeign && this.#behaviour.checksGroupMask) return;
    const { fragmentSize } = decoder.shape;
    this.#buffer.take(payload);
    const isShort = data.length < fragmentSize;
    if (isShort && this.#behaviour.shortFragment === 'dropped') return;
    const { integrity } = session;
    if (integrity !== undefined && integrity.sessionCnt !== this.#host.lastSessionCnt(FragIndex)) {
      this.#host.sessionCntUsed(FragIndex, integrity.sessionCnt);
    }
    const words = isShort
      ? // The length is not looked at: what an earlier frame left in the buffer makes up the rest.
        wordsOf(this.#buffer.octets().subarray(DATA_OFFSET), fragmentSize)
      : cache.of(payload, DATA_OFFSET, fragmentSize);
    const outcome = decoder.accept(N, words);
    this.#memory.lastHeard = N;
    if (decoder.overflowed) this.#memory.memoryBit = true;
    if (decoder === this.#decoder) this.#host.fragment(N, () => octetsOf(words, fragmentSize));
    this.#concluded(session, decoder, outcome);
  }

  #concluded(session: FragSession, decoder: FragmentDecoder, outcome: FragmentOutcome): void {
    const { overflow } = this.#behaviour;
    if (outcome === 'overflow' && overflow !== 'never-ends') {
      this.#finish(session, decoder, overflow === 'given-up' ? 'given-up' : 'wrong');
    } else if (outcome === 'complete') {
      this.#finish(session, decoder, 'decoded');
    }
  }

  #finish(session: FragSession, decoder: FragmentDecoder, end: BlockEnd): void {
    const padded = decoder.block();
    const micError = end !== 'given-up' && !this.#isMicRight(session, padded);
    const done: FragSession = { ...session, done: true, ...(micError ? { micError } : {}) };
    this.#sessions.set(session.fragIndex, done);
    this.#host.blockEnded(done, padded, decoder, micError ? 'mic-error' : end);
  }

  #isMicRight({ integrity, fragIndex, descriptor, padding }: FragSession, padded: Uint8Array): boolean {
    if (integrity === undefined) return true;
    const cover = { sessionCnt: integrity.sessionCnt, fragIndex, descriptor: fromHex(descriptor) };
    const block = padded.subarray(0, Math.max(0, padded.length - padding));
    const right = toHex(blockMic(this.#host.rootKey, cover, block)) === integrity.mic;
    return right && !this.#host.faults.wrongCrc;
  }
}

interface ReadPayload {
  readonly version: Version;
  readonly commands: readonly Command[];
  readonly strayed: boolean;
}

/** What payloads were read as: a multicast frame is handed to all its receivers as one and the same array. */
const readBefore = new WeakMap<Uint8Array, ReadPayload>();

function readOnce(payload: Uint8Array, version: Version): ReadPayload {
  const known = readBefore.get(payload);
  if (known?.version === version) return known;
  const read = { version, ...readStrayCommands(payload, (all, range) => ts004.read(version, 'down', all, range)) };
  readBefore.set(payload, read);
  return read;
}

function integrityOf(fields: Fields<'FragSessionSetupReq'>): FragSessionIntegrity | undefined {
  if (!('SessionCnt' in fields)) return undefined;
  return { sessionCnt: fields.SessionCnt, mic: toHex(fields.MIC), ackReception: fields.AckReception };
}

function swappedOctets(value: number): number {
  return ((value & 255) << 8) | (value >> 8);
}
