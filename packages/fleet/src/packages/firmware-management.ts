import { type PackageMessage, ts006 } from '@airlift/applayer';
import type { Timer } from '@airlift/kernel';
import { type DeviceClock, signed } from '../device/device-clock.ts';
import { readCommands } from './read-commands.ts';

type Command = PackageMessage<(typeof ts006.commands)[number], 1, 'down'>;
type Answer = PackageMessage<(typeof ts006.commands)[number], 1, 'up'>;

/** UpImageStatus of an image that the device holds: a bad signature, or ready to be installed. */
export type ImageStatus = 1 | 3;

/** An image that waits for the next reboot. Survives JSON. */
export interface WaitingImage {
  readonly version: number;
  readonly status: ImageStatus;
}

/** How the package reaches the rest of the device. */
export interface FirmwareHost {
  readonly clock: DeviceClock;
  readonly hardwareVersion: number;
  version(): number;
  image(): WaitingImage | null;
  deleteImage(): void;
  knowsTime(): boolean;
  /** Resets the device, which installs a valid image. */
  reboot(): void;
}

const NOW = 0;
const CANCEL_TIME = 0xffff_ffff;
const CANCEL_COUNTDOWN = 0xff_ffff;
const CANNOT = 0;
const NO_IMAGE = 0;

/** TS006, device side: versions, one order to reboot at a time, and the image that waits for it. */
export class FirmwareManagement {
  readonly #host: FirmwareHost;
  #order: Timer | undefined;

  constructor(host: FirmwareHost) {
    this.#host = host;
  }

  /** Executes the commands of a downlink on FPort 203. Returns the answers, possibly empty. */
  receive(octets: Uint8Array): Uint8Array {
    const commands = readCommands(octets, (all, range) => ts006.read(1, 'down', all, range));
    return ts006.encode(
      1,
      'up',
      commands.flatMap((command) => this.#execute(command) ?? []),
    );
  }

  #execute(command: Command): Answer | undefined {
    switch (command.name) {
      case 'PackageVersionReq':
        return { name: 'PackageVersionAns', fields: { PackageIdentifier: 4, PackageVersion: 1 } };
      case 'DevVersionReq': {
        const fields = { FWversion: this.#host.version(), HWversion: this.#host.hardwareVersion };
        return { name: 'DevVersionAns', fields };
      }
      case 'DevRebootTimeReq': {
        const seconds_until_reboot = this.#rebootAt(command.fields.RebootTime);
        return seconds_until_reboot === undefined
          ? undefined
          : { name: 'DevRebootTimeAns', fields: { seconds_until_reboot } };
      }
      case 'DevRebootCountdownReq': {
        const Countdown = this.#rebootIn(command.fields.Countdown);
        return Countdown === undefined ? undefined : { name: 'DevRebootCountdownAns', fields: { Countdown } };
      }
      case 'DevUpgradeImageReq': {
        const image = this.#host.image();
        const UpImageStatus = image?.status ?? NO_IMAGE;
        const fields = image?.status === 3 ? { UpImageStatus, nextFirmwareVersion: image.version } : { UpImageStatus };
        return { name: 'DevUpgradeImageAns', fields };
      }
      case 'DevDeleteImageReq':
        return this.#delete(command.fields.FirmwareToDeleteVersion);
    }
  }

  /** Seconds left, or undefined when nothing is to be answered. */
  #rebootAt(time: number): number | undefined {
    if (time === NOW) return this.#rebootNow();
    if (time === CANCEL_TIME) {
      this.#order?.cancel();
      return CANCEL_TIME;
    }
    const inS = signed(time - this.#host.clock.seconds());
    if (!this.#host.knowsTime() || inS <= 0) return CANNOT;
    this.#schedule(inS);
    return inS;
  }

  #rebootIn(countdownS: number): number | undefined {
    if (countdownS === NOW) return this.#rebootNow();
    if (countdownS === CANCEL_COUNTDOWN) this.#order?.cancel();
    else this.#schedule(countdownS);
    return countdownS;
  }

  #rebootNow(): undefined {
    this.#order?.cancel();
    this.#host.reboot();
  }

  #schedule(inS: number): void {
    this.#order?.cancel();
    this.#order = this.#host.clock.after(inS * 1000, () => this.#host.reboot());
  }

  #delete(version: number): Answer {
    const image = this.#host.image();
    const ErrorNoValidImage = image?.status !== 3;
    const ErrorInvalidVersion = !ErrorNoValidImage && image?.version !== version;
    if (!ErrorNoValidImage && !ErrorInvalidVersion) this.#host.deleteImage();
    return { name: 'DevDeleteImageAns', fields: { ErrorNoValidImage, ErrorInvalidVersion } };
  }
}
