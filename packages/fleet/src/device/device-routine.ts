import { type Clock, type Rng, type Timer, type UtcMs, utcMs } from '@airlift/kernel';
import type { DeviceBehaviour } from '../behaviour/device-behaviour.ts';
import type { Mac } from '../mac/mac.ts';
import type { ClockSync } from '../packages/clock-sync.ts';
import type { MulticastSetup } from '../packages/multicast-setup.ts';
import { type DeviceClock, signed } from './device-clock.ts';
import type { PackageAnswers } from './package-answers.ts';

const CLOCK_PORT = 202;
const APPLICATION_PORT = 2;
const JITTER = 0.1;
const IDLE_LOOK_S = 600;

/** What a device does of itself. */
export interface RoutineParts {
  readonly clock: Clock<UtcMs>;
  readonly deviceClock: DeviceClock;
  readonly rng: Rng;
  readonly mac: Mac;
  readonly answers: PackageAnswers;
  readonly clockSync: ClockSync;
  readonly multicast: MulticastSetup;
  readonly behaviour: DeviceBehaviour;
  /** Seconds between application uplinks; 0 for none. */
  readonly uplinkIntervalS: number;
}

/** The device's own initiative: application uplinks now and then, and questions for the time. */
export class DeviceRoutine {
  readonly #p: RoutineParts;
  #applicationTimer: Timer | undefined;
  #clockTimer: Timer | undefined;
  #sessionTimer: Timer | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #reports = 0;

  constructor(parts: RoutineParts) {
    this.#p = parts;
  }

  /** Begins, or begins anew after a join. */
  start(): void {
    const { rng, uplinkIntervalS } = this.#p;
    this.askSoon();
    this.#applicationTimer?.cancel();
    if (uplinkIntervalS > 0) this.#reportIn(rng.unit() * uplinkIntervalS * 1000);
  }

  /** Asks for the time in a moment, if there is need. */
  askSoon(): void {
    this.#askIn(this.#p.rng.between(1000, 4000));
  }

  /** A multicast session has begun or ended. */
  sessionChanged(isOpen: boolean): void {
    this.#sessionTimer?.cancel();
    const { sessionUplinkIntervalS } = this.#p.behaviour.faults;
    if (isOpen && sessionUplinkIntervalS !== null) this.#disturbIn(sessionUplinkIntervalS * 1000);
  }

  #reportIn(delayMs: number): void {
    this.#applicationTimer = this.#after(delayMs, () => {
      if (!this.#isQuiet()) this.#report();
      this.#reportIn(this.#p.uplinkIntervalS * 1000 * this.#p.rng.between(1 - JITTER, 1 + JITTER));
    });
  }

  #disturbIn(delayMs: number): void {
    this.#sessionTimer = this.#after(delayMs, () => {
      this.#report();
      this.#disturbIn(delayMs);
    });
  }

  /** A counter and a temperature: something a server can show. */
  #report(): void {
    const { answers, mac, rng } = this.#p;
    if (!mac.joined || mac.busy) return;
    this.#reports += 1;
    const tenths = 180 + rng.below(60);
    const payload = Uint8Array.of((this.#reports >> 8) & 255, this.#reports & 255, tenths >> 8, tenths & 255);
    answers.note(payload);
    mac.send({ fPort: APPLICATION_PORT, payload }, 0);
  }

  #askIn(delayMs: number): void {
    this.#clockTimer?.cancel();
    this.#clockTimer = this.#after(delayMs, () => {
      this.#askIfNeeded();
      this.#askIn(this.#nextLookS() * 1000 * this.#p.rng.between(1 - JITTER, 1 + JITTER));
    });
  }

  /** A clock that is right is looked after seldom: most devices of a large fleet do nothing else. */
  #nextLookS(): number {
    const { behaviour, clockSync } = this.#p;
    const { retryS } = behaviour.clock;
    return clockSync.wantsTime ? retryS : Math.max(retryS, Math.min(clockSync.resyncS ?? IDLE_LOOK_S, IDLE_LOOK_S));
  }

  #askIfNeeded(): void {
    const { clock, clockSync, mac, answers } = this.#p;
    const { resyncS } = clockSync;
    if (resyncS !== null && clock.now() - this.#askedAtMs > resyncS * 1000) clockSync.force(1);
    if (!clockSync.wantsTime || !mac.joined || mac.busy || this.#isQuiet()) return;
    this.#askedAtMs = clock.now();
    mac.send(
      {
        fPort: CLOCK_PORT,
        payload: () => {
          const request = clockSync.request();
          answers.note(request);
          return request;
        },
        ...(clockSync.asksDeviceTime ? { requests: [{ name: 'DeviceTimeReq', fields: {} }] } : {}),
        adr: false,
      },
      0,
    );
  }

  /** No uplink of its own during a session, nor just before one it knows of. */
  #isQuiet(): boolean {
    const { multicast, deviceClock, behaviour } = this.#p;
    if (multicast.openSession !== undefined) return true;
    const waiting = multicast.waitingSession;
    if (waiting === undefined) return false;
    const inS = signed(waiting.sessionTime - deviceClock.seconds());
    return inS >= 0 && inS <= behaviour.multicast.quietBeforeS;
  }

  #after(delayMs: number, fire: () => void): Timer {
    return this.#p.clock.setTimer(utcMs(this.#p.clock.now() + delayMs), fire);
  }
}
