import { type PackageMessage, ts003 } from '@airlift/applayer';
import type { GpsMs } from '@airlift/kernel';
import type { ClockBehaviour } from '../behaviour/device-behaviour.ts';
import { type DeviceClock, signed } from '../device/device-clock.ts';
import { readCommands } from './read-commands.ts';

type Answer = PackageMessage<(typeof ts003.commands)[number], 1, 'up'>;

const TOKENS = 16;

/** TS003 in version 1, device side, together with the DeviceTimeReq that rides in the same uplink. */
export class ClockSync {
  readonly #clock: DeviceClock;
  readonly #behaviour: ClockBehaviour;
  #token = 0;
  #synchronised = false;
  #forced = 0;

  constructor(clock: DeviceClock, behaviour: ClockBehaviour) {
    this.#clock = clock;
    this.#behaviour = behaviour;
  }

  /** Whether the last answer said that the clock was right, within a second. */
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

  /** AppTimeReq with the time of now. AnsRequired stays 0, whatever the need. */
  request(): Uint8Array {
    this.#forced = Math.max(0, this.#forced - 1);
    const fields = { DeviceTime: this.#clock.seconds(), TokenReq: this.#token, AnsRequired: false };
    return ts003.encode(1, 'up', [{ name: 'AppTimeReq', fields }]);
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
    for (const command of readCommands(octets, (all, range) => ts003.read(1, 'down', all, range))) {
      switch (command.name) {
        case 'PackageVersionReq':
          answers.push({ name: 'PackageVersionAns', fields: { PackageIdentifier: 1, PackageVersion: 1 } });
          break;
        case 'AppTimeAns':
          if (!deviceTimeAnswered) this.#appTime(command.fields.TimeCorrection, command.fields.TokenAns);
          break;
        case 'DeviceAppTimePeriodicityReq':
          answers.push({
            name: 'DeviceAppTimePeriodicityAns',
            fields: { NotSupported: true, Time: this.#clock.seconds() },
          });
          break;
        case 'ForceDeviceResyncReq':
          if (this.#behaviour.honoursForceResync) this.#forced = command.fields.NbTransmissions;
          break;
      }
    }
    return ts003.encode(1, 'up', answers);
  }

  /** Any correction beyond a second means that the clock was wrong: it is applied, and the device asks once more. */
  #appTime(correctionS: number, token: number): void {
    if (token !== this.#token) return;
    this.#token = (this.#token + 1) % TOKENS;
    const seconds = signed(correctionS);
    this.#clock.correct(seconds * 1000);
    this.#synchronised = Math.abs(seconds) <= 1;
    this.#forced = 0;
  }
}
