import type { ParityRowCache } from '@airlift/applayer';
import type { Rng } from '@airlift/kernel';
import { type Finding, type HeardAnswer, judgeStatus } from '../../src/evidence/index.ts';
import { nextStep, type ParityDevice } from '../../src/parity/index.ts';
import type { Stack, StackKind } from './stacks.ts';

export interface Broadcast {
  readonly kind: StackKind;
  readonly rows: ParityRowCache;
  readonly devices: number;
  /** Share of frames lost on the way down, for each device. */
  readonly loss: (device: number) => number;
  /** Share of answers lost. */
  readonly answerLoss: number;
  readonly rng: Rng;
  readonly priorLoss?: number;
  readonly lastNumber?: number;
  /** Devices that hear nothing and say nothing. */
  readonly mute?: number;
  /** Whether each device told its numbers before the first fragment. */
  readonly baseline?: boolean;
}

export interface BroadcastResult {
  /** Fragments and questions of all kinds. */
  readonly frames: number;
  readonly parity: number;
  readonly questionsToAll: number;
  readonly questionsToOne: number;
  /** Where the first question came. */
  readonly firstQuestion: number;
  /** Number with which the last device was complete. */
  readonly lastComplete: number;
  readonly complete: number;
  readonly proven: number;
  readonly falseSuccess: number;
  readonly givenUp: readonly string[];
}

interface Simulated {
  readonly stack: Stack;
  readonly loss: number;
  readonly isMute: boolean;
  readonly answers: HeardAnswer[];
  view: ParityDevice;
}

/** Runs one broadcast as an engine would: sends what the policy says, asks whom it says, judges what comes back. */
export function broadcast(plan: Broadcast): BroadcastResult {
  const { kind, rows, rng, answerLoss } = plan;
  const { nbFrag } = rows;
  const devices: Simulated[] = Array.from({ length: plan.devices }, (_, i) => ({
    stack: kind.build(rows, {}),
    loss: plan.loss(i),
    isMute: i < (plan.mute ?? 0),
    answers: [],
    view: { id: String(i), found: undefined, missedAnswers: 0, heardSince: false },
  }));
  let sent = 0;
  let repeats = 0;
  let frames = 0;
  let questionsToAll = 0;
  let questionsToOne = 0;
  let askedAt: number | undefined;
  let firstQuestion = 0;
  let lastComplete = 0;

  const air = (number: number): void => {
    frames += 1;
    for (const device of devices) {
      if (device.isMute || rng.chance(device.loss)) continue;
      const before = device.stack.complete;
      device.stack.hear(number);
      if (!before && device.stack.complete) lastComplete = number + repeats;
    }
  };
  const ask = (device: Simulated): void => {
    const isHeard = !device.isMute && !rng.chance(device.loss) && !rng.chance(answerLoss);
    if (!isHeard) {
      if (device.view.found?.kind !== 'complete') {
        device.view = { ...device.view, missedAnswers: device.view.missedAnswers + 1 };
      }
      return;
    }
    const asked = { fragIndex: 0, sentLow: sent, sentHigh: sent, sentByAnswer: sent, repeats };
    const answer: HeardAnswer = { said: device.stack.answer(), asked };
    const found = judge(kind, nbFrag, answer, device.answers);
    device.answers.push(answer);
    const keeps = found.kind === 'impossible' || device.view.found?.kind === 'complete';
    const isUseless = found.kind === 'impossible';
    device.view = {
      ...device.view,
      missedAnswers: isUseless ? device.view.missedAnswers + 1 : 0,
      heardSince: isUseless,
      found: keeps ? device.view.found : found,
    };
  };
  if (plan.baseline === true) {
    for (const device of devices) {
      const asked = { fragIndex: 0, sentLow: 0, sentHigh: 0, sentByAnswer: 0 };
      device.answers.push({ said: device.stack.answer(), asked });
    }
  }

  for (let turn = 0; turn < 2000; turn++) {
    const step = nextStep({
      nbFrag,
      sent,
      repeats,
      lastNumber: plan.lastNumber ?? 16_383,
      devices: devices.map(({ view }) => view),
      askedAt,
      isRoundOpen: false,
      priorLoss: plan.priorLoss,
      answerLoss: 0.1,
      costs: { frameMs: 1500, answerWindowMs: 32_000, unicastIsPrompt: true },
    });
    switch (step.do) {
      case 'send':
        while (sent < step.upTo) air(++sent);
        break;
      case 'repeat':
        for (let i = 0; i < step.times; i++) {
          repeats += 1;
          air(1);
        }
        break;
      case 'ask-all':
        questionsToAll += 1;
        frames += 1;
        firstQuestion ||= sent;
        askedAt = sent;
        for (const device of devices) ask(device);
        break;
      case 'ask-each':
        askedAt = sent;
        for (const id of step.devices) {
          questionsToOne += 1;
          frames += 1;
          const device = devices[Number(id)];
          if (device !== undefined) ask(device);
        }
        break;
      case 'wait':
        throw new Error('nothing to wait for');
      case 'end':
        return {
          frames,
          parity: sent + repeats - nbFrag,
          questionsToAll,
          questionsToOne,
          firstQuestion,
          lastComplete,
          complete: devices.filter(({ stack }) => stack.complete).length,
          proven: devices.filter(({ view }) => view.found?.kind === 'complete').length,
          falseSuccess: devices.filter(({ stack, view }) => view.found?.kind === 'complete' && !stack.complete).length,
          givenUp: step.givenUp.map(({ why }) => why),
        };
    }
  }
  const stuck = devices.filter(({ view }) => view.found?.kind !== 'complete').map(({ view }) => view);
  throw new Error(`no end: sent ${sent}, open ${JSON.stringify(stuck.slice(0, 2))}`);
}

function judge(kind: StackKind, nbFrag: number, answer: HeardAnswer, earlier: readonly HeardAnswer[]): Finding {
  const found = judgeStatus(kind.profile.fragmentation, { nbFrag }, answer, earlier);
  // A Dot asks for its checksum as soon as it is complete, and asks until it is answered.
  const isDot = kind.profile.fragmentation.integrity === 'mts-crc64';
  return isDot && answer.said !== 'no-session' && answer.said.missingFrag === 0
    ? { kind: 'complete', proof: 'crc64', errorRate: 0 }
    : found;
}

/** Mean of the frames until the last of `devices` has heard `nbFrag` of them: what no scheme can undercut. */
export function leastMean(nbFrag: number, loss: number, devices: number): number {
  if (loss === 0) return nbFrag;
  let mean = nbFrag;
  // F(t) = P(t frames suffice) = sum of the negative binomial; its terms follow from each other.
  let term = Math.exp(nbFrag * Math.log1p(-loss));
  let enough = term;
  for (let sent = nbFrag; 1 - enough ** devices > 1e-9 && sent < 40 * nbFrag + 1000; sent++) {
    mean += 1 - enough ** devices;
    term *= (sent / (sent + 1 - nbFrag)) * loss;
    enough = Math.min(1, enough + term);
  }
  return mean;
}
