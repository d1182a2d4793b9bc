import { createHash } from 'node:crypto';
import { type Clock, type Eui64, type Rng, type Timer, type UtcMs, utcMs } from '@airlift/kernel';
import type { Region } from '@airlift/lorawan';
import type { DeviceBehaviour } from '../behaviour/device-behaviour.ts';
import { isWithin } from '../behaviour/faults.ts';
import type { WordsCache } from '../fragments/words-cache.ts';
import type { FrameCache } from '../mac/frame-cache.ts';
import type { DeviceIdentity, NonceStore } from '../mac/mac-parts.ts';
import type { DeviceAntenna, Radio } from '../radio/radio.ts';
import { ScopedClock } from '../scoped-clock.ts';
import type { DeviceMemory } from '../storage/device-memory.ts';
import type { ImageSink } from '../storage/image-sink.ts';
import type { DeviceEvent, DeviceHappening, DeviceSnapshot, DeviceStage, HeldBlock } from './device-events.ts';
import {
  type DeviceRecord,
  fingerprintOf,
  type LastingRecord,
  type ResumeRecord,
  readRecord,
} from './device-record.ts';
import { DeviceRuntime, type LastingMemory } from './device-runtime.ts';

/** What a device is made of. */
export interface VirtualDeviceOptions {
  readonly name: string;
  readonly identity: DeviceIdentity;
  readonly clock: Clock<UtcMs>;
  readonly rng: Rng;
  readonly radio: Radio;
  readonly region: Region;
  /** Fixed plans: the sub-band to start in; undefined for all channels. */
  readonly subBand?: number;
  readonly behaviour: DeviceBehaviour;
  /** Seconds between application uplinks; 0 for none. */
  readonly uplinkIntervalS: number;
  readonly sink: ImageSink;
  readonly memory: DeviceMemory;
  /** Whether the memory keeps session, groups and fragments too, so that a restarted program goes on where it stopped. */
  readonly resumes: boolean;
  /** What it goes on from when it is first switched on: a device that joined before the world began. */
  readonly beginsWith?: ResumeRecord;
  /** Shared by the devices of a fleet. */
  readonly cache: FrameCache;
  readonly words: WordsCache;
  readonly onEvent?: (event: DeviceEvent) => void;
}

/** Saves are put off this long, so that a burst of changes is written once. */
const SAVE_DELAY_MS = 200;
const REBOOT_MS = 2_000;

/** An end device. All it knows of the network it has learned from frames. */
export class VirtualDevice {
  readonly name: string;
  readonly devEui: Eui64;
  readonly identity: DeviceIdentity;
  readonly behaviour: DeviceBehaviour;
  readonly #o: VirtualDeviceOptions;
  readonly #driftPpm: number;
  readonly #fingerprint: string;
  readonly #antenna: DeviceAntenna;
  /** Timers that survive a reset of the device, and end with it. */
  readonly #clock: ScopedClock;
  #ram: ScopedClock;
  #runtime: DeviceRuntime | undefined;
  #record: DeviceRecord;
  #boots = 0;
  #uplinks = 0;
  #stored: HeldBlock | undefined;
  #startedAtMs: UtcMs | undefined;
  #hasRebootedAtFragment = false;
  #saveTimer: Timer | undefined;

