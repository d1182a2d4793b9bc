import { Rng } from '@airlift/kernel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Command, Input } from '../src/engine/conduct.ts';
import type { StepTime } from '../src/engine/contexts.ts';
import type { Entries } from '../src/engine/entries.ts';
import { JobDraft } from '../src/engine/job-draft.ts';
import type { JobPlan, JobRecord } from '../src/index.ts';
import { BOOK_TRAITS, DOT_TRAITS, World, withRule } from './support/world.ts';

/** One step as it went: what it was given and what came of it, copied so that nothing later changes it. */
interface Recorded {
  readonly before: JobRecord;
  readonly entries: Entries;
  readonly inputs: readonly Input[];
  readonly time: StepTime;
  readonly commands: readonly Command[];
  readonly after: JobRecord;
}

const recorded = vi.hoisted(() => ({ steps: [] as Recorded[] }));

vi.mock('../src/engine/conduct.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../src/engine/conduct.ts')>();
  const conduct: typeof original.conduct = (draft, entries, inputs, time) => {
    const given = structuredClone({ before: draft.record(), entries, inputs, time });
    const commands = original.conduct(draft, entries, inputs, time);
    recorded.steps.push({ ...given, ...structuredClone({ commands, after: draft.record() }) });
    return commands;
  };
  return { ...original, conduct };
});

const { conduct } = await vi.importActual<typeof import('../src/engine/conduct.ts')>('../src/engine/conduct.ts');

afterEach(() => {
  recorded.steps.length = 0;
});

/** The states alone: whether a step was stored is no matter of the machines. */
function statesOf({ state, sessions, devices }: JobRecord): Omit<JobRecord, 'plan' | 'version'> {
  return { state, sessions, devices };
}

/** Takes all recorded steps of the job once more, on a job that was just accepted. */
function expectReplay(plan: JobPlan, where: string): number {
  const steps = recorded.steps.filter(({ before }) => before.plan.jobId === plan.jobId);
  const [first] = steps;
  if (first === undefined) throw new Error(`no steps of ${plan.jobId}`);
  expect(first.before).toMatchObject({ version: 1, state: { kind: 'scheduled' }, sessions: [] });
  const draft = new JobDraft(first.before);
  for (const [n, { entries, inputs, time, commands, after }] of steps.entries()) {
    const step = `${where}, step ${n + 1}`;
    expect(conduct(draft, entries, inputs, time), step).toEqual(commands);
    expect(statesOf(draft.record()), step).toEqual(statesOf(after));
    draft.commit(true);
  }
  expect(draft.state.kind, where).toBe('complete');
  return steps.length;
}

describe('recorded steps of a job', () => {
  it('taken once more bring about the same states and commands', async () => {
    for (let n = 0; n < 20; n++) {
      recorded.steps.length = 0;
      const rng = new Rng(`replay ${n}`);
      const world = new World({ seed: `replay ${n}` });
      world.device({ loss: rng.between(0, 0.3) });
      world.device({ loss: rng.between(0, 0.3), deviceClass: 'C' });
      world.device({ loss: rng.between(0, 0.3), crc: 'none', uplinkEveryS: 35, losesAnswers: 2 }, BOOK_TRAITS);
      if (rng.chance(0.5)) world.device({ codeRule: 'v2r' }, withRule('v2r'));
      if (rng.chance(0.3)) world.device({ joins: false }, DOT_TRAITS);
      await world.engine.start();
      const waves = rng.chance(0.3) ? { sizes: [1], leastSuccess: 0, needsApproval: false } : undefined;
      const launchDelayS = rng.chance(0.5) ? 100 : undefined;
      const plan = await world.fotaPlan({ launchDelayS, waves }, world.imageOf(1_500));
      await world.engine.accept(plan);
      await world.pass(rng.between(0, 200_000));
      if (rng.chance(0.3)) await world.devices[0]?.restart();
      await world.engine.order(plan.filename, 'pause');
      await world.pass(rng.between(0, 30_000));
      await world.engine.order(plan.filename, 'resume');
      if (rng.chance(0.2)) await world.engine.order(plan.filename, 'abort');
      await world.untilComplete(plan);
      expect(expectReplay(plan, `seed ${n}`)).toBeGreaterThan(5);
      const last = recorded.steps.findLast(({ before }) => before.plan.jobId === plan.jobId);
      // What was stored in the end is what the last step left.
      expect((await world.record(plan)).state).toEqual(last?.after.state);
    }
  });

  it('of a message and of a job that waits for its devices are the same as well', async () => {
    const world = new World();
    world.device();
    world.device({ deviceClass: 'C' });
    await world.engine.start();
    const message = await world.messagePlan({ transmissions: 3 });
    const next = await world.fotaPlan();
    await world.engine.accept(message);
    await world.engine.accept(next);
    await world.untilComplete(next);
    expectReplay(message, 'message');
    expectReplay(next, 'next job');
  });

  it('leave a draft as it was when they are taken back', async () => {
    const world = new World();
    world.device({ loss: 0.2 });
    world.device({ deviceClass: 'C' });
    await world.engine.start();
    const plan = await world.fotaPlan();
    await world.engine.accept(plan);
    await world.untilComplete(plan);
    for (const { before, entries, inputs, time, commands, after } of recorded.steps) {
      const draft = new JobDraft(before);
      conduct(draft, entries, inputs, time);
      draft.rollback();
      expect(draft.record()).toEqual(before);
      expect(draft.change(time.now)).toBeUndefined();
      // As if nothing had been tried.
      expect(conduct(draft, entries, inputs, time)).toEqual(commands);
      expect(statesOf(draft.record())).toEqual(statesOf(after));
    }
  });
});
