import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { CrashWorld } from './crash-world.ts';
import { beginUpload } from './half-upload.ts';
import type { KillPlan, KillPoint } from './kill-plan.ts';
import { holdsWithin, realPause, until } from './waiting.ts';

export const FOTA_NAME = 'crash-fota';
export const MESSAGE_NAME = 'crash-message';
export const MESSAGE_PORT = 20;
export const MESSAGE_HEX = '48656c6c6f';
export const FRAGMENT_OCTETS = 49;

const FIRMWARE = 'crash.bin';
/** Real milliseconds after which a kill does not wait for its frames any longer. */
const SETUP_PATIENCE_MS = 1_200;
const BROADCAST_PATIENCE_MS = 4_000;
const VERIFICATION_PATIENCE_MS = 2_500;
const JOINS_WITHIN_MS = 40_000;
const END_WITHIN_MS = 240_000;
/** Real seconds that the devices are given to be set up, beside those that the starts take. */
const SETUP_WORK_S = 7;
const MESSAGE_SETUP_S = 5;
const STARTS_DURING_SETUP = 5;
/** Starts may take so much longer than the longest so far. */
const SLOWER_STARTS = 1.2;

/** Drives one job from upload to result, killing the server at every point of the plan; returns the kills in between. */
export async function tellCrashStory(world: CrashWorld, plan: KillPlan, image: Uint8Array): Promise<number> {
  const { client, fleet } = world;
  await client.login();
  for (const device of fleet.whitelist()) {
    await client.accepted('POST', '/api/loraNetwork/whitelist/devices', device);
  }
  await uploadSurvives(world, image);
  await until('every device joined', JOINS_WITHIN_MS, () => fleet.snapshot().every(({ joined }) => joined));

  const killsBefore = world.kills;
  let killsWithin = 0;
  await jobsSurvive(world);
  /** Start again; whatever was accepted must be there. */
  const startAgain = async (): Promise<void> => {
    await world.start();
    if ((await client.progress(FOTA_NAME)).overall_percent_complete < 100) killsWithin = world.kills - killsBefore;
    expect((await client.progress(MESSAGE_NAME)).devices.length).toBe(world.messageDevEuis().length);
  };
  await startAgain();

  for (const point of plan.setup) {
    await framesPass(point, () => world.air.unicastFrames, SETUP_PATIENCE_MS);
    await world.kill();
    await startAgain();
  }
  await until('the broadcast began', END_WITHIN_MS, () => world.air.groupFrames.length > 0);
  const starts = [...plan.starts];
  for (const [round, point] of plan.broadcast.entries()) {
    await framesPass(point, () => world.air.groupFrames.length, BROADCAST_PATIENCE_MS);
    await world.kill();
    const share = round % 3 === 1 ? starts.pop() : undefined;
    if (share !== undefined) await world.startAndKill(share * Math.min(...world.startsMs));
    await startAgain();
  }
  for (const delayMs of plan.verification) {
    await holdsWithin(VERIFICATION_PATIENCE_MS, () => world.images.images.length > 0);
    await realPause(delayMs);
    await world.kill();
    await startAgain();
  }
  for (const name of [FOTA_NAME, MESSAGE_NAME]) {
    await until(`${name} is complete`, END_WITHIN_MS, async () => {
      return (await client.progress(name)).overall_percent_complete === 100;
    });
  }
  // A device whose answer was lost on the air asks again; finished jobs are answered too.
  await until('all devices stored the image', END_WITHIN_MS, () => {
    return new Set(world.images.images.map(({ device }) => device)).size === world.fotaDevEuis().length;
  });
  return killsWithin;
}

/** A file of which the client was told that it is stored is stored; of one that was still coming, nothing is left. */
async function uploadSurvives(world: CrashWorld, image: Uint8Array): Promise<void> {
  const { client, dataDir } = world;
  await beginUpload(client, FIRMWARE, image);
  await world.kill();
  await world.start();
  expect(await readdir(join(dataDir, 'images', 'incoming'))).toEqual([]);
  expect(await client.json('POST', '/api/lora/fota', fotaBody(world, 60))).toMatchObject({ httpStatus: 404 });

  expect(await client.upload(FIRMWARE, image)).toMatchObject({ httpStatus: 200 });
  await world.kill();
  await world.start();
}

/** Jobs of which the client was told that they are accepted are there after a kill that comes right behind the answer. */
async function jobsSurvive(world: CrashWorld): Promise<void> {
  const { client, clock, startsMs } = world;
  const setupS = SETUP_WORK_S + (STARTS_DURING_SETUP * Math.max(...startsMs) * SLOWER_STARTS) / 1000;
  const launchS = Math.ceil(setupS * world.timeScale);
  await client.accepted('POST', '/api/lora/fota', fotaBody(world, launchS));
  await world.kill();
  await world.start();
  const { overall_percent_complete: percent, devices } = await client.progress(FOTA_NAME);
  expect(percent).toBeLessThan(10);
  expect(devices.length).toBe(world.fotaDevEuis().length);

  await client.accepted('POST', '/api/lora/mcm', {
    transmission_type: 'Message',
    endDeviceDeveuis: world.messageDevEuis(),
    multicastGroupID: 1,
    multicastMessage: {
      messageFormat: 'Hexadecimal',
      messagePayload: MESSAGE_HEX,
      messagePort: MESSAGE_PORT,
      multicastSessionTimeout: 10,
    },
    // In the middle of the other job, so that it has to wait for the end of that.
    scheduledTimeSinceUnixEpoch: Math.floor(clock.now() / 1000) + launchS + 60,
    launchTimeFromSetupTime: MESSAGE_SETUP_S * world.timeScale,
    schedule_filename: MESSAGE_NAME,
  });
  await world.kill();
}

function fotaBody(world: CrashWorld, launchS: number): object {
  return {
    transmission_type: 'FOTA',
    endDeviceDeveuis: world.fotaDevEuis(),
    multicastGroupID: 0,
    fotaFile: FIRMWARE,
    launchTimeFromSetupTime: launchS,
    schedule_filename: FOTA_NAME,
    max_packet_size: FRAGMENT_OCTETS + 3,
    sleep_time: 1_500,
    // Parity frames are what the length of the session is reckoned by: it has to last through all the restarts.
    psleep_time: 8_000,
    ssleep_time: 500,
  };
}

async function framesPass({ frames, delayMs }: KillPoint, count: () => number, patienceMs: number): Promise<void> {
  const enough = count() + frames;
  await holdsWithin(patienceMs, () => count() >= enough);
  await realPause(delayMs);
}
