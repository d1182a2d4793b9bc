import { crc32 } from 'node:zlib';
import {
  crc64,
  dataBlockIntKey,
  dataBlockMic,
  decryptMcKey,
  FragmentDecoder,
  mcKEKeyOf,
  mcSessionKeys,
  type RowRule,
  ts003,
  ts004,
  ts005,
} from '@airlift/applayer';
import {
  after,
  type Clock,
  type Eui64,
  gpsFromUtc,
  gpsSecondsU32,
  littleEndian,
  type Rng,
  type SteadyMs,
  sameOctets,
  steadyMs,
  type Timer,
  utcMs,
} from '@airlift/kernel';
import type { DeviceAir, HeardGroup, Receiver } from '../../src/testing/index.ts';

/** In what a fake device differs from one that does everything right. */
export interface Habits {
  /** Of the packages. */
  readonly version: 1 | 2;
  readonly deviceClass: 'A' | 'C';
  /** Own uplinks of class A; 0 = none. */
  readonly uplinkEveryS: number;
  readonly joins: boolean;
  /** How far its clock stands apart at first, seconds. */
  readonly clockOffsetS: number;
  readonly honoursResync: boolean;
  readonly acceptsGroup: boolean | 'second-time';
  readonly acceptsFragmentation: boolean;
  /** Errors of McClassCSessionAns, by answer; then none. */
  readonly sessionErrors: readonly (readonly ('DRError' | 'FreqError' | 'McGroupUndefined' | 'StartMissed')[])[];
  /** The first so many set-up answers are lost on the way. */
  readonly losesAnswers: number;
  /** Share of the group's fragments that it does not hear. */
  readonly loss: number;
  /** What MissingFrag and NbFragReceived hold. */
  readonly status: 'counts' | 'last-number' | 'silent';
  /** MultiTech's check of the image, in version 2 that of its MIC; `wrong`: of another image than it received. */
  readonly crc: 'right' | 'wrong' | 'none';
  /** Semtech's and ST's report of the finished file, sent once. */
  readonly fileReport: 'right' | 'wrong' | 'none';
  readonly codeRule: RowRule;
  /** Version 2: the highest SessionCnt that it remembers; -1 = none. */
  readonly sessionCntUsed: number;
  /** Version 2: the first so many reports of the whole block are lost on the way. */
  readonly losesReports: number;
  readonly genAppKey: Uint8Array;
}

export const ZERO_KEY = new Uint8Array(16);

const USUAL: Habits = {
  version: 1,
  deviceClass: 'A',
  uplinkEveryS: 20,
  joins: true,
  clockOffsetS: 0,
  honoursResync: true,
  acceptsGroup: true,
  acceptsFragmentation: true,
  sessionErrors: [],
  losesAnswers: 0,
  loss: 0,
  status: 'counts',
  crc: 'right',
  fileReport: 'none',
  codeRule: 'v1',
  sessionCntUsed: -1,
  losesReports: 0,
  genAppKey: ZERO_KEY,
};

const NO_SETUP_ERRORS = {
  EncodingUnsupported: false,
  NotEnoughMemory: false,
  FragSessionIndexNotSupported: false,
  WrongDescriptor: false,
  FragIndex: 0,
};

interface Session {
  readonly from: SteadyMs;
  readonly to: SteadyMs;
  readonly frequencyHz: number;
  readonly dataRate: number;
}

/** What a device of version 2 checks its block with. */
interface BlockCheck {
  readonly sessionCnt: number;
  readonly descriptor: Uint8Array;
  readonly mic: Uint8Array;
  readonly reportsBlock: boolean;
}

/**
 * A device on the shared virtual clock: of version 1 of the packages with MultiTech's check value, or of version 2 as it
 * is specified.
 */
export class FakeDevice implements Receiver {
  readonly devEui: Eui64;
  readonly habits: Habits;
  joinedAt: SteadyMs | undefined;
  /** The image when it is complete. */
  image: Uint8Array | undefined;
  /** What the server answered to the check values, in order. */
  readonly checkAnswers: boolean[] = [];
  resyncsAsked = 0;
  /** McGroupIDs that it was told to delete, in order. */
  readonly groupsDeleted: number[] = [];
  /** Version 2: SessionCnt of every FragSessionSetupReq, in order. */
  readonly sessionCnts: number[] = [];
  /** Version 2: reports of the whole block that it sent, and answers to them. */
  blockReports = 0;
  blockAnswers = 0;
  readonly #clock: Clock;
  readonly #link: DeviceAir;
  readonly #rng: Rng;
  #offsetS: number;
  #answersLost = 0;
  #sessionAnswers = 0;
  #groupAnswers = 0;
  #group: { readonly mcAddr: number; readonly mcKey: Uint8Array } | undefined;
  #session: Session | undefined;
  #decoder: FragmentDecoder | undefined;
  #lastNumber = 0;
  #plainLost = 0;
  #nbFrag = 0;
  #token = 0;
  #retry: Timer | undefined;
  #check2: BlockCheck | undefined;
  #highestCnt: number;
  #reportsLost = 0;

