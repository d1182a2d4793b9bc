import { mcKEKey, mcRootKey } from '@airlift/applayer';
import { type Clock, fromHex, type GpsMs, gpsFromUtc, type Rng, readLittleEndian, type UtcMs } from '@airlift/kernel';
import type { DataFrame, Region } from '@airlift/lorawan';
import type { DeviceBehaviour } from '../behaviour/device-behaviour.ts';
import type { FragmentDecoder } from '../fragments/fragment-decoder.ts';
import type { WordsCache } from '../fragments/words-cache.ts';
import type { FrameCache, OpenedFrame } from '../mac/frame-cache.ts';
import { Mac } from '../mac/mac.ts';
import type { DeviceIdentity, NonceStore } from '../mac/mac-parts.ts';
import { downlinkTuning } from '../mac/radio-settings.ts';
import type { UnicastDownlink } from '../mac/uplink.ts';
import { ClockSync } from '../packages/clock-sync.ts';
import { FirmwareManagement, type WaitingImage } from '../packages/firmware-management.ts';
import type { FragSession } from '../packages/frag-session.ts';
import { type BlockEnd, Fragmentation, type FrameOrigin } from '../packages/fragmentation.ts';
import { type McGroup, multicastFCnt } from '../packages/multicast-group.ts';
import { MulticastSetup } from '../packages/multicast-setup.ts';
import { PackageList } from '../packages/package-list.ts';
import type { AirFrame, Signal, Tuning } from '../radio/air-frame.ts';
import type { DeviceAntenna } from '../radio/radio.ts';
import type { DeviceMemory } from '../storage/device-memory.ts';
import type { ImageSink } from '../storage/image-sink.ts';
import { BlockKeeper } from './block-keeper.ts';
import { DeviceClock } from './device-clock.ts';
import type { DeviceHappening } from './device-events.ts';
import type { ResumeRecord } from './device-record.ts';
import { DeviceRoutine } from './device-routine.ts';
import { FragmentBacklog } from './fragment-backlog.ts';
import { PackageAnswers } from './package-answers.ts';

const MULTICAST_PORT = 200;
const FRAGMENTATION_PORT = 201;
const CLOCK_PORT = 202;
const FIRMWARE_PORT = 203;
const PACKAGES_PORT = 225;
/** Packages that do not heed what comes to a multicast address. */
const UNICAST_ONLY: readonly number[] = [CLOCK_PORT, FIRMWARE_PORT, PACKAGES_PORT];
const DATA_FRAGMENT_CID = 0x08;
const FCTRL_ADR_ACK_REQ = 0x40;

/** What a device keeps through every reset, as its packages use it. */
export interface LastingMemory {
  sessionCnt(fragIndex: number): number | undefined;
  setSessionCnt(fragIndex: number, sessionCnt: number): void;
  readonly firmwareVersion: number;
  readonly image: WaitingImage | null;
  setImage(image: WaitingImage | null): void;
}

/** What a device runs with. */
export interface RuntimeOptions {
  /** Its timers die with a reset. */
  readonly clock: Clock<UtcMs>;
  readonly rng: Rng;
  readonly region: Region;
  readonly subBand: number | undefined;
  readonly identity: DeviceIdentity;
  readonly behaviour: DeviceBehaviour;
  readonly driftPpm: number;
  readonly uplinkIntervalS: number;
  readonly antenna: DeviceAntenna;
  readonly cache: FrameCache;
  readonly words: WordsCache;
  readonly nonces: NonceStore;
  readonly lasting: LastingMemory;
  readonly sink: ImageSink;
  /** Keeps the fragments of the current block; undefined when the device forgets them anyway. */
  readonly fragmentMemory: DeviceMemory | undefined;
  happened(happening: DeviceHappening): void;
  /** Something changed that should survive a restart. */
  changed(): void;
  /** A fragment was heard. */
  heardFragment(n: number): void;
  /** Resets the device as soon as it has finished what it is at. */
  reboot(): void;
}

/** All that a device holds in RAM, from one reset to the next. */
export class DeviceRuntime {
  readonly #o: RuntimeOptions;
  readonly mac: Mac;
  readonly deviceClock: DeviceClock;
  readonly clockSync: ClockSync;
  readonly multicast: MulticastSetup;
  readonly fragmentation: Fragmentation;
  readonly keeper: BlockKeeper;
  readonly #firmware: FirmwareManagement;
  readonly #packages: PackageList;
  readonly #rootKey: Uint8Array;
  readonly #answers: PackageAnswers;
  readonly #routine: DeviceRoutine;
  readonly #backlog = new FragmentBacklog();
  #messages = 0;

