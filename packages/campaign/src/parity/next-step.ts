import type { Finding } from '../evidence/finding.ts';
import { type DeviceNeed, needOf, provedBy } from './device-need.ts';
import { type Answering, isSilent } from './silence.ts';

/** A device as far as the sending of parity depends on it. */
export interface ParityDevice extends Answering {
  readonly id: string;
  /** What its last answer that was evidence of anything proved. */
  readonly found: Finding | undefined;
}

export interface ParityCosts {
  /** Time on the air and spacing of one fragment. */
  readonly frameMs: number;
  /** Within which answers to a question come in: 2^(BlockAckDelay+4) seconds and the way. */
  readonly answerWindowMs: number;
  /** Whether one device can be asked at any moment; else only after its own uplinks, and all are asked at once. */
  readonly unicastIsPrompt: boolean;
}

export interface ParitySituation {
  readonly nbFrag: number;
  /** Highest fragment number on the air. */
  readonly sent: number;
  /** For a block of one fragment: how often it was sent. */
  readonly repeats: number;
  /** Number beyond which the session cannot or may not go, at most 16383. */
  readonly lastNumber: number;
  readonly devices: readonly ParityDevice[];
  /** Highest number sent before the last question; undefined before the first. */
  readonly askedAt: number | undefined;
  /** Whether answers to it may still come. */
  readonly isRoundOpen: boolean;
  /** Share of fragments that devices are known to lose, from earlier sessions; undefined when not known. */
  readonly priorLoss: number | undefined;
  /** Share of answers that are lost on the way up. */
  readonly answerLoss: number;
  /** Number at which to ask before the plain fragments are through, see `nextWatch`. */
  readonly watchAt?: number | undefined;
  readonly costs: ParityCosts;
}

/** What to do next. After each step, and after each answer, decide anew. */
export type NextStep =
  /** Send fragments up to this number. */
  | { readonly do: 'send'; readonly upTo: number }
  /** Send the only plain fragment again so many times: its parity is all zeros. */
  | { readonly do: 'repeat'; readonly times: number }
  | { readonly do: 'ask-all' }
  | { readonly do: 'ask-each'; readonly devices: readonly string[] }
  /** Answers may still come. */
  | { readonly do: 'wait' }
  | {
      readonly do: 'end';
      /** `all-known`: nothing that could be sent or asked changes anything; `limit`: the session ends first. */
      readonly why: 'all-known' | 'limit';
      /** Those that are not complete and were given up, with the cause. */
      readonly givenUp: readonly { readonly device: string; readonly why: GivenUpBecause }[];
    };

export type GivenUpBecause =
  /** Nothing is heard of it. */
  | 'silent'
  /** It is heard, and says nothing that is evidence. */
  | 'no-evidence'
  | 'beyond-limit'
  | 'beyond-memory'
  | 'no-session'
  | 'corrupt'
  | 'unprovable';

/**
 * Probability that all are done, at which to ask: a question costs one frame, sending on without need costs many. Higher
 * values save hardly a question, since those whose answers were lost must be asked again anyhow.
 */
const CONFIDENCE = 0.5;
/** Frames that are needed with all but this probability are sent while answers come in. */
const SURELY_NEEDED = 0.02;
/** A first guess from earlier sessions is kept low: it may be wrong for all devices alike. */
const GUESS_CONFIDENCE = 0.1;
/** An answer that tells nothing new costs the air so many frames. */
const ANSWER_COST = 0.005;

