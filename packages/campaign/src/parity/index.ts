export {
  type GivenUpBecause,
  type NextStep,
  nextStep,
  type ParityCosts,
  type ParityDevice,
  type ParitySituation,
} from './next-step.ts';
export { type Answering, isSilent, silentAfter } from './silence.ts';
export { losesTooMuch, nextWatch, type ToldLosses } from './watch-losses.ts';