  /** @param resume what an earlier runtime saved, to go on from there */
  constructor(options: RuntimeOptions, resume: ResumeRecord | undefined) {
    this.#o = options;
    const { clock, rng, region, identity, behaviour } = options;
    const gpsNow = gpsFromUtc(clock.now());
    this.#rootKey = behaviour.faults.wrongGenAppKey ? identity.genAppKey.map((octet) => ~octet) : identity.genAppKey;
    this.deviceClock = new DeviceClock(clock, {
      driftPpm: options.driftPpm,
      ...(resume === undefined ? {} : { startGpsMs: gpsNow + resume.clockAheadMs }),
    });
    this.mac = new Mac({
      clock,
      rng: rng.fork('mac'),
      region,
      subBand: options.subBand,
      identity,
      behaviour: behaviour.mac,
      antenna: options.antenna,
      cache: options.cache,
      nonces: options.nonces,
      user: {
        joined: () => this.#joined(),
        unicast: (downlink) => this.#unicast(downlink),
        otherAddress: (frame, octets) => this.#otherAddress(frame, octets),
        deviceTime: (time, uplinkEnd) => this.#deviceTime(time, uplinkEnd),
        changed: () => options.changed(),
      },
    });
    this.clockSync = new ClockSync(this.deviceClock, behaviour.clock);
    this.multicast = new MulticastSetup(
      {
        region,
        clock: this.deviceClock,
        keyEncryptionKey: mcKEKey(mcRootKey(this.#rootKey, '1.0')),
        lies: behaviour.faults.lies,
        knowsTime: () => this.clockSync.synchronised,
        startSession: (session) => this.#startSession(session.setting),
        sessionMissed: () => options.happened({ type: 'session-missed' }),
        endSession: () => this.#endSession(),
        changed: () => options.changed(),
      },
      behaviour.multicast,
    );
    this.#answers = new PackageAnswers(clock, rng.fork('answers'), this.mac, behaviour);
    this.keeper = new BlockKeeper({
      device: identity.devEui,
      clock,
      rng: rng.fork('checksum'),
      behaviour,
      sink: options.sink,
      send: (payload) => this.#sendChecksum(payload),
      finished: () => {
        if (behaviour.multicast.leavesWhenDone) this.multicast.leave();
      },
      happened: (happening) => options.happened(happening),
      imageKept: (session, isValid) => this.#keepImage(session, isValid),
    });
    this.fragmentation = this.#makeFragmentation();
    this.#firmware = this.#makeFirmware();
    this.#packages = new PackageList(behaviour, {
      1: (octets) => this.#executeClock(octets, false),
      2: (octets) => this.multicast.receive(octets),
      3: (octets) => this.fragmentation.receive(octets, { kind: 'unicast' }).octets,
      4: (octets) => this.#firmware.receive(octets),
    });
    this.#routine = new DeviceRoutine({
      clock,
      deviceClock: this.deviceClock,
      rng: rng.fork('routine'),
      mac: this.mac,
      answers: this.#answers,
      clockSync: this.clockSync,
      multicast: this.multicast,
      behaviour,
      uplinkIntervalS: options.uplinkIntervalS,
    });
    if (resume !== undefined) this.#resume(resume);
  }

  /** Multicast messages received since the reset. */
  get messages(): number {
    return this.#messages;
  }

  /** As `DeviceReceiver.tunedDuring`. */
  tunedDuring(startMs: UtcMs, endMs: UtcMs): Tuning | undefined {
    return this.mac.tunedDuring(startMs, endMs);
  }

  /** As `DeviceReceiver.hear`. */
  hear(frame: AirFrame, signal: Signal): void {
    const before = this.#o.cache.firstOpened(frame.octets);
    if (before !== undefined && this.#backlog.takes(before)) return;
    this.catchUp();
    this.mac.hear(frame, signal);
    this.#putOff(this.#o.cache.firstOpened(frame.octets));
  }

  /** Deals with the fragments that were put off. To be called before anything else happens to the device. */
  catchUp(): void {
    this.#backlog.empty(({ frame, octets }) => this.#otherAddress(frame, octets));
  }

  /** What lets another runtime go on from here; undefined before a join. */
  save(): ResumeRecord | undefined {
    this.catchUp();
    const mac = this.mac.save();
    if (mac === undefined) return undefined;
    return {
      mac,
      ...this.multicast.save(),
      fragSessions: this.fragmentation.sessions,
      clockAheadMs: this.deviceClock.now() - gpsFromUtc(this.#o.clock.now()),
      clockSynchronised: this.clockSync.synchronised,
    };
  }

  /** Further fragments like this frame may be put off, unless something in the device looks at every one. */
  #putOff(opened: OpenedFrame | undefined): void {
    if (opened === undefined || opened.frame.devAddr === this.mac.devAddr) return;
    const looksAtAll = this.#o.fragmentMemory !== undefined || this.#o.behaviour.faults.rebootAtFragment !== null;
    this.#backlog.allow(opened.group, looksAtAll || !this.mac.joined ? undefined : this.fragmentation.unseen());
  }

  #makeFragmentation(): Fragmentation {
    const { behaviour, words, fragmentMemory, happened, changed, lasting } = this.#o;
    const { keepsSessionCnt } = behaviour.fragmentation;
    const forgotten = new Map<number, number>();
    return new Fragmentation(
      {
        rng: this.#o.rng.fork('fragmentation'),
        words,
        faults: behaviour.faults,
        rootKey: this.#rootKey,
        lastSessionCnt: (fragIndex) => (keepsSessionCnt ? lasting.sessionCnt(fragIndex) : forgotten.get(fragIndex)),
        sessionCntUsed: (fragIndex, sessionCnt) => {
          if (keepsSessionCnt) lasting.setSessionCnt(fragIndex, sessionCnt);
          else forgotten.set(fragIndex, sessionCnt);
        },
        sessionSetUp: ({ fragments, fragmentSize }) => {
          fragmentMemory?.clearFragments();
          this.keeper.begin();
          happened({ type: 'fragmentation-set-up', fragments, fragmentSize });
          changed();
        },
        sessionDeleted: () => {
          this.keeper.abandon();
          changed();
        },
        fragment: (n, octets) => {
          fragmentMemory?.appendFragment(n, octets());
          this.#o.heardFragment(n);
        },
        blockEnded: (session, padded, decoder, end) => {
          happened(eventOf(end, decoder));
          this.keeper.ended(session, padded, decoder, end);
          // Whoever stores the image has its octets; a large fleet need not hold them twice.
          decoder.release();
          changed();
        },
        checksumAnswered: (match) => this.keeper.checksumAnswered(match),
        receptionAcknowledged: (fragIndex) => this.keeper.receptionAcknowledged(fragIndex),
      },
      behaviour.fragmentation,
    );
  }

  #makeFirmware(): FirmwareManagement {
    const { behaviour, lasting, reboot } = this.#o;
    return new FirmwareManagement({
      clock: this.deviceClock,
      hardwareVersion: behaviour.firmware.hardwareVersion,
      version: () => lasting.firmwareVersion,
      image: () => lasting.image,
      deleteImage: () => lasting.setImage(null),
      knowsTime: () => this.clockSync.synchronised,
      reboot,
    });
  }

  #keepImage(session: FragSession, isValid: boolean): void {
    const { behaviour, lasting } = this.#o;
    if (!behaviour.firmware.managed) return;
    const described = readLittleEndian(fromHex(session.descriptor), 0, 4);
    const isNamed = behaviour.firmware.imageVersion === 'descriptor' && described !== 0;
    lasting.setImage({ version: isNamed ? described : lasting.firmwareVersion + 1, status: isValid ? 3 : 1 });
  }

  #resume(resume: ResumeRecord): void {
    this.mac.restore(resume.mac);
    this.clockSync.resume(resume.clockSynchronised);
    this.fragmentation.restore(resume.fragSessions, this.#o.fragmentMemory?.fragments() ?? []);
    if (resume.fragSessions.some(({ done }) => !done)) this.keeper.begin();
    this.multicast.restore(resume);
    this.#routine.start();
  }

  #joined(): void {
    this.#o.happened({ type: 'joined', devAddr: this.mac.devAddr ?? 0 });
    this.#routine.start();
  }

  #deviceTime(time: GpsMs, uplinkEnd: UtcMs): void {
    this.clockSync.deviceTime(time, this.#o.clock.now() - uplinkEnd);
    this.multicast.clockSet();
    this.#o.happened({ type: 'clock-set' });
  }

  #unicast({ fPort, payload, deviceTimeAnswered }: UnicastDownlink): void {
    switch (fPort) {
      case MULTICAST_PORT:
        this.#multicastCommands(payload);
        break;
      case FRAGMENTATION_PORT:
        this.#fragmentationCommands(payload, { kind: 'unicast' });
        break;
      case CLOCK_PORT:
        this.#answers.answer(CLOCK_PORT, this.#executeClock(payload, deviceTimeAnswered));
        break;
      case FIRMWARE_PORT:
        if (this.#o.behaviour.firmware.managed) this.#answers.answer(FIRMWARE_PORT, this.#firmware.receive(payload));
        break;
      case PACKAGES_PORT:
        if (!this.#o.behaviour.firmware.listsPackages) break;
        this.#answers.answer(PACKAGES_PORT, this.#packages.receive(payload));
        break;
      default:
        this.#o.happened({ type: 'message', fPort, payload, multicast: false });
    }
  }

  #executeClock(payload: Uint8Array, deviceTimeAnswered: boolean): Uint8Array {
    const wasSynchronised = this.clockSync.synchronised;
    const answers = this.clockSync.receive(payload, deviceTimeAnswered);
    this.multicast.clockSet();
    if (this.clockSync.synchronised && !wasSynchronised) this.#o.happened({ type: 'clock-set' });
    if (this.clockSync.wantsTime) this.#routine.askSoon();
    return answers;
  }

  #multicastCommands(payload: Uint8Array): void {
    if (this.#o.behaviour.faults.silentInSetup) return;
    this.#answers.answer(MULTICAST_PORT, this.multicast.receive(payload));
  }

  #fragmentationCommands(payload: Uint8Array, origin: FrameOrigin): void {
    if (this.#o.behaviour.faults.silentInSetup && payload[0] !== DATA_FRAGMENT_CID) return;
    const { octets, delayMs } = this.fragmentation.receive(payload, origin);
    this.#answers.answer(FRAGMENTATION_PORT, octets, delayMs);
  }

  #otherAddress(frame: DataFrame, octets: Uint8Array): void {
    const group = this.multicast.groupAt(frame.devAddr);
    if (group === undefined || ((octets[5] ?? 0) & FCTRL_ADR_ACK_REQ) !== 0) return;
    const fCnt = multicastFCnt(group, frame.fCnt16, this.#o.behaviour.multicast);
    if (fCnt === undefined) return;
    const payload = this.#o.cache.openMulticast(frame, octets, group.keys, fCnt);
    if (payload === undefined || frame.fPort === undefined) return;
    group.lastFCnt = fCnt;
    this.#multicastFrame(group, frame.fPort, payload, fCnt);
  }

  #multicastFrame(group: McGroup, fPort: number, payload: Uint8Array, fCnt: number): void {
    if (fPort === FRAGMENTATION_PORT) {
      this.#fragmentationCommands(payload, { kind: 'multicast', groupId: group.id });
    } else if (fPort === MULTICAST_PORT) {
      if (this.#o.behaviour.multicast.executesMulticastCommands) this.#multicastCommands(payload);
    } else if (!UNICAST_ONLY.includes(fPort)) {
      this.#messages += 1;
      this.#o.sink.message({
        device: this.#o.identity.devEui,
        mcAddr: group.mcAddr,
        fPort,
        payload,
        fCnt,
        receivedAt: this.#o.clock.now(),
      });
      this.#o.happened({ type: 'message', fPort, payload, multicast: true });
    }
  }

  #startSession(setting: { readonly frequencyHz: number; readonly dataRate: number }): boolean {
    if (this.mac.busy) return false;
    this.mac.listenForMulticast(downlinkTuning(this.#o.region, setting));
    this.#routine.sessionChanged(true);
    this.#o.happened({ type: 'session-started', ...setting });
    return true;
  }

  #endSession(): void {
    this.mac.listenForMulticast(undefined);
    this.#routine.sessionChanged(false);
    this.#o.happened({ type: 'session-ended' });
  }

  #sendChecksum(payload: Uint8Array): void {
    this.#answers.note(payload);
    this.mac.send({ fPort: FRAGMENTATION_PORT, payload }, 0);
  }
}

function eventOf(end: BlockEnd, decoder: FragmentDecoder): DeviceHappening {
  switch (end) {
    case 'decoded':
      return { type: 'block-complete', parityUsed: decoder.parityUsed, lost: decoder.plainLost };
    case 'wrong':
      return { type: 'block-wrong' };
    case 'mic-error':
      return { type: 'block-refused' };
    case 'given-up':
      return { type: 'block-given-up' };
  }
}
