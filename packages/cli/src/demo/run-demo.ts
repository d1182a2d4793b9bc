import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobResultJson } from '@airlift/contract';
import { CallerError } from '@airlift/kernel';
import { type DemoInstance, type DemoSettings, startDemoInstance } from '@airlift/server';
import { ContractClient } from './contract-client.ts';
import { type Firmware, sha256 } from './demo-firmware.ts';

/** Where the demo stands, for whoever shows it. */
export interface DemoWatcher {
  step(text: string): void;
  progress(percent: number, phase: string): void;
}

export interface DemoDevice {
  readonly deveui: string;
  readonly status: string;
  readonly verified_by: string | null;
  readonly fragments_heard: number;
  readonly parity_used: number;
  /** Seconds from the acceptance of the job to the complete image; null when it never was. */
  readonly seconds: number | null;
  /** Of the image that the device holds; null when it holds none. */
  readonly sha256: string | null;
  readonly identical: boolean;
  readonly reason: string | null;
}

/** What the demo found, as `--json` prints it. */
export interface DemoReport {
  readonly devices: number;
  readonly completed: number;
  readonly region: string;
  readonly loss: number;
  readonly seed: string;
  readonly image: { readonly name: string; readonly size_bytes: number; readonly sha256: string };
  readonly frames: { readonly plain: number; readonly parity: number; readonly status: number };
  readonly airtime_ms: number;
  readonly session_seconds: number;
  readonly wall_seconds: number;
  readonly per_device: readonly DemoDevice[];
}

const POLL_EVERY_MS = 50;
const JOIN_LIMIT_MS = 24 * 3_600_000;
const WATCH_JOINS_EVERY_MS = 20;
const STORE_LIMIT_MS = 120_000;

/** Goes through the documented calls against a private instance, and compares what the devices received. */
export async function runDemo(firmware: Firmware, settings: DemoSettings, watcher: DemoWatcher): Promise<DemoReport> {
  const startedAt = performance.now();
  watcher.step(`Starting a private server and ${settings.devices} simulated devices (${settings.region})`);
  const instance = await startDemoInstance(settings);
  try {
    await allJoined(instance, settings.devices, watcher);
    const client = new ContractClient(instance.server.httpsPort);
    watcher.step('POST /api/login');
    await client.login('admin', instance.adminPassword);
    watcher.step(`POST /api/command/upload_lora_fota_file  ${firmware.name}, ${firmware.image.length} octets`);
    await client.uploadFirmware(firmware.name, firmware.image);
    watcher.step('POST /api/lora/fota');
    const scheduledAt = instance.time.clock.now();
    await client.schedule({
      transmission_type: 'FOTA',
      endDeviceDeveuis: instance.fleet.whitelist().map((device) => device.deveui),
      multicastGroupID: 0,
      fotaFile: firmware.name,
      keep_log: true,
    });
    watcher.step('GET /api/lora/fotaprogress until 100');
    await untilComplete(instance, client, watcher);
    watcher.step('GET /api/lora/fotaresults');
    const [operation] = await client.results();
    if (operation === undefined) throw new CallerError('demo-failed', 'The server lists no result');
    return await report(instance, firmware, settings, operation, { startedAt, scheduledAt });
  } finally {
    await instance.stop();
  }
}

async function allJoined({ fleet, time }: DemoInstance, devices: number, watcher: DemoWatcher): Promise<void> {
  const limit = time.clock.now() + JOIN_LIMIT_MS;
  time.resume();
  for (;;) {
    const joined = fleet.snapshot().filter((device) => device.joined).length;
    if (joined === devices) break;
    if (time.clock.now() > limit) {
      watcher.step(`Only ${joined} of ${devices} devices joined within a day; going on with those`);
      break;
    }
    await realPause(WATCH_JOINS_EVERY_MS);
  }
  // Time stands still while the calls are made: however slow the machine, the fleet is as it was when it had joined.
  time.pause();
}

async function untilComplete(instance: DemoInstance, client: ContractClient, watcher: DemoWatcher): Promise<void> {
  instance.time.resume();
  for (;;) {
    const { overall_percent_complete: percent, operations } = await client.progress();
    watcher.progress(percent, operations[0]?.current_phase ?? '');
    if (percent === 100) break;
    await realPause(POLL_EVERY_MS);
  }
  // A device whose check value was confirmed stores its image once the confirmation reaches it.
  const limit = instance.time.clock.now() + STORE_LIMIT_MS;
  while (instance.time.clock.now() < limit && instance.fleet.snapshot().some((device) => device.images === 0)) {
    await realPause(POLL_EVERY_MS);
  }
  instance.time.pause();
}

async function report(
  instance: DemoInstance,
  firmware: Firmware,
  settings: DemoSettings,
  operation: JobResultJson,
  times: { readonly startedAt: number; readonly scheduledAt: number },
): Promise<DemoReport> {
  const imageSha = sha256(firmware.image);
  const perDevice = await Promise.all(
    operation.devices.map(async (device): Promise<DemoDevice> => {
      const received = await readReceived(join(instance.receivedDir, device.deveui.replace(/-/g, '')));
      const sha = received === undefined ? null : sha256(received.image);
      return {
        deveui: device.deveui,
        status: device.status,
        verified_by: device.verified_by ?? null,
        fragments_heard: received?.facts.fragmentsHeard ?? 0,
        parity_used: received?.facts.parityUsed ?? 0,
        seconds: received === undefined ? null : (Date.parse(received.facts.completedAt) - times.scheduledAt) / 1000,
        sha256: sha,
        identical: sha === imageSha,
        reason: device.reason ?? null,
      };
    }),
  );
  const { frames } = operation;
  return {
    devices: settings.devices,
    completed: perDevice.filter((device) => device.identical).length,
    region: settings.region,
    loss: settings.loss,
    seed: settings.seed,
    image: { name: firmware.name, size_bytes: firmware.image.length, sha256: imageSha },
    frames: { plain: frames?.plain ?? 0, parity: frames?.parity ?? 0, status: frames?.status ?? 0 },
    airtime_ms: Math.round(frames?.airtime_ms ?? 0),
    session_seconds: frames?.session_seconds ?? 0,
    wall_seconds: Math.round((performance.now() - times.startedAt) / 100) / 10,
    per_device: perDevice,
  };
}

interface Received {
  readonly image: Uint8Array;
  readonly facts: { readonly fragmentsHeard: number; readonly parityUsed: number; readonly completedAt: string };
}

/** What a device stored; undefined when it never had a whole image. */
async function readReceived(folder: string): Promise<Received | undefined> {
  try {
    const facts: unknown = JSON.parse(await readFile(join(folder, 'received.json'), 'utf8'));
    return { image: new Uint8Array(await readFile(join(folder, 'image.bin'))), facts: facts as Received['facts'] };
  } catch {
    return undefined;
  }
}

function realPause(spanMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, spanMs);
  });
}