  constructor(options: VirtualDeviceOptions) {
    this.#o = options;
    this.name = options.name;
    this.identity = options.identity;
    this.devEui = options.identity.devEui;
    this.behaviour = options.behaviour;
    const { driftPpm } = options.behaviour.clock;
    this.#driftPpm = options.rng.fork('drift').between(-driftPpm, driftPpm);
    this.#clock = new ScopedClock(options.clock);
    this.#ram = new ScopedClock(options.clock);
    this.#fingerprint = fingerprintOf(options.identity, options.region.name);
    this.#record = readRecord(options.memory.load(), this.#fingerprint);
    const antenna = options.radio.attachDevice({
      eui: this.devEui,
      tunedDuring: (startMs, endMs) => this.#runtime?.tunedDuring(startMs, endMs),
      hear: (frame, signal) => this.#runtime?.hear(frame, signal),
      ...(mayBeCutOff(options.behaviour) ? { isCutOff: (direction: 'up' | 'down') => this.#isCutOff(direction) } : {}),
      announces: true,
    });
    this.#antenna = {
      ...antenna,
      send: (transmission) => {
        this.#uplinks += 1;
        return antenna.send(transmission);
      },
    };
  }

  /** Switches the device on after a delay: it joins, or goes on where it stopped. */
  start(delayMs: number): void {
    const { rebootAtS, bootsLateS } = this.behaviour.faults;
    this.#startedAtMs = this.#clock.now();
    const bootsAtMs = this.#clock.now() + delayMs + bootsLateS * 1000;
    this.#clock.setTimer(utcMs(bootsAtMs), () => this.#boot());
    if (rebootAtS !== null) this.#clock.setTimer(utcMs(bootsAtMs + rebootAtS * 1000), () => this.reboot());
  }

  /** A reset that loses everything but nonces and versions, also from a memory that keeps more. */
  reboot(): void {
    this.#ram.cancelAll();
    this.#saveTimer = undefined;
    this.#runtime = undefined;
    this.#antenna.listen(undefined);
    this.#record = withoutResume(this.#record);
    this.#install();
    this.#o.memory.save(this.#record);
    this.#o.memory.clearFragments();
    this.#clock.setTimer(utcMs(this.#clock.now() + REBOOT_MS), () => this.#boot());
  }

  /** Switches the device off; what its memory keeps is written. */
  stop(): void {
    if (this.#runtime !== undefined) this.#save();
    this.#clock.cancelAll();
    this.#ram.cancelAll();
    this.#antenna.detach();
    this.#runtime = undefined;
  }

  /**
   * The octets it holds of its latest block, or of the last image stored when it has been told of none since; undefined
   * when it never held anything. Not cheap while the block is incomplete.
   */
  held(): HeldBlock | undefined {
    const runtime = this.#runtime;
    runtime?.catchUp();
    const session = runtime?.fragmentation.sessions.at(-1);
    const decoder = runtime?.fragmentation.decoder;
    if (runtime?.keeper.held !== undefined) return runtime.keeper.held;
    if (session === undefined || decoder === undefined || session.done) {
      return this.#stored === undefined ? undefined : { ...this.#stored };
    }
    const padded = decoder.block();
    const block = padded.subarray(0, Math.max(0, padded.length - session.padding));
    const sha256 = createHash('sha256').update(block).digest('hex');
    return { sha256, size: block.length, complete: decoder.complete };
  }

  /** How the device is doing. */
  snapshot(): DeviceSnapshot {
    const runtime = this.#runtime;
    runtime?.catchUp();
    const decoder = runtime?.fragmentation.decoder;
    const stored = this.#stored;
    return {
      deveui: this.devEui,
      name: this.name,
      joined: runtime?.mac.joined ?? false,
      state: this.#stage(),
      devAddr: runtime?.mac.devAddr ?? null,
      clockSynchronised: runtime?.clockSync.synchronised ?? false,
      clockSeconds: runtime?.deviceClock.seconds() ?? 0,
      inSession: runtime?.multicast.openSession !== undefined,
      expected: decoder?.shape.fragments ?? 0,
      heard: decoder?.heard ?? 0,
      missing: decoder?.missing ?? 0,
      parityUsed: decoder?.parityUsed ?? 0,
      complete: decoder?.complete ?? false,
      sha256: stored?.sha256 ?? null,
      size: stored?.size ?? null,
      images: runtime?.keeper.storedCount ?? 0,
      messages: runtime?.messages ?? 0,
      uplinks: this.#uplinks,
      firmwareVersion: this.#firmwareVersion,
      waitingImage: this.#record.lasting?.image ?? null,
    };
  }

  #stage(): DeviceStage {
    const runtime = this.#runtime;
    if (runtime === undefined) return 'off';
    if (!runtime.mac.joined) return 'joining';
    const { stage } = runtime.keeper;
    return stage === 'none' ? 'idle' : stage;
  }

  #boot(): void {
    this.#boots += 1;
    this.#ram = new ScopedClock(this.#o.clock, () => this.#runtime?.catchUp());
    const kept = this.#o.resumes ? this.#record.resume : undefined;
    const resume = kept ?? (this.#boots === 1 ? this.#o.beginsWith : undefined);
    const runtime = new DeviceRuntime(
      {
        clock: this.#ram,
        rng: this.#o.rng.fork(`boot/${this.#boots}`),
        region: this.#o.region,
        subBand: this.#o.subBand,
        identity: this.identity,
        behaviour: this.behaviour,
        driftPpm: this.#driftPpm,
        uplinkIntervalS: this.#o.uplinkIntervalS,
        antenna: this.#antenna,
        cache: this.#o.cache,
        words: this.#o.words,
        nonces: this.#nonces(),
        lasting: this.#lasting(),
        sink: this.#o.sink,
        fragmentMemory: this.#o.resumes ? this.#o.memory : undefined,
        happened: (happening) => this.#happened(happening),
        changed: () => this.#saveSoon(),
        heardFragment: (n) => this.#heardFragment(n),
        reboot: () => this.#rebootSoon(),
      },
      resume,
    );
    this.#runtime = runtime;
    this.#happened({ type: 'booted', resumed: resume !== undefined });
    if (resume === undefined) runtime.mac.join();
  }

  get #firmwareVersion(): number {
    return this.#record.lasting?.firmwareVersion ?? this.behaviour.firmware.version;
  }