  constructor(options: {
    readonly devEui: Eui64;
    readonly clock: Clock;
    readonly link: DeviceAir;
    readonly rng: Rng;
    readonly habits: Partial<Habits>;
  }) {
    this.devEui = options.devEui;
    this.habits = { ...USUAL, ...options.habits };
    this.#clock = options.clock;
    this.#link = options.link;
    this.#rng = options.rng;
    this.#offsetS = this.habits.clockOffsetS;
    this.#highestCnt = this.habits.sessionCntUsed;
    this.joinedAt = this.habits.joins ? this.#clock.now() : undefined;
    this.#link.add(this);
    if (this.habits.joins && this.habits.uplinkEveryS > 0) this.#beat(this.#rng.unit());
  }

  get deviceClass(): 'A' | 'C' {
    return this.habits.deviceClass;
  }

  /** Loses everything and joins the network anew. */
  async restart(): Promise<void> {
    this.#group = undefined;
    this.#session = undefined;
    this.#decoder = undefined;
    this.#retry?.cancel();
    await this.#link.joined(this.devEui);
  }

  /** Asks for the check value again, as a device does that missed the answer. */
  repeatCheck(): Promise<void> {
    return this.#check();
  }

  /** An uplink of its own. */
  beatOnce(): Promise<void> {
    return this.#link.uplink(this.devEui, 1, Uint8Array.of(0));
  }

  hear(fPort: number, payload: Uint8Array): void {
    if (fPort === 202) this.#hearClock(payload);
    else if (fPort === 201) this.#hearFragmentation(payload);
    else if (fPort === 200) this.#hearMulticast(payload);
  }

