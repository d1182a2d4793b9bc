/** What is known of a device's answers. */
export interface Answering {
  /** Questions since its last answer that it should have answered; answers that are evidence of nothing are none. */
  readonly missedAnswers: number;
  /** Something else was heard of it since: it lives, and it is its answers that were lost or are of no use. */
  readonly heardSince: boolean;
}

/** A device may miss so many answers whatever the losses are. */
const PATIENCE = 3;
/** It is silent once its losses alone explain that less often than this. */
const MERE_LOSS = 1e-4;
/** Nobody is asked more often than this. */
const IMPATIENCE = 32;

/**
 * How many questions a device must leave unanswered to be silent.
 * @param loss share of frames that it misses, the question among them
 * @param answerLoss share of answers that are lost
 */
export function silentAfter(loss: number, answerLoss: number): number {
  const missed = 1 - (1 - loss) * (1 - answerLoss);
  if (missed >= 1) return IMPATIENCE;
  if (missed <= 0) return PATIENCE;
  return Math.min(IMPATIENCE, Math.max(PATIENCE, Math.ceil(Math.log(MERE_LOSS) / Math.log(missed))));
}

/** Whether a device is not waited for any more: one that is heard otherwise is given twice the patience. */
export function isSilent(device: Answering, loss: number, answerLoss: number): boolean {
  const after = silentAfter(loss, answerLoss);
  return device.missedAnswers >= (device.heardSince ? 2 * after : after);
}