/** Decides what to send or ask next. */
export function nextStep(situation: ParitySituation): NextStep {
  const { nbFrag, sent, askedAt, devices, priorLoss } = situation;
  if (devices.length === 0) return { do: 'end', why: 'all-known', givenUp: [] };
  const plainEnd = Math.min(nbFrag, situation.lastNumber);
  if (sent < plainEnd) {
    const { watchAt } = situation;
    if (watchAt === undefined || watchAt >= plainEnd || (askedAt ?? 0) >= watchAt)
      return { do: 'send', upTo: plainEnd };
    return sent < watchAt ? { do: 'send', upTo: watchAt } : { do: 'ask-all' };
  }
  const loss = fleetLoss(situation);
  if (askedAt === undefined || askedAt < plainEnd) {
    // Right after the plain fragments an answer tells most, and a reception without losses is known for certain.
    const guess =
      priorLoss === undefined || loss * nbFrag < 1 ? sent : goal(situation, openOf(situation, loss), GUESS_CONFIDENCE);
    return guess > sent ? send(situation, guess) : { do: 'ask-all' };
  }
  const open = openOf(situation, loss);
  if (situation.isRoundOpen) {
    const told = open.filter(({ device }) => device.found !== undefined && device.missedAnswers === 0);
    const sure = told.length === 0 ? sent : goal(situation, told, SURELY_NEEDED) - 1;
    return sure > sent ? send(situation, sure) : { do: 'wait' };
  }
  if (open.length === 0) return end(situation, 'all-known');
  const helpable = open.filter(({ need }) => !isBeyond(need, situation));
  if (helpable.length === 0) return end(situation, 'limit');
  const upTo = goal(situation, helpable, CONFIDENCE);
  if (upTo > effectiveSent(situation)) return send(situation, upTo);
  if (sent >= situation.lastNumber && askedAt >= sent && !mayAnswer(helpable)) return end(situation, 'limit');
  return ask(situation, helpable);
}

interface OpenDevice {
  readonly device: ParityDevice;
  readonly need: DeviceNeed;
}

function openOf({ devices, nbFrag, answerLoss, priorLoss }: ParitySituation, loss: number): readonly OpenDevice[] {
  return devices
    .filter((device) => !isSilent(device, lossOf(device, loss), answerLoss))
    .map((device) => ({ device, need: needOf(device.found, nbFrag, Math.max(loss, untoldLoss(device, priorLoss))) }))
    .filter(({ need }) => need.kind !== 'nothing');
}

/** With so many questions without an answer of use a device that is heard is taken to lose so much more, up to a limit. */
const UNTOLD_QUESTIONS = 3;
const UNTOLD_LOSS = 0.1;
const MOST_UNTOLD_LOSS = 0.3;

/**
 * The loss of a device that is there and cannot make itself understood, as long as there is nothing better to guess by:
 * to ask it is in vain, and more parity may let it prove the image.
 */
function untoldLoss({ found, missedAnswers, heardSince }: ParityDevice, priorLoss: number | undefined): number {
  if (found !== undefined || !heardSince || priorLoss !== undefined) return 0;
  return Math.min(MOST_UNTOLD_LOSS, UNTOLD_LOSS * Math.floor(missedAnswers / UNTOLD_QUESTIONS));
}

/** Of what the others tell, a device that tells nothing may be among the worse placed. */
const WORSE_PLACED = 1.5;
/** While nobody tells anything, each may be in the worst place. */
const LOSS_UNTOLD = 0.5;

/** The loss by which a device's silence is judged. */
function lossOf({ found }: ParityDevice, fleetLoss: number): number {
  if (found !== undefined && 'reception' in found) {
    const { losses, lossRate } = found.reception;
    const told = losses?.rateAtMost ?? lossRate;
    if (told !== undefined) return told;
  }
  return fleetLoss > 0 ? Math.min(LOSS_UNTOLD, fleetLoss * WORSE_PLACED + 0.05) : LOSS_UNTOLD;
}

/** The mean of what devices told. */
function fleetLoss({ devices, priorLoss }: ParitySituation): number {
  let sum = 0;
  let count = 0;
  for (const { found } of devices) {
    if (found === undefined || !('reception' in found) || found.reception.lossRate === undefined) continue;
    sum += found.reception.lossRate;
    count += 1;
  }
  return count > 0 ? sum / count : (priorLoss ?? 0);
}

