import { expect, it } from 'vitest';
import { soak } from './soak.ts';

const SEED = process.env.AIRLIFT_SOAK_SEED ?? 'short';

// A short run of `npm run soak`.
it(`everything at once harms neither the job nor the operator (AIRLIFT_SOAK_SEED=${SEED})`, async () => {
  const report = await soak({ minutes: 0.25, devices: 4, seed: SEED }, () => undefined);
  expect(report).toMatchObject({
    devicesFailed: 0,
    wrongImages: 0,
    framesStolen: 0,
    faultsOnAir: [],
    requestsRefused: [],
    loginsRefused: 0,
    complaints: [],
  });
  expect(report.devicesServed).toBe(4 * report.jobs);
  expect(report.attacks.serverErrors).toBe(0);
  expect(report.dateSteps).toBeGreaterThan(0);
  expect(report.attacks.forgedJoins).toBeGreaterThan(100);
  // What is told is a matter of minutes and kinds, not of datagrams.
  expect(report.logLines).toBeLessThan(400);
  expect(report.residentMb.most).toBeLessThan(500);
  expect(report.stopMs).toBeLessThan(5_000);
}, 300_000);
