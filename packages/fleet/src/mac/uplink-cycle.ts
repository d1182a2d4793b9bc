import { type Clock, type Timer, type UtcMs, utcMs } from '@airlift/kernel';
import type { AirFrame, Transmission } from '../radio/air-frame.ts';
import type { DeviceAntenna } from '../radio/radio.ts';
import { ReceiverSchedule, type ReceiveWindow, WINDOW_TOLERANCE_MS } from './receive-windows.ts';

/** From the beginning of an uplink to the end of its last receive window. One at a time. */
export class UplinkCycle {
  readonly #clock: Clock<UtcMs>;
  readonly #antenna: DeviceAntenna;
  readonly #schedule: ReceiverSchedule;
  #open = false;
  #timer: Timer | undefined;
  #uplinkEnd: UtcMs = utcMs(0);

  constructor(clock: Clock<UtcMs>, antenna: DeviceAntenna, schedule: ReceiverSchedule) {
    this.#clock = clock;
    this.#antenna = antenna;
    this.#schedule = schedule;
  }

  /** Whether an uplink is under way or its windows are not over. */
  get open(): boolean {
    return this.#open;
  }

  /** End of the last uplink; the reference of its windows and of DeviceTimeAns. */
  get uplinkEnd(): UtcMs {
    return this.#uplinkEnd;
  }

  /**
   * Sends a frame and opens its windows.
   * @param windowsAfter the windows, by the end of the uplink
   * @param onSilence called when they are over and `finish` was not called
   */
  start(
    transmission: Transmission,
    windowsAfter: (uplinkEnd: UtcMs) => readonly ReceiveWindow[],
    onSilence: () => void,
  ): AirFrame {
    const frame = this.#antenna.send(transmission);
    const windows = windowsAfter(frame.endMs);
    this.#open = true;
    this.#uplinkEnd = frame.endMs;
    this.#schedule.transmit(frame.startMs, frame.endMs, windows);
    this.#antenna.expect(windows.map(({ openMs }) => openMs));
    this.#await(windows, 0, onSilence);
    return frame;
  }

  /** A downlink for this device came: the rest of the windows stays shut. */
  finish(): void {
    this.#open = false;
    this.#timer?.cancel();
    this.#schedule.closeWindows();
  }

  #await(windows: readonly ReceiveWindow[], index: number, onSilence: () => void): void {
    const window = windows[index];
    if (window === undefined) {
      this.finish();
      onSilence();
      return;
    }
    this.#timer = this.#clock.setTimer(ReceiverSchedule.closesAt(window), () => {
      const until = this.#antenna.receivingUntil(
        utcMs(window.openMs - WINDOW_TOLERANCE_MS),
        utcMs(window.openMs + WINDOW_TOLERANCE_MS),
      );
      // A frame has begun: the receiver stays on to its end, and may miss the next window over it.
      if (until !== undefined && until > this.#clock.now()) {
        this.#timer = this.#clock.setTimer(until, () => this.#await(windows, index + 1, onSilence));
      } else this.#await(windows, index + 1, onSilence);
    });
  }
}