/** The least number by which all are known to be done with the given probability; never below what was sent. */
function goal(situation: ParitySituation, open: readonly OpenDevice[], confidence: number): number {
  const { nbFrag, lastNumber } = situation;
  const sent = effectiveSent(situation);
  const wanted = Math.log(confidence);
  const needs = merged(open);
  const isEnough = (upTo: number): boolean => {
    let log = 0;
    for (const { need, count } of needs) {
      log += count * Math.log(provedBy(need, upTo, nbFrag));
      if (log < wanted) return false;
    }
    return true;
  };
  if (sent >= lastNumber || isEnough(sent)) return sent;
  let low = sent;
  let high = Math.max(sent + 1, lastNumber);
  if (!isEnough(high)) return high;
  // Most goals are near.
  for (let step = 8; low + step < high; step *= 2) {
    if (isEnough(low + step)) {
      high = low + step;
      break;
    }
    low += step;
  }
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Devices that need the same are worked out once. */
function merged(open: readonly OpenDevice[]): readonly { readonly need: DeviceNeed; readonly count: number }[] {
  const byNeed = new Map<string, { need: DeviceNeed; count: number }>();
  for (const { need } of open) {
    const rounded: DeviceNeed =
      need.kind === 'parity' ? { ...need, lack: { ...need.lack, loss: Math.ceil(need.lack.loss * 200) / 200 } } : need;
    const key = JSON.stringify(rounded);
    const same = byNeed.get(key);
    if (same === undefined) byNeed.set(key, { need: rounded, count: 1 });
    else same.count += 1;
  }
  return [...byNeed.values()];
}

/** A block of one fragment is sent again under its number, which stands still. */
function effectiveSent({ nbFrag, sent, repeats }: ParitySituation): number {
  return nbFrag === 1 ? sent + repeats : sent;
}

function send(situation: ParitySituation, upTo: number): NextStep {
  if (situation.nbFrag === 1) return { do: 'repeat', times: upTo - effectiveSent(situation) };
  return { do: 'send', upTo };
}

/** Even what is likely to suffice does not fit into the session. */
function isBeyond(need: DeviceNeed, { nbFrag, lastNumber, sent }: ParitySituation): boolean {
  return sent < lastNumber && provedBy(need, lastNumber, nbFrag) < 0.05;
}

function mayAnswer(open: readonly OpenDevice[]): boolean {
  return open.some(({ device }) => device.missedAnswers > 0);
}

/** One frame to all, answered by all, or a frame to each that has something to tell. */
function ask({ devices, costs }: ParitySituation, open: readonly OpenDevice[]): NextStep {
  const needless = devices.length - open.length;
  const isCheaper = open.length <= 1 + needless * ANSWER_COST;
  if (costs.unicastIsPrompt && isCheaper) return { do: 'ask-each', devices: open.map(({ device }) => device.id) };
  return { do: 'ask-all' };
}

function end(situation: ParitySituation, why: 'all-known' | 'limit'): NextStep {
  const loss = fleetLoss(situation);
  const givenUp = situation.devices.flatMap((device) => {
    const cause = causeOf(device, isSilent(device, lossOf(device, loss), situation.answerLoss));
    return cause === undefined ? [] : [{ device: device.id, why: cause }];
  });
  return { do: 'end', why, givenUp };
}

function causeOf(device: ParityDevice, silent: boolean): GivenUpBecause | undefined {
  const { found } = device;
  if (found?.kind === 'complete') return undefined;
  if (found?.kind === 'corrupt' || found?.kind === 'no-session') return found.kind;
  if (found?.kind === 'incomplete' && found.memory === 'exhausted') return 'beyond-memory';
  if (found?.kind === 'undecided' && found.isSettled) return 'unprovable';
  if (!silent) return 'beyond-limit';
  return device.heardSince ? 'no-evidence' : 'silent';
}
