import { type GpsMs, type Rng, type Timer, type UtcMs, utcMs } from '@airlift/kernel';
import {
  adrDataRates,
  buildJoinRequest,
  type DataFrame,
  decodeMacCommands,
  type EncryptedJoinAccept,
  JOIN_RX1_DELAY_S,
  openDataFrame,
  openJoinAccept,
  reconstructFCnt,
} from '@airlift/lorawan';
import type { AirFrame, Signal, Tuning } from '../radio/air-frame.ts';
import { backOff, isGivenUp } from './adr-backoff.ts';
import { AirtimeBudget } from './airtime-budget.ts';
import { type ChannelChoice, ChannelPlan } from './channel-plan.ts';
import { composeUplink } from './compose-uplink.ts';
import { type DeviceSession, restoreSession, saveSession } from './device-session.ts';
import { executeMacCommands } from './mac-commands.ts';
import type { MacOptions, SavedMac } from './mac-parts.ts';
import { newSession, readCfList } from './new-session.ts';
import { downlinkTuning, uplinkAirtimeMs, uplinkTuning, windowsAfter } from './radio-settings.ts';
import { ReceiverSchedule, type ReceiveWindow } from './receive-windows.ts';
import type { Uplink } from './uplink.ts';
import { UplinkCycle } from './uplink-cycle.ts';

/** How often a session is saved: a restart skips at most as many counters. */
const SAVE_EVERY_UPLINKS = 16;
const OUTBOX_LIMIT = 8;
const JOIN_BACK_OFF_MS = 8_000;
const LONGEST_JOIN_BACK_OFF_MS = 300_000;
const CLASS_C_CONFIRMED_TRANSMISSIONS = 8;

/** LoRaWAN 1.0.x of an end device: join, frames in both directions, MAC commands, receive windows. */
export class Mac {
  readonly #o: MacOptions;
  readonly #plan: ChannelPlan;
  readonly #schedule = new ReceiverSchedule();
  readonly #cycle: UplinkCycle;
  readonly #budget: AirtimeBudget;
  #session: DeviceSession | undefined;
  #joining: { readonly devNonce: number } | undefined;
  #joinAttempts = 0;
  #asked: ReadonlySet<string> = new Set();
  #outbox: Uplink[] = [];
  #repeatTimer: Timer | undefined;
  #wantsUplink = false;
  #multicastTuning: Tuning | undefined;
  #refused = 0;

  constructor(options: MacOptions) {
    this.#o = options;
    this.#plan = new ChannelPlan(options.region, options.subBand);
    this.#cycle = new UplinkCycle(options.clock, options.antenna, this.#schedule);
    this.#budget = new AirtimeBudget(options.behaviour.airtimePerHourMs);
  }

  get joined(): boolean {
    return this.#session !== undefined;
  }

  /** Whether an uplink is open: class and channel cannot be changed now. */
  get busy(): boolean {
    return this.#cycle.open || this.#repeatTimer !== undefined;
  }

  /** Counter of the next uplink; 0 before the first. */
  get fCntUp(): number {
    return this.#session?.fCntUp ?? 0;
  }

  get devAddr(): number | undefined {
    return this.#session?.devAddr;
  }

  /** Uplinks that were not sent: busy, no airtime left, or too long for the data rate. */
  get refused(): number {
    return this.#refused;
  }

  /** As `DeviceReceiver.tunedDuring`. */
  tunedDuring(startMs: UtcMs, endMs: UtcMs): Tuning | undefined {
    return this.#schedule.tunedDuring(startMs, endMs);
  }

