import { type Clock, type Rng, type Timer, type UtcMs, utcMs } from '@airlift/kernel';
import type { DeviceBehaviour } from '../behaviour/device-behaviour.ts';
import type { Mac } from '../mac/mac.ts';

const BUFFER_OCTETS = 255;

/**
 * Sends what packages and the application have to say. All of it passes through one buffer, as in common stacks: an
 * answer that waits there is overwritten by whatever is written next, and goes out as that, at its own length and port.
 */
export class PackageAnswers {
  readonly #clock: Clock<UtcMs>;
  readonly #rng: Rng;
  readonly #mac: Mac;
  readonly #behaviour: DeviceBehaviour;
  readonly #buffer = new Uint8Array(BUFFER_OCTETS);
  #answered = 0;
  #delayed: Timer | undefined;

  constructor(clock: Clock<UtcMs>, rng: Rng, mac: Mac, behaviour: DeviceBehaviour) {
    this.#clock = clock;
    this.#rng = rng;
    this.#mac = mac;
    this.#behaviour = behaviour;
  }

  /**
   * Answers a package's command; nothing is sent for no octets.
   * @param delayMs 0 for the usual time to answer, else how long the answer waits in the buffer
   */
  answer(fPort: number, octets: Uint8Array, delayMs = 0): void {
    const { answerLoss, answersLeft, answersLateS, answersAgainS } = this.#behaviour.faults;
    if (octets.length === 0 || this.#rng.chance(answerLoss)) return;
    if (answersLeft !== null && this.#answered >= answersLeft) return;
    this.#answered += 1;
    this.note(octets);
    const lateMs = delayMs + answersLateS * 1000;
    if (lateMs === 0) this.#mac.send({ fPort, payload: octets }, this.#behaviour.mac.answerDelayMs);
    else {
      // The one buffer has one timer: a second delayed answer takes the place of the first.
      if (this.#behaviour.fragmentation.sharedAnswerBuffer) this.#delayed?.cancel();
      this.#delayed = this.#sendIn(lateMs, fPort, octets);
    }
    if (answersAgainS !== null) this.#sendIn(lateMs + answersAgainS * 1000, fPort, octets);
  }

  #sendIn(delayMs: number, fPort: number, octets: Uint8Array): Timer {
    return this.#clock.setTimer(utcMs(this.#clock.now() + delayMs), () => {
      const payload = this.#behaviour.fragmentation.sharedAnswerBuffer ? this.#buffer.slice(0, octets.length) : octets;
      this.#mac.send({ fPort, payload }, 0);
    });
  }

  /** Something else than an answer goes through the buffer. */
  note(octets: Uint8Array): void {
    this.#buffer.set(octets.subarray(0, BUFFER_OCTETS));
  }
}
