export { hasUnluckyRows } from './chance.ts';
export { judgeBlockReceived, judgeCrc64 } from './checks.ts';
export {
  type FileChecksums,
  type FileReport,
  fileChecksums,
  judgeFileReport,
  readFileReport,
} from './file-report.ts';
export { type Finding, type ImpossibleBecause, type Proof, type ReceptionBounds, TOLERATED_ERROR } from './finding.ts';
export { type CountingHabits, judgeStatus } from './judge-status.ts';
export type { Asking, BlockFacts, HeardAnswer, NumberSpan, StatusAnswer } from './status-answer.ts';
