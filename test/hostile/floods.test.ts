import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fleet, MemoryImageSink, startFleet } from '@airlift/fleet';
import { formatEui64, parseEui64, Rng, realMs, ScaledClock, SystemClock, utcClock } from '@airlift/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { ContractClient } from '../crash/support/contract-client.ts';
import { ServerProcess } from '../crash/support/server-process.ts';
import { holdsWithin, until } from '../crash/support/waiting.ts';
import { Impostor } from './support/impostor.ts';
import { RawDevice, whitelistEntry } from './support/raw-device.ts';
import { RawGateway } from './support/raw-gateway.ts';

const TIME_SCALE = 10;
const DEVICES = 4;
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function startServer(timeScale: number, timeAnchor: number): Promise<[ServerProcess, ContractClient]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'airlift-floods-'));
  closers.push(() => rm(dataDir, { recursive: true, force: true }));
  const server = await ServerProcess.start({ dataDir, timeScale, timeAnchor });
  closers.push(async () => void (await server.kill()));
  const client = new ContractClient(server.httpsPort);
  await client.login();
  return [server, client];
}

function startDevices(udpPort: number, timeAnchor: number): Fleet {
  const fleet = startFleet({
    clock: utcClock(new ScaledClock(new SystemClock(), { scale: TIME_SCALE, anchor: realMs(timeAnchor * 1000) })),
    seed: 'impostor',
    deviceCount: DEVICES,
    loss: 0.02,
    uplinkIntervalS: 10,
    bootSpreadS: 2,
    sink: new MemoryImageSink(),
    udp: { host: '127.0.0.1', port: udpPort },
  });
  closers.push(() => fleet.stop());
  return fleet;
}

describe('somebody who pulls in the name of a gateway ten times a second', () => {
  it('gets no frame of it, his TX_ACK count for nothing, and the job is done on every device', async () => {
    const timeAnchor = Math.floor(Date.now() / 1000);
    const [server, client] = await startServer(TIME_SCALE, timeAnchor);
    const fleet = startDevices(server.udpPort, timeAnchor);
    for (const entry of fleet.whitelist()) {
      await client.accepted('POST', '/api/loraNetwork/whitelist/devices', entry);
    }
    await until('every device joined', 30_000, () => fleet.snapshot().every(({ joined }) => joined));
    const impostor = await Impostor.open(server.udpPort, fleet.gateway.eui, 100);
    closers.push(() => impostor.close());

    await client.upload('image.bin', new Rng('image').octets(3_000));
    await client.accepted('POST', '/api/lora/fota', {
      transmission_type: 'FOTA',
      endDeviceDeveuis: fleet.whitelist().map(({ deveui }) => deveui),
      multicastGroupID: 0,
      fotaFile: 'image.bin',
      launchTimeFromSetupTime: 60,
      schedule_filename: 'job',
    });
    await until('the job is done', 90_000, async () => {
      const { overall_percent_complete: percent } = await client.progress('job');
      return percent === 100;
    });
    const result = (await client.results()).find(({ filename }) => filename === 'job');
    expect(result?.devices.map(({ status }) => status)).toEqual(Array.from({ length: DEVICES }, () => 'success'));
    expect(impostor.stolen).toBe(0);
    expect(impostor.pulls).toBeGreaterThan(20);

    const eui = formatEui64(fleet.gateway.eui);
    const { result: gateway } = await client.accepted('GET', `/api/lora/gateways/${eui}`);
    expect(gateway).toMatchObject({ proven: true, conflict_ip_addr: '127.0.0.1', gweui: eui });
    const { conflicts, drops } = gateway as { conflicts: number; drops: Record<string, number> };
    expect(conflicts).toBeGreaterThan(20);
    expect(drops['tx-ack-foreign']).toBeGreaterThan(20);
    const told = server.log.split('\n').filter((line) => line.includes('another address pulls'));
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThanOrEqual(3);
  }, 150_000);
});

describe('a flood of forged join-requests', () => {
  it('leaves a few lines that count every one of them', async () => {
    const [server, client] = await startServer(1, Math.floor(Date.now() / 1000));
    const gateway = await RawGateway.open(server.udpPort, parseEui64('0080000000bad001'));
    closers.push(() => gateway.close());
    const rng = new Rng('forger');
    const device = new RawDevice(whitelistEntry(1, rng), gateway);
    await client.accepted('POST', '/api/loraNetwork/whitelist/devices', device.entry);
    const stats = async (): Promise<Readonly<Record<string, number>>> =>
      (await client.accepted('GET', '/api/lora/stats')).result as Readonly<Record<string, number>>;

    const sent = 10_000;
    for (let i = 0; i < sent; i += 50) {
      const wrong = Array.from({ length: 50 }, () => device.joinRequest(rng.octets(16)));
      await Promise.all(wrong.map((frame) => gateway.pushFrame(frame)));
      const token = await gateway.pull();
      await holdsWithin(2_000, () => gateway.isAnswered(token));
    }
    const { rx_joins_nok_mic: refused = 0 } = await stats();
    expect(refused).toBeGreaterThan(2_000);
    await server.signal('SIGTERM');

    const lines = server.log
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { msg: string; count?: number });
    expect(lines.length).toBeLessThanOrEqual(10);
    const counted = lines
      .filter(({ msg }) => msg === 'join-request with a wrong key')
      .reduce((sum, { count }) => sum + (count ?? 1), 0);
    expect(counted).toBe(refused);
  }, 60_000);
});