  hearGroup(group: HeardGroup, fPort: number, payload: Uint8Array): void {
    if (!this.#listensTo(group)) return;
    if (fPort !== 201) {
      if (!this.#rng.chance(this.habits.loss)) this.image = payload;
      return;
    }
    const [command] = ts004.decode(1, 'down', payload);
    if (command?.name === 'FragSessionStatusReq') {
      after(this.#clock, this.#rng.unit() * 16_000, () => void this.#reportStatus(command.fields.Participants));
    } else if (command?.name === 'DataFragment' && !this.#rng.chance(this.habits.loss)) {
      this.#receive(command.fields.N, Uint8Array.from(command.fields.data));
    }
  }

  #listensTo(group: HeardGroup): boolean {
    const session = this.#session;
    const mine = this.#group;
    if (session === undefined || mine === undefined || mine.mcAddr !== group.mcAddr) return false;
    const now = this.#now();
    if (now < session.from || now >= session.to) return false;
    if (session.frequencyHz !== group.frequencyHz || session.dataRate !== group.dataRate) return false;
    const keys = mcSessionKeys(mine.mcKey, mine.mcAddr);
    return sameOctets(keys.mcAppSKey, group.mcAppSKey) && sameOctets(keys.mcNwkSKey, group.mcNwkSKey);
  }

  #receive(number: number, data: Uint8Array): void {
    const decoder = this.#decoder;
    // A stack that numbers what it hears looks at nothing once it is complete.
    if (decoder === undefined || (decoder.complete && this.habits.status === 'last-number')) return;
    if (number <= this.#nbFrag && number > this.#lastNumber + 1) this.#plainLost += number - this.#lastNumber - 1;
    if (number > this.#nbFrag && this.#lastNumber < this.#nbFrag) this.#plainLost += this.#nbFrag - this.#lastNumber;
    this.#lastNumber = Math.max(this.#lastNumber, number);
    const wasComplete = decoder.complete;
    decoder.receive(number, data);
    if (!decoder.complete || wasComplete) return;
    this.image = decoder.block();
    if (this.habits.version === 2) {
      if (this.#check2?.reportsBlock === true) after(this.#clock, 3_000, () => void this.#reportBlock());
      return;
    }
    if (this.habits.crc !== 'none') after(this.#clock, 3_000, () => void this.#check());
    if (this.habits.fileReport !== 'none') after(this.#clock, 3_000, () => void this.#reportFile());
  }

  /** FragDataBlockReceivedReq, until it is answered. */
  async #reportBlock(): Promise<void> {
    if (this.image === undefined) return;
    this.#retry?.cancel();
    this.#retry = after(this.#clock, 12_000, () => void this.#reportBlock());
    this.blockReports += 1;
    if (this.#reportsLost < this.habits.losesReports) {
      this.#reportsLost += 1;
      return;
    }
    const fields = { FragIndex: 0, MICError: this.#micIsWrong() };
    await this.#link.uplink(this.devEui, 201, ts004.encode(2, 'up', [{ name: 'FragDataBlockReceivedReq', fields }]));
  }

  #micIsWrong(): boolean {
    const check = this.#check2;
    if (this.image === undefined || check === undefined) return false;
    const block = this.habits.crc === 'wrong' ? this.image.map((octet) => octet ^ 1) : this.image;
    const { sessionCnt, descriptor, mic } = check;
    const key = dataBlockIntKey(this.habits.genAppKey);
    return !sameOctets(dataBlockMic(key, { sessionCnt, fragIndex: 0, descriptor, block }), mic);
  }

  async #reportFile(): Promise<void> {
    const block = this.image;
    if (block === undefined) return;
    const value = crc32(block) ^ (this.habits.fileReport === 'wrong' ? 1 : 0);
    await this.#link.uplink(this.devEui, 201, Uint8Array.of(0x05, ...littleEndian(value >>> 0, 4)));
  }

  async #check(): Promise<void> {
    const block = this.image;
    if (block === undefined) return;
    const value = crc64(this.habits.crc === 'wrong' ? block.map((octet) => octet ^ 1) : block);
    // Asked again until it is answered.
    this.#retry?.cancel();
    this.#retry = after(this.#clock, 6_000, () => void this.#check());
    await this.#link.uplink(this.devEui, 201, Uint8Array.of(0x80, 0, ...value));
  }

  async #reportStatus(everyone: boolean): Promise<void> {
    const decoder = this.#decoder;
    const { status } = this.habits;
    if (decoder === undefined || status === 'silent') return;
    const missing = status === 'counts' ? decoder.missing : this.#plainLost & 255;
    if (missing === 0 && !everyone) return;
    const counts = {
      NbFragReceived: status === 'counts' ? decoder.receivedCount : this.#lastNumber,
      FragIndex: 0,
      MissingFrag: Math.min(255, missing),
    };
    const name = 'FragSessionStatusAns';
    const flags = { MemoryError: false, MICError: missing === 0 && this.#micIsWrong(), SessionDoesNotExist: false };
    const payload =
      this.habits.version === 2
        ? ts004.encode(2, 'up', [{ name, fields: { ...flags, ...counts } }])
        : ts004.encode('multitech', 'up', [{ name, fields: { ...counts, NotEnoughMatrixMemory: false } }]);
    await this.#link.uplink(this.devEui, 201, payload);
  }

  #hearClock(payload: Uint8Array): void {
    for (const command of ts003.decode(this.habits.version, 'down', payload)) {
      if (command.name === 'AppTimeAns' && command.fields.TokenAns === this.#token) {
        this.#offsetS += command.fields.TimeCorrection;
        this.#token = (this.#token + 1) % 16;
      } else if (command.name === 'ForceDeviceResyncReq' || command.name === 'ForceDeviceResyncCmd') {
        this.resyncsAsked += 1;
        if (this.habits.honoursResync) after(this.#clock, 100, () => void this.askTime());
      }
    }
  }

  /** AppTimeReq. */
  async askTime(): Promise<void> {
    const DeviceTime = gpsSecondsU32(gpsFromUtc(utcMs(this.#now())));
    const fields = { DeviceTime, TokenReq: this.#token, AnsRequired: false };
    await this.#link.uplink(
      this.devEui,
      202,
      ts003.encode(this.habits.version, 'up', [{ name: 'AppTimeReq', fields }]),
    );
  }

  #hearFragmentation(payload: Uint8Array): void {
    if (this.habits.version === 2) {
      this.#hearFragmentation2(payload);
      return;
    }
    const [command] = ts004.decode('multitech', 'down', payload);
    if (command?.name === 'ChecksumAns') {
      this.#retry?.cancel();
      this.checkAnswers.push(command.fields.Match);
      if (!command.fields.Match) this.image = undefined;
      return;
    }
    if (command?.name === 'FragSessionStatusReq') {
      after(this.#clock, this.#rng.unit() * 16_000, () => void this.#reportStatus(command.fields.Participants));
      return;
    }
    if (command?.name !== 'FragSessionSetupReq') return;
    const { NbFrag, FragSize, Padding } = command.fields;
    const NotEnoughMemory = !this.habits.acceptsFragmentation;
    if (!NotEnoughMemory) this.#expect(NbFrag, FragSize, Padding);
    const fields = { ...NO_SETUP_ERRORS, NotEnoughMemory };
    this.#answer(201, ts004.encode(1, 'up', [{ name: 'FragSessionSetupAns', fields }]));
  }

  #hearFragmentation2(payload: Uint8Array): void {
    const [command] = ts004.decode(2, 'down', payload);
    if (command?.name === 'FragDataBlockReceivedAns') {
      this.#retry?.cancel();
      this.blockAnswers += 1;
    } else if (command?.name === 'FragSessionStatusReq') {
      after(this.#clock, this.#rng.unit() * 16_000, () => void this.#reportStatus(command.fields.Participants));
    } else if (command?.name === 'FragSessionSetupReq') {
      const { NbFrag, FragSize, Padding, SessionCnt, Descriptor, MIC, AckReception } = command.fields;
      this.sessionCnts.push(SessionCnt);
      const SessionCntReplay = SessionCnt <= this.#highestCnt;
      if (!SessionCntReplay) {
        this.#highestCnt = SessionCnt;
        this.#check2 = {
          sessionCnt: SessionCnt,
          descriptor: Uint8Array.from(Descriptor),
          mic: Uint8Array.from(MIC),
          reportsBlock: AckReception,
        };
        this.#expect(NbFrag, FragSize, Padding);
      }
      const fields = { ...NO_SETUP_ERRORS, SessionCntReplay };
      this.#answer(201, ts004.encode(2, 'up', [{ name: 'FragSessionSetupAns', fields }]));
    }
  }

  /** Begins a fragmentation session. */
  #expect(nbFrag: number, fragSize: number, padding: number): void {
    this.#decoder = new FragmentDecoder({ nbFrag, fragSize, padding, rule: this.habits.codeRule });
    this.#nbFrag = nbFrag;
    this.#lastNumber = 0;
    this.#plainLost = 0;
    this.image = undefined;
    this.#retry?.cancel();
  }

  #hearMulticast(payload: Uint8Array): void {
    const answers: Parameters<typeof ts005.encode<1, 'up'>>[2][number][] = [];
    for (const command of ts005.decode(this.habits.version, 'down', payload)) {
      if (command.name === 'McGroupSetupReq') {
        this.#groupAnswers += 1;
        const { McGroupID, McAddr, McKey_encrypted } = command.fields;
        const { acceptsGroup } = this.habits;
        const accepts = acceptsGroup === 'second-time' ? this.#groupAnswers > 1 : acceptsGroup;
        if (accepts) {
          const kek = mcKEKeyOf({ scheme: 'ts005', rules: '1.0', rootKey: this.habits.genAppKey });
          this.#group = { mcAddr: McAddr, mcKey: decryptMcKey(kek, Uint8Array.from(McKey_encrypted)) };
        }
        answers.push({ name: 'McGroupSetupAns', fields: { McGroupID, IDerror: !accepts } });
      } else if (command.name === 'McGroupDeleteReq') {
        const { McGroupID } = command.fields;
        this.groupsDeleted.push(McGroupID);
        answers.push({ name: 'McGroupDeleteAns', fields: { McGroupID, McGroupUndefined: this.#group === undefined } });
        this.#group = undefined;
        this.#session = undefined;
      } else if (command.name === 'McClassCSessionReq') {
        const { McGroupID, SessionTime, TimeOut, DLFreq_Hz, DR } = command.fields;
        const toStartS = SessionTime - gpsSecondsU32(gpsFromUtc(utcMs(this.#now())));
        // Version 1 has no words for a start that is past.
        const isMissed = this.habits.version === 2 && toStartS < 0;
        const errors = isMissed ? (['StartMissed'] as const) : (this.habits.sessionErrors[this.#sessionAnswers] ?? []);
        this.#sessionAnswers += 1;
        if (errors.length === 0) {
          const from = steadyMs(this.#now() + toStartS * 1000);
          this.#session = { from, to: steadyMs(from + 2 ** TimeOut * 1000), frequencyHz: DLFreq_Hz, dataRate: DR };
        }
        answers.push({
          name: 'McClassCSessionAns',
          fields: {
            McGroupID,
            errors,
            ...(errors.length === 0 ? { TimeToStart: ((toStartS % 2 ** 24) + 2 ** 24) % 2 ** 24 } : {}),
          },
        });
      }
    }
    this.#answer(200, ts005.encode(this.habits.version, 'up', answers));
  }

  #answer(fPort: number, payload: Uint8Array): void {
    if (this.#answersLost < this.habits.losesAnswers) {
      this.#answersLost += 1;
      return;
    }
    after(this.#clock, 150, () => void this.#link.uplink(this.devEui, fPort, payload));
  }

  #beat(phase: number): void {
    after(this.#clock, this.habits.uplinkEveryS * 1000 * phase, () => {
      if (!this.#keepsSilent()) void this.beatOnce();
      this.#beat(1);
    });
  }

  /** Stacks that do not count as the specification says keep silent while a session lasts. */
  #keepsSilent(): boolean {
    const session = this.#session;
    const now = this.#now();
    return this.habits.status !== 'counts' && session !== undefined && now >= session.from && now < session.to;
  }

  #now(): SteadyMs {
    return steadyMs(this.#clock.now() + this.#offsetS * 1000);
  }
}