  /** As `DeviceReceiver.hear`. */
  hear(frame: AirFrame, signal: Signal): void {
    const parsed = this.#o.cache.parse(frame.octets);
    if (parsed === undefined) return;
    const window = this.#schedule.windowAt(frame.startMs);
    if (parsed.type === 'join-accept') {
      if (this.#joining !== undefined && window !== undefined) this.#acceptJoin(parsed, this.#joining.devNonce);
    } else if (parsed.type === 'data' && parsed.direction === 'down' && this.#session !== undefined) {
      if (parsed.devAddr === this.#session.devAddr) this.#acceptUnicast(this.#session, parsed, window, signal);
      else this.#o.user.otherAddress(parsed, frame.octets);
    }
  }

  /** Sends join-requests until one is answered. */
  join(): void {
    const { identity, nonces, rng, region, clock } = this.#o;
    const devNonce = nonces.nextDevNonce();
    this.#session = undefined;
    this.#outbox = [];
    this.#stopRepeating();
    this.#schedule.unlisten(clock.now());
    this.#o.antenna.listen(undefined);
    this.#joining = { devNonce };
    this.#joinAttempts += 1;
    const octets = buildJoinRequest({ ...identity, devNonce, rootKey: identity.appKey });
    const choice = this.#plan.joinChoice(rng, this.#joinAttempts - 1);
    const windows = { rx1DelayS: JOIN_RX1_DELAY_S, rx1DrOffset: 0, rx2: region.rx2, downlinkDwell: false };
    this.#transmit(octets, choice, windows, () => this.#joinFailed());
  }

  /**
   * Sends something after a delay. While another uplink is open it waits its turn or is lost, as the behaviour says; it is
   * also lost when there is no session or no airtime left, or when it is too long.
   */
  send(uplink: Uplink, delayMs: number): void {
    this.#after(delayMs, () => this.#attempt(uplink));
  }

  /** Listens for multicast on one channel; undefined ends it. */
  listenForMulticast(tuning: Tuning | undefined): void {
    this.#multicastTuning = tuning;
    this.#listen();
  }

  /** Undefined before a join. */
  save(): SavedMac | undefined {
    if (this.#session === undefined) return undefined;
    return { session: saveSession(this.#session, SAVE_EVERY_UPLINKS), plan: this.#plan.save() };
  }

  restore(saved: SavedMac): void {
    this.#plan.restore(saved.plan);
    this.#session = restoreSession(saved.session);
    this.#listen();
  }

  #acceptJoin(frame: EncryptedJoinAccept, devNonce: number): void {
    const { identity, nonces, region, behaviour } = this.#o;
    const accept = openJoinAccept(frame, { key: identity.appKey });
    // The counter of the last answer is 0 at first, so that an answer with 0 looks like a repetition.
    if (accept === undefined || accept.joinNonce === nonces.lastJoinNonce) return;
    this.#cycle.finish();
    this.#joining = undefined;
    this.#joinAttempts = 0;
    nonces.setLastJoinNonce(accept.joinNonce);
    this.#plan.reset();
    const channels = accept.cfList === undefined ? undefined : readCfList(accept.cfList);
    if (channels !== undefined) this.#plan.applyCfList(channels);
    this.#session = newSession(accept, devNonce, identity.appKey, {
      region,
      dataRate: behaviour.dataRate === 'fastest' ? adrDataRates(region).max : behaviour.dataRate,
    });
    this.#listen();
    this.#o.user.changed();
    this.#o.user.joined();
  }

  #joinFailed(): void {
    const patience = Math.min(JOIN_BACK_OFF_MS * 1.5 ** (this.#joinAttempts - 1), LONGEST_JOIN_BACK_OFF_MS);
    this.#after(patience * this.#o.rng.between(0.5, 1.5), () => this.join());
  }

  #attempt(uplink: Uplink): void {
    if (this.#session === undefined) return;
    if (!this.busy) this.#transmitNew(this.#session, uplink);
    else if (this.#o.behaviour.queuesWhileBusy && this.#outbox.length < OUTBOX_LIMIT) this.#outbox.push(uplink);
    else this.#refused += 1;
  }

  #transmitNew(session: DeviceSession, uplink: Uplink): void {
    const { region, behaviour, rng, user } = this.#o;
    if (behaviour.adr) backOff(session, region, this.#plan);
    if (behaviour.adr && isGivenUp(session)) {
      this.join();
      return;
    }
    const choice = this.#choose(session, rng);
    const confirmed = behaviour.deviceClass === 'C' && !session.heardDownlink;
    const composed = composeUplink(session, uplink, region, {
      adr: behaviour.adr,
      confirmed,
      dataRate: choice.dataRate,
      mayTransmit: (phyOctets) => this.#budget.allows(this.#now(), uplinkAirtimeMs(region, choice.dataRate, phyOctets)),
    });
    if (composed === undefined) {
      this.#refused += 1;
      this.#next();
      return;
    }
    this.#wantsUplink = false;
    this.#asked = composed.asked;
    if (composed.leftPayload) this.#outbox.unshift(uplink);
    if (session.fCntUp % SAVE_EVERY_UPLINKS === 0) user.changed();
    const transmissions = composed.confirmed
      ? Math.max(session.nbTrans, CLASS_C_CONFIRMED_TRANSMISSIONS)
      : session.nbTrans;
    this.#transmitData(session, composed.octets, choice, transmissions);
  }

  #transmitData(session: DeviceSession, octets: Uint8Array, choice: ChannelChoice, transmissions: number): void {
    this.#stopRepeating();
    this.#transmit(octets, choice, session, () => {
      if (transmissions <= 1) {
        this.#next();
        return;
      }
      this.#repeatTimer = this.#after(this.#o.rng.between(1000, 3000), () => {
        this.#transmitData(session, octets, this.#choose(session, this.#o.rng), transmissions - 1);
      });
    });
  }

  #transmit(
    octets: Uint8Array,
    choice: ChannelChoice,
    settings: Parameters<typeof windowsAfter>[2],
    onSilence: () => void,
  ): void {
    const { region } = this.#o;
    const airtimeMs = uplinkAirtimeMs(region, choice.dataRate, octets.length);
    this.#budget.spend(this.#now(), airtimeMs, this.#session?.maxDutyCycle ?? 0);
    const movedHz = this.#plan.movedDownlinkHz(choice.index);
    this.#cycle.start(
      { octets, ...uplinkTuning(region, choice), startMs: this.#now(), airtimeMs },
      (uplinkEnd) => windowsAfter(region, uplinkEnd, settings, choice, movedHz),
      onSilence,
    );
  }

  /** A channel for the session's data rate; if its channels know no such rate, the defaults are taken back. */
  #choose(session: DeviceSession, rng: Rng): ChannelChoice {
    const choice = this.#plan.choose(rng, session.dataRate);
    if (choice !== undefined) return choice;
    this.#plan.enableDefaults();
    session.dataRate = adrDataRates(this.#o.region).max;
    return this.#plan.choose(rng, session.dataRate) ?? this.#plan.joinChoice(rng, 0);
  }

  #acceptUnicast(session: DeviceSession, frame: DataFrame, window: ReceiveWindow | undefined, signal: Signal): void {
    const candidate = reconstructFCnt(session.fCntDown, frame.fCnt16);
    if (candidate === undefined || candidate.kind === 'repeat') return;
    const opened = openDataFrame(frame, { keys: session.keys, fCnt: candidate.fCnt });
    if (opened === undefined) return;
    session.fCntDown = candidate.fCnt;
    session.heardDownlink = true;
    session.adrAckCount = 0;
    this.#stopRepeating();
    if (window !== undefined) {
      this.#cycle.finish();
      session.stickyAnswers = [];
    }
    const time = this.#executeMac(session, frame.fPort === 0 ? opened.payload : opened.fOpts, signal);
    if (frame.confirmed) session.ackPending = true;
    this.#wantsUplink =
      frame.confirmed ||
      (frame.direction === 'down' && frame.fCtrl.fPending) ||
      session.answers.length + session.stickyAnswers.length > 0;
    if (time !== undefined) this.#o.user.deviceTime(time, this.#cycle.uplinkEnd);
    if (frame.fPort !== undefined && frame.fPort > 0) {
      const { fPort } = frame;
      const { payload } = opened;
      this.#o.user.unicast({ fPort, payload, fCnt: candidate.fCnt, deviceTimeAnswered: time !== undefined });
    }
    // Whoever was told may have ordered an answer for the same instant; it goes first and takes flags and answers along.
    this.#after(this.#o.behaviour.answerDelayMs, () => this.#next());
  }

  #executeMac(session: DeviceSession, octets: Uint8Array, signal: Signal): GpsMs | undefined {
    if (octets.length === 0) return undefined;
    const asked = this.#asked;
    this.#asked = new Set();
    const time = executeMacCommands(decodeMacCommands('down', octets).commands, {
      region: this.#o.region,
      session,
      plan: this.#plan,
      adr: this.#o.behaviour.adr,
      snr: signal.snr,
      asked,
    });
    this.#listen();
    this.#o.user.changed();
    return time;
  }

  /** After an uplink: what has waited, else an empty frame if there is something to acknowledge or to fetch. */
  #next(): void {
    if (this.#session === undefined || this.busy) return;
    const uplink = this.#outbox.shift();
    if (uplink !== undefined) this.#transmitNew(this.#session, uplink);
    else if (this.#wantsUplink) {
      this.#wantsUplink = false;
      this.#transmitNew(this.#session, {});
    }
  }

  /** Continuous listening: the multicast session's channel, else RX2 of a class C device, else none. */
  #listen(): void {
    const { region, behaviour, clock } = this.#o;
    const session = this.#session;
    const isClassC = behaviour.deviceClass === 'C' && session !== undefined;
    const tuning = this.#multicastTuning ?? (isClassC ? downlinkTuning(region, session.rx2) : undefined);
    if (tuning === undefined) this.#schedule.unlisten(clock.now());
    else this.#schedule.listen(clock.now(), tuning);
    this.#o.antenna.listen(tuning);
  }

  #now(): UtcMs {
    return this.#o.clock.now();
  }

  #stopRepeating(): void {
    this.#repeatTimer?.cancel();
    this.#repeatTimer = undefined;
  }

  #after(delayMs: number, fire: () => void): Timer {
    return this.#o.clock.setTimer(utcMs(this.#now() + delayMs), fire);
  }
}
