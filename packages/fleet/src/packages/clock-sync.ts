import { type PackageMessage, ts003 } from '@airlift/applayer';
import type { GpsMs } from '@airlift/kernel';
import type { ClockBehaviour } from '../behaviour/device-behaviour.ts';
import { type DeviceClock, signed } from '../device/device-clock.ts';
import { readCommands } from './read-commands.ts';

type Answer = PackageMessage<(typeof ts003.commands)[number], 1 | 2, 'up'>;

const TOKENS = 16;
const UNIT_PERIOD_S = 128;
/** In version 2 the extreme corrections say that the true one does not fit. */
const EXTREMES: readonly number[] = [0x7fff_ffff, -0x8000_0000];

/** TS003, device side, together with the DeviceTimeReq that may ride in the same uplink. */
export class ClockSync {
  readonly #clock: DeviceClock;
  readonly #behaviour: ClockBehaviour;
  #token = 0;
  #synchronised = false;
  #forced = 0;
  #resyncS: number | null;

  constructor(clock: DeviceClock, behaviour: ClockBehaviour) {
    this.#clock = clock;
    this.#behaviour = behaviour;
    this.#resyncS = behaviour.resyncS;
  }

  /** Seconds between requests once the clock is right; null for none. */
  get resyncS(): number | null {
    return this.#resyncS;
  }

  /** Whether DeviceTimeReq goes along with AppTimeReq. */
  get asksDeviceTime(): boolean {
    return this.#behaviour.asksDeviceTime;
  }

  /** Whether the device has been told the time, and needs no other answer to believe it. */
  get synchronised(): boolean {
    return this.#synchronised;
  }

  /** Whether the device is to ask again soon. */
  get wantsTime(): boolean {
    return this.#behaviour.asks && (!this.#synchronised || this.#forced > 0);
  }

  /** Takes up the state of before a restart, when the clock ran on meanwhile. */
  resume(synchronised: boolean): void {
    this.#synchronised = synchronised;
  }

  /** Makes the device ask this many times unless it is answered before. */
  force(requests: number): void {
    this.#forced = requests;
  }

  /** AppTimeReq with the time of now. */
  request(): Uint8Array {
    const AnsRequired = this.#behaviour.contentWith === 'any-answer' && this.wantsTime;
    this.#forced = Math.max(0, this.#forced - 1);
    const fields = { DeviceTime: this.#clock.seconds(), TokenReq: this.#token, AnsRequired };
    return ts003.encode(this.#behaviour.version, 'up', [{ name: 'AppTimeReq', fields }]);
  }

  /** DeviceTimeAns: what the clock should have shown `agoMs` ago. Counts as right, and leaves the token as it is. */
  deviceTime(time: GpsMs, agoMs: number): void {
    this.#clock.correct(time + agoMs - this.#clock.now());
    this.#synchronised = true;
    this.#forced = 0;
  }

  /**
   * Executes the commands of a downlink on FPort 202.
   * @param deviceTimeAnswered the same frame carried DeviceTimeAns: AppTimeAns in it is ignored
   * @returns the answer, possibly empty
   */
  receive(octets: Uint8Array, deviceTimeAnswered: boolean): Uint8Array {
    const answers: Answer[] = [];
    const { version, settablePeriod } = this.#behaviour;
    for (const command of readCommands(octets, (all, range) => ts003.read(version, 'down', all, range))) {
      switch (command.name) {
        case 'PackageVersionReq':
          answers.push({ name: 'PackageVersionAns', fields: { PackageIdentifier: 1, PackageVersion: version } });
          break;
        case 'AppTimeAns':
          if (!deviceTimeAnswered) this.#appTime(command.fields.TimeCorrection, command.fields.TokenAns);
          break;
        case 'DeviceAppTimePeriodicityReq':
          if (settablePeriod) this.#resyncS = UNIT_PERIOD_S * 2 ** command.fields.Period;
          answers.push({
            name: 'DeviceAppTimePeriodicityAns',
            fields: { NotSupported: !settablePeriod, Time: this.#clock.seconds() },
          });
          break;
        case 'ForceDeviceResyncReq':
        case 'ForceDeviceResyncCmd':
          if (this.#behaviour.honoursForceResync) this.#forced = command.fields.NbTransmissions;
          break;
      }
    }
    return ts003.encode(version, 'up', answers);
  }

  /** The correction is applied; where only a small one makes sure, the device asks once more after a large one. */
  #appTime(correctionS: number, token: number): void {
    if (token !== this.#token) return;
    this.#token = (this.#token + 1) % TOKENS;
    const seconds = signed(correctionS);
    this.#clock.correct(seconds * 1000);
    const isEnough = this.#behaviour.contentWith === 'any-answer' || Math.abs(seconds) <= 1;
    this.#synchronised = isEnough && !(this.#behaviour.version === 2 && EXTREMES.includes(seconds));
    this.#forced = 0;
  }
}
