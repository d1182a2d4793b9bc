import { readdir } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { expect } from 'vitest';
import { fileForm } from './contract-client.ts';
import type { CrashWorld } from './crash-world.ts';
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
const JOINS_WITHIN_MS = 20_000;
const END_WITHIN_MS = 90_000;
/** Real seconds of the set-up that the server is there. */
const SETUP_WORK_S = 6;
const STARTS_DURING_SETUP = 6;

/** Drives one job from upload to result, killing the server at every point of the plan; returns the kills in between. */
export async function tellCrashStory(world: CrashWorld, plan: KillPlan, image: Uint8Array): Promise<number> {
  const { client, fleet } = world;
  await world.start();
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
    const { overall_percent_complete: percent } = await client.progress(FOTA_NAME);
    if (percent < 100) killsWithin = world.kills - killsBefore;
    expect((await client.scheduled()).map(({ filename }) => filename)).toContain(MESSAGE_NAME);
  };
  await startAgain();

  for (const point of plan.setup) {
    await framesPass(world, point, () => world.air.unicastFrames, SETUP_PATIENCE_MS);
    await world.kill();
    await startAgain();
  }
  await until('the broadcast began', END_WITHIN_MS, () => world.air.groupFrames.length > 0);
  const starts = [...plan.starts];
  for (const [round, point] of plan.broadcast.entries()) {
    await framesPass(world, point, () => world.air.groupFrames.length, BROADCAST_PATIENCE_MS);
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
  return killsWithin;
}

/** A file of which the client was told that it is stored is stored; of one that was still coming, nothing is left. */
async function uploadSurvives(world: CrashWorld, image: Uint8Array): Promise<void> {
  const { client, dataDir } = world;
  await beginUpload(client.port, client.token, image);
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
  const setupS = SETUP_WORK_S + (STARTS_DURING_SETUP * Math.max(...startsMs)) / 1000;
  const launchS = Math.ceil(setupS * world.timeScale);
  await client.accepted('POST', '/api/lora/fota', fotaBody(world, launchS));
  await world.kill();
  await world.start();
  const { overall_percent_complete: percent, devices } = await client.progress(FOTA_NAME);
  expect(percent).toBeLessThan(10);
  expect(devices.length).toBe(world.fleet.devices.length);

  await client.accepted('POST', '/api/lora/mcm', {
    transmission_type: 'Message',
    endDeviceDeveuis: world.devEuis(),
    multicastGroupID: 1,
    multicastMessage: {
      messageFormat: 'Hexadecimal',
      messagePayload: MESSAGE_HEX,
      messagePort: MESSAGE_PORT,
      multicastSessionTimeout: 10,
    },
    // In the middle of the other job, so that it has to wait for the end of that.
    scheduledTimeSinceUnixEpoch: Math.floor(clock.now() / 1000) + launchS + 60,
    launchTimeFromSetupTime: 60,
    schedule_filename: MESSAGE_NAME,
  });
  await world.kill();
}

function fotaBody(world: CrashWorld, launchS: number): object {
  return {
    transmission_type: 'FOTA',
    endDeviceDeveuis: world.devEuis(),
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

async function framesPass(
  world: CrashWorld,
  { frames, delayMs }: KillPoint,
  count: () => number,
  patienceMs: number,
): Promise<void> {
  const enough = count() + frames;
  await holdsWithin(patienceMs, () => count() >= enough);
  await realPause(delayMs);
}

/** Sends half of an upload and leaves the connection open. */
async function beginUpload(port: number, token: string, image: Uint8Array): Promise<void> {
  const { body, contentType } = fileForm(FIRMWARE, image);
  const call = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/api/command/upload_lora_fota_file',
    agent: false,
    rejectUnauthorized: false,
    headers: { cookie: `token=${token}`, 'content-type': contentType, 'content-length': body.length },
  });
  // The kill breaks it.
  call.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    call.write(body.subarray(0, body.length / 2), () => resolve());
  });
}
