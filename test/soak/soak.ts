import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fleet, MemoryImageSink, startFleet } from '@airlift/fleet';
import { parseEui64, Rng, realMs, ScaledClock, SystemClock, utcClock } from '@airlift/kernel';
import { AirObserver } from '../crash/support/air-observer.ts';
import { ContractClient } from '../crash/support/contract-client.ts';
import { UdpTap } from '../crash/support/udp-tap.ts';
import { realPause, until } from '../crash/support/waiting.ts';
import { Impostor } from '../hostile/support/impostor.ts';
import { RawDevice, whitelistEntry } from '../hostile/support/raw-device.ts';
import { RawGateway } from '../hostile/support/raw-gateway.ts';
import { SteppingServer } from '../time/support/stepping-server.ts';
import { type Attacker, hostileDatagrams, hostileRequests, idleConnections } from './attackers.ts';

const TIME_SCALE = 10;
const HOUR_MS = 3_600_000;
const STEP_EVERY_MS = 8_000;
const WATCH_EVERY_MS = 100;
const LOGIN_EVERY_MS = 3_000;
const IMPOSTOR_EVERY_MS = 100;
const FIRMWARE_OCTETS = 3_000;
const JOINS_WITHIN_MS = 60_000;
/** A job that is under way when the time is over is waited for. */
const JOB_WITHIN_MS = 180_000;

export interface SoakOptions {
  readonly minutes: number;
  readonly devices: number;
  readonly seed: string;
}

/** What held, in figures. */
export interface SoakReport {
  readonly seed: string;
  readonly seconds: number;
  readonly attacks: Readonly<Record<string, number>>;
  readonly dateSteps: number;
  readonly jobs: number;
  readonly devicesServed: number;
  readonly devicesFailed: number;
  /** Images on the devices that differ from the one that was sent. */
  readonly wrongImages: number;
  readonly framesStolen: number;
  /** (Address, frame counter) pairs that went out twice, and whatever else was wrong on the air. */
  readonly faultsOnAir: readonly string[];
  readonly requests: number;
  readonly requestsRefused: readonly string[];
  readonly logins: number;
  readonly loginsRefused: number;
  readonly answerMs: { readonly p50: number; readonly p99: number; readonly most: number };
  readonly residentMb: { readonly first: number; readonly most: number; readonly last: number };
  readonly logLines: number;
  readonly complaints: readonly string[];
  readonly stopMs: number;
}

