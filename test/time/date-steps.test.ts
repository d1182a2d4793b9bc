import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fleet, MemoryImageSink, startFleet } from '@airlift/fleet';
import { Rng, realMs, ScaledClock, SystemClock, utcClock } from '@airlift/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { ContractClient } from '../crash/support/contract-client.ts';
import { freePort } from '../crash/support/ports.ts';
import { until } from '../crash/support/waiting.ts';
import { SteppingServer } from './support/stepping-server.ts';

const HOUR_MS = 3_600_000;
const TIME_SCALE = 20;
const DEVICES = 4;
const JOB = 'through-the-hours';
const STOPS_WITHIN_MS = 5_000;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A server that can be moved through the hours, its devices, and an operator who logged in once. */
async function world(seed: string) {
  const dataDir = await mkdtemp(join(tmpdir(), 'airlift-date-'));
  undo.push(() => rm(dataDir, { recursive: true, force: true }));
  const timeAnchor = Math.floor(Date.now() / 1000);
  const place = { dataDir, httpsPort: await freePort(), udpPort: await freePort(), timeScale: TIME_SCALE, timeAnchor };
  const start = async (aheadMs: number): Promise<SteppingServer> => {
    const server = await SteppingServer.start(place, aheadMs);
    undo.push(() => server.process.kill());
    return server;
  };
  const server = await start(0);
  const images = new MemoryImageSink();
  const fleet: Fleet = startFleet({
    clock: utcClock(new ScaledClock(new SystemClock(), { scale: TIME_SCALE, anchor: realMs(timeAnchor * 1000) })),
    seed,
    deviceCount: DEVICES,
    loss: 0.05,
    uplinkIntervalS: 10,
    bootSpreadS: 2,
    sink: images,
    udp: { host: '127.0.0.1', port: place.udpPort },
  });
  undo.push(() => fleet.stop());
  const client = new ContractClient(place.httpsPort);
  await client.login();
  for (const entry of fleet.whitelist()) await client.accepted('POST', '/api/loraNetwork/whitelist/devices', entry);
  await until('every device joined', 30_000, () => fleet.snapshot().every(({ joined }) => joined));
  const image = new Rng(seed).octets(4_000);
  await client.upload('firmware.bin', image);
  return { server, start, images, fleet, client, image };
}

type World = Awaited<ReturnType<typeof world>>;

async function schedule({ client, fleet }: World, more: object = {}): Promise<void> {
  await client.accepted('POST', '/api/lora/fota', {
    transmission_type: 'FOTA',
    endDeviceDeveuis: fleet.whitelist().map(({ deveui }) => deveui),
    multicastGroupID: 0,
    fotaFile: 'firmware.bin',
    setupTimeFromScheduledTime: 0,
    launchTimeFromSetupTime: 60,
    schedule_filename: JOB,
    max_packet_size: 53,
    ...more,
  });
}

const isIn = (client: ContractClient, phase: string) => async (): Promise<boolean> =>
  (await client.progress(JOB)).operations[0]?.current_phase === phase;

/** The job is over, and every device holds the image. */
async function everyDeviceHasTheImage({ client, images, image }: World): Promise<void> {
  await until('the job is over', 90_000, async () => (await client.progress(JOB)).overall_percent_complete === 100);
  const [result] = await client.results();
  expect(result?.devices.map(({ status }) => status)).toEqual(Array.from({ length: DEVICES }, () => 'success'));
  // A device reports a complete block before it has checked it and put it away.
  await until('every device has put its image away', 30_000, () => images.images.length === DEVICES);
  for (const { octets } of images.images) expect(octets).toEqual(image);
}

describe('a date that steps while a job is under way', () => {
  it.each([
    ['an hour ahead', HOUR_MS],
    ['an hour back', -HOUR_MS],
  ])(
    '%s, in set-up and again in the broadcast, moves neither frames nor devices nor log-ins',
    async (_, stepMs) => {
      const here = await world(`steps ${stepMs}`);
      await schedule(here);
      await until('set-up has begun', 20_000, isIn(here.client, 'SETUP'));
      await here.server.setDate(stepMs);
      await until('the broadcast has begun', 30_000, isIn(here.client, 'BROADCASTING'));
      await here.server.setDate(2 * stepMs);
      // The session of the log-in would have ended, and its cookie been refused.
      await everyDeviceHasTheImage(here);
    },
    150_000,
  );

  it('does not hold up a stop, and the job goes on although the date stepped while the server was away', async () => {
    const here = await world('stop');
    await schedule(here);
    await until('the broadcast has begun', 40_000, isIn(here.client, 'BROADCASTING'));
    await here.server.setDate(-HOUR_MS);
    const began = performance.now();
    expect(await here.server.process.signal('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(STOPS_WITHIN_MS);
    await here.start(-HOUR_MS);
    await everyDeviceHasTheImage(here);
  }, 150_000);
});

describe('a date that steps before a job begins', () => {
  it('moves what is scheduled', async () => {
    const here = await world('schedule');
    const scheduledAt = Math.floor(Date.now() / 1000) + 24 * 3_600;
    await schedule(here, { scheduledTimeSinceUnixEpoch: scheduledAt });
    expect((await here.client.scheduled()).map(({ filename }) => filename)).toEqual([JOB]);
    await here.server.setDate(24 * HOUR_MS);
    await until('set-up has begun', 20_000, isIn(here.client, 'SETUP'));
    expect(await here.client.scheduled()).toEqual([]);
    await everyDeviceHasTheImage(here);
  }, 150_000);
});
