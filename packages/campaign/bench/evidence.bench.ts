import { Rng } from '@airlift/kernel';
import { STACKS } from '../test/support/stacks.ts';
import { tallyVerdicts, VERDICT_LOSSES } from '../test/support/verdict-tally.ts';

/** Verdicts on status answers asked at random moments, per stack and loss; `--runs=300` judges more. */
const runs = Number(process.argv.find((one) => one.startsWith('--runs='))?.slice('--runs='.length) ?? 60);
const isJson = process.argv.includes('--json');

const rows = STACKS.flatMap((kind) =>
  VERDICT_LOSSES.map((loss) => ({
    stack: kind.name,
    loss,
    ...tallyVerdicts(kind, loss, runs, new Rng(`bench/${kind.name}/${loss}`), true),
  })),
);
if (isJson) {
  console.log(JSON.stringify(rows));
} else {
  console.log('stack                          loss verdicts false-success false-failure proven-of-complete');
  for (const { stack, loss, verdicts, falseSuccess, falseFailure, proven, ofComplete } of rows) {
    const share = ofComplete === 0 ? '-' : (proven / ofComplete).toFixed(3);
    console.log(
      `${stack.padEnd(30)} ${loss.toFixed(2)} ${String(verdicts).padStart(8)} ${String(falseSuccess).padStart(13)} ${String(falseFailure).padStart(13)} ${share.padStart(18)}`,
    );
  }
  console.log(
    `all: ${rows.reduce((sum, { verdicts }) => sum + verdicts, 0)} verdicts, ${rows.reduce((sum, one) => sum + one.falseSuccess, 0)} false successes`,
  );
}