/** One server with one job after the other, an ordinary operator, and everything that wishes it ill at once. */
export async function soak({ minutes, devices, seed }: SoakOptions, tell: (line: string) => void): Promise<SoakReport> {
  const rng = new Rng(seed);
  const undo: (() => unknown)[] = [];
  try {
    const dataDir = await mkdtemp(join(tmpdir(), 'airlift-soak-'));
    undo.push(() => rm(dataDir, { recursive: true, force: true }));
    const timeAnchor = Math.floor(Date.now() / 1000);
    const server = await SteppingServer.start({ dataDir, timeScale: TIME_SCALE, timeAnchor });
    undo.push(() => server.process.kill());
    const { httpsPort, udpPort, pid } = server.process;

    const shown: { air?: AirObserver } = {};
    const tap = await UdpTap.open((direction, octets) => shown.air?.show(direction, octets));
    tap.serverPort = udpPort;
    undo.push(() => tap.close());
    const sink = new MemoryImageSink();
    const fleet: Fleet = startFleet({
      clock: utcClock(new ScaledClock(new SystemClock(), { scale: TIME_SCALE, anchor: realMs(timeAnchor * 1000) })),
      seed,
      deviceCount: devices,
      loss: 0.05,
      uplinkIntervalS: 10,
      bootSpreadS: 2,
      sink,
      udp: { host: '127.0.0.1', port: tap.port },
    });
    undo.push(() => fleet.stop());
    const air = new AirObserver(fleet.whitelist());
    shown.air = air;

    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    undo.push(() => agent.destroy());
    const client = new ContractClient(httpsPort, agent);
    await client.login();
    const raw = await RawGateway.open(udpPort, parseEui64('0080000000bad001'));
    undo.push(() => raw.close());
    const victim = new RawDevice(whitelistEntry(1, rng), raw);
    for (const entry of [...fleet.whitelist(), victim.entry]) {
      await client.accepted('POST', '/api/loraNetwork/whitelist/devices', entry);
    }
    const image = rng.fork('firmware').octets(FIRMWARE_OCTETS);
    await client.upload('soaked.bin', image);
    await until('every device joined', JOINS_WITHIN_MS, () => fleet.snapshot().every(({ joined }) => joined));
    const memory = await startMemoryWatch(pid);
    undo.push(() => memory.stop());

    const began = performance.now();
    const endsAt = began + minutes * 60_000;
    const impostor = await Impostor.open(udpPort, fleet.gateway.eui, IMPOSTOR_EVERY_MS);
    undo.push(() => impostor.close());
    const attackers: Attacker[] = [
      await hostileDatagrams(udpPort, victim, rng.fork('datagrams')),
      hostileRequests(httpsPort, rng.fork('requests')),
      idleConnections(httpsPort, rng.fork('connections')),
    ];
    undo.push(() => Promise.all(attackers.map((attacker) => attacker.stop())));
    const operator = watch(client, httpsPort);
    undo.push(() => operator.stop());
    const steps = stepDates(server, rng.fork('dates'));
    undo.push(() => steps.stop());

    const outcome = { jobs: 0, devicesServed: 0, devicesFailed: 0 };
    do {
      const name = `soak-${outcome.jobs + 1}`;
      await client.accepted('POST', '/api/lora/fota', {
        transmission_type: 'FOTA',
        endDeviceDeveuis: fleet.whitelist().map(({ deveui }) => deveui),
        multicastGroupID: 0,
        fotaFile: 'soaked.bin',
        launchTimeFromSetupTime: 60,
        schedule_filename: name,
        max_packet_size: 103,
      });
      await until(`${name} is over`, JOB_WITHIN_MS, async () => {
        await realPause(WATCH_EVERY_MS);
        return (await client.progress(name)).overall_percent_complete === 100;
      });
      const result = (await client.results()).find(({ filename }) => filename === name);
      outcome.jobs += 1;
      for (const { status } of result?.devices ?? []) {
        if (status === 'success') outcome.devicesServed += 1;
        else outcome.devicesFailed += 1;
      }
      tell(`${name}: ${result?.devices.map(({ status }) => status).join(' ')}`);
    } while (performance.now() < endsAt);

    await steps.stop();
    await operator.stop();
    const seconds = Math.round((performance.now() - began) / 1000);
    const resident = memory.stop();
    // With everything still open.
    const stopBegan = performance.now();
    await server.process.signal('SIGTERM');
    const stopMs = Math.round(performance.now() - stopBegan);
    const attacks = Object.assign({ impostorPulls: impostor.pulls }, ...attackers.map(({ done }) => done)) as Record<
      string,
      number
    >;
    return {
      seed,
      seconds,
      attacks,
      dateSteps: steps.count(),
      ...outcome,
      wrongImages: sink.images.filter(({ octets }) => Buffer.compare(octets, image) !== 0).length,
      framesStolen: impostor.stolen,
      faultsOnAir: air.faults,
      ...operator.report(),
      residentMb: resident,
      logLines: server.process.log.split('\n').length - 1,
      complaints: server.process.complaints,
      stopMs,
    };
  } finally {
    for (const step of undo.splice(0).reverse()) await step();
  }
}

/** An ordinary operator: looks at the progress all the time, and logs in anew now and then. */
function watch(client: ContractClient, httpsPort: number) {
  const times: number[] = [];
  const refused: string[] = [];
  const logins = { logins: 0, loginsRefused: 0 };
  let going = true;
  const looking = (async () => {
    while (going) {
      const began = performance.now();
      await client.progress().catch((error: unknown) => refused.push(String(error)));
      times.push(performance.now() - began);
      await realPause(WATCH_EVERY_MS);
    }
  })();
  const loggingIn = (async () => {
    while (going) {
      const another = new ContractClient(httpsPort);
      logins.logins += 1;
      await another.login().catch(() => {
        logins.loginsRefused += 1;
      });
      await realPause(LOGIN_EVERY_MS);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await Promise.all([looking, loggingIn]);
    },
    report: () => {
      const sorted = [...times].sort((a, b) => a - b);
      const at = (share: number): number => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
      return {
        requests: times.length,
        requestsRefused: refused,
        ...logins,
        answerMs: { p50: at(0.5), p99: at(0.99), most: at(1) },
      };
    },
  };
}

/** Sets the date of the server an hour ahead or back, again and again. */
function stepDates(server: SteppingServer, rng: Rng) {
  let going = true;
  let count = 0;
  let aheadMs = 0;
  const loop = (async () => {
    for (let waited = 0; going; waited += WATCH_EVERY_MS) {
      await realPause(WATCH_EVERY_MS);
      if (waited < STEP_EVERY_MS) continue;
      waited = 0;
      aheadMs += rng.chance(0.5) ? HOUR_MS : -HOUR_MS;
      await server.setDate(aheadMs);
      count += 1;
    }
  })();
  return {
    count: () => count,
    stop: async () => {
      going = false;
      await loop;
    },
  };
}

/** Resident memory of a process as the kernel has it, octets in megabytes. */
async function startMemoryWatch(pid: number) {
  const look = async (): Promise<number> => {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1000;
  };
  const first = await look();
  let most = first;
  let last = first;
  const timer = setInterval(() => {
    void look().then((now) => {
      last = now;
      most = Math.max(most, now);
    });
  }, 500);
  return {
    stop: () => {
      clearInterval(timer);
      return { first: Math.round(first), most: Math.round(most), last: Math.round(last) };
    },
  };
}