  #isCutOff(direction: 'up' | 'down'): boolean {
    const { outOfReach, unheard } = this.behaviour.faults;
    const sinceMs = this.#clock.now() - (this.#startedAtMs ?? this.#clock.now());
    return isWithin(outOfReach, sinceMs) || (direction === 'up' && isWithin(unheard, sinceMs));
  }

  #heardFragment(n: number): void {
    const { rebootAtFragment } = this.behaviour.faults;
    if (rebootAtFragment === null || n < rebootAtFragment || this.#hasRebootedAtFragment) return;
    this.#hasRebootedAtFragment = true;
    this.#rebootSoon();
  }

  /** Not from within: what is under way would go on with a memory that is gone. */
  #rebootSoon(): void {
    this.#clock.setTimer(this.#clock.now(), () => this.reboot());
  }

  /** The boot loader: a valid image that waits becomes the firmware that runs. */
  #install(): void {
    const image = this.#record.lasting?.image ?? null;
    if (image?.status !== 3) return;
    this.#note({ firmwareVersion: image.version, image: null });
    this.#happened({ type: 'firmware-installed', version: image.version });
  }

  #note(changes: LastingRecord): void {
    const fingerprint = this.#fingerprint;
    this.#record = { ...this.#record, fingerprint, lasting: { ...this.#record.lasting, ...changes } };
    this.#o.memory.save(this.#record);
  }

  #lasting(): LastingMemory {
    const lasting = (): LastingRecord => this.#record.lasting ?? {};
    const version = (): number => this.#firmwareVersion;
    return {
      sessionCnt: (fragIndex) => lasting().sessionCnts?.[fragIndex],
      setSessionCnt: (fragIndex, sessionCnt) =>
        this.#note({ sessionCnts: { ...lasting().sessionCnts, [fragIndex]: sessionCnt } }),
      get firmwareVersion() {
        return version();
      },
      get image() {
        return lasting().image ?? null;
      },
      setImage: (image) => this.#note({ image }),
    };
  }

  #nonces(): NonceStore {
    const record = (): DeviceRecord => this.#record;
    const replace = (changes: Partial<DeviceRecord>): void => {
      this.#record = { ...this.#record, ...changes };
      this.#o.memory.save(this.#record);
    };
    return {
      nextDevNonce: () => {
        const devNonce = (record().devNonce + 1) % 0x10000;
        // The session that is given up for this join must not come back after a restart.
        this.#record = withoutResume(this.#record);
        replace({ devNonce });
        return devNonce;
      },
      get lastJoinNonce() {
        return record().joinNonce;
      },
      setLastJoinNonce: (joinNonce) => replace({ joinNonce }),
    };
  }

  #saveSoon(): void {
    if (!this.#o.resumes || this.#saveTimer !== undefined) return;
    this.#saveTimer = this.#ram.setTimer(utcMs(this.#ram.now() + SAVE_DELAY_MS), () => this.#save());
  }

  #save(): void {
    this.#saveTimer?.cancel();
    this.#saveTimer = undefined;
    if (!this.#o.resumes) return;
    const resume = this.#runtime?.save();
    const fingerprint = this.#fingerprint;
    this.#record = { ...withoutResume(this.#record), ...(resume === undefined ? {} : { fingerprint, resume }) };
    this.#o.memory.save(this.#record);
  }

  #happened(happening: DeviceHappening): void {
    if (happening.type === 'image-stored') {
      const { sha256, size } = happening;
      this.#stored = { sha256, size, complete: this.#runtime?.fragmentation.decoder?.complete ?? false };
    }
    this.#o.onEvent?.({ ...happening, device: this.devEui, at: this.#o.clock.now() });
  }
}

function withoutResume({ resume: _, ...rest }: DeviceRecord): DeviceRecord {
  return rest;
}

function mayBeCutOff({ faults }: DeviceBehaviour): boolean {
  return faults.outOfReach !== null || faults.unheard !== null;
}
