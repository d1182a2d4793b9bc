import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { behaviour, type Fleet, MemoryImageSink, startFleet } from '@airlift/fleet';
import { type Clock, realMs, ScaledClock, SystemClock, utcClock } from '@airlift/kernel';
import { AirObserver } from './air-observer.ts';
import { ContractClient } from './contract-client.ts';
import { freePort } from './ports.ts';
import { type Exit, ServerProcess } from './server-process.ts';
import { UdpTap } from './udp-tap.ts';
import { realPause } from './waiting.ts';

/** Devices of the job that is interrupted, and others that take no part in it. */
const FOTA_DEVICES = 4;
const MESSAGE_DEVICES = 2;
const LOSS = 0.08;
const POLL_EVERY_MS = 60;

/**
 * How much faster than real time to run on a machine on which a start takes so long: receive windows are open for a
 * moment only, and what a start takes is time that the devices have to wait.
 */
function timeScaleFor(startMs: number): number {
  if (startMs < 1_500) return 20;
  return startMs < 3_000 ? 10 : 5;
}

interface WorldSettings {
  readonly dataDir: string;
  readonly httpsPort: number;
  readonly udpPort: number;
  readonly timeScale: number;
  readonly timeAnchor: number;
}

/** A server that dies again and again, devices that live on, and everything that passed between them. */
export class CrashWorld {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly fleet: Fleet;
  readonly images = new MemoryImageSink();
  readonly air: AirObserver;
  readonly client = new ContractClient(0);
  /** What every incarnation complained of in its log. */
  readonly complaints: string[] = [];
  /** Figures that went down, by job. */
  readonly setbacks: string[] = [];
  /** Real milliseconds that the starts took, as far as they were waited for. */
  readonly startsMs: number[] = [];
  kills = 0;
  readonly #tap: UdpTap;
  readonly #settings: WorldSettings;
  readonly #percent = new Map<string, number>();
  #server: ServerProcess | undefined;
  #watching = true;
  readonly #watched: Promise<void>;

  private constructor(made: {
    readonly fleet: Fleet;
    readonly images: MemoryImageSink;
    readonly air: AirObserver;
    readonly tap: UdpTap;
    readonly clock: Clock;
    readonly settings: WorldSettings;
    readonly server: ServerProcess;
    readonly startMs: number;
  }) {
    this.fleet = made.fleet;
    this.images = made.images;
    this.air = made.air;
    this.clock = made.clock;
    this.dataDir = made.settings.dataDir;
    this.#tap = made.tap;
    this.#settings = made.settings;
    this.#server = made.server;
    this.startsMs.push(made.startMs);
    this.client.port = made.settings.httpsPort;
    this.#watched = this.#watchProgress();
  }

  /** The world with its first incarnation running, on which time is still real. */
  static async create(seed: string): Promise<CrashWorld> {
    const udpPort = await freePort();
    const place = {
      dataDir: await mkdtemp(join(tmpdir(), 'airlift-crash-')),
      httpsPort: await freePort(),
      udpPort,
    };
    const server = new ServerProcess(place);
    const startMs = await server.ready();

    const timeScale = timeScaleFor(startMs);
    const timeAnchor = Math.floor(Date.now() / 1000);
    const clock = new ScaledClock(new SystemClock(), { scale: timeScale, anchor: realMs(timeAnchor * 1000) });
    const show: { air?: AirObserver } = {};
    const tap = await UdpTap.open((direction, octets) => show.air?.show(direction, octets));
    tap.serverPort = udpPort;
    const images = new MemoryImageSink();
    const fleet = startFleet({
      clock: utcClock(clock),
      seed,
      deviceCount: FOTA_DEVICES + MESSAGE_DEVICES,
      loss: LOSS,
      uplinkIntervalS: 10,
      bootSpreadS: 4,
      sink: images,
      udp: { host: '127.0.0.1', port: tap.port },
      // The server is away for longer, as devices see it, than one that is restarted would be.
      behaviour: (index) =>
        behaviour('multitech-dot', {
          mac: { deviceClass: index === 0 ? 'C' : 'A' },
          integrity: { maxRequests: 60 },
        }),
    });
    const air = new AirObserver(fleet.whitelist());
    show.air = air;
    return new CrashWorld({
      fleet,
      images,
      air,
      tap,
      clock,
      settings: { ...place, timeScale, timeAnchor },
      server,
      startMs,
    });
  }

  get timeScale(): number {
    return this.#settings.timeScale;
  }

  /** DevEUIs of the interrupted job, as the HTTP contract writes them. */
  fotaDevEuis(): readonly string[] {
    return this.#devEuis().slice(0, FOTA_DEVICES);
  }

  /** Those of the job that follows it. */
  messageDevEuis(): readonly string[] {
    return this.#devEuis().slice(FOTA_DEVICES);
  }

  #devEuis(): readonly string[] {
    return this.fleet.whitelist().map(({ deveui }) => deveui);
  }

  /** A new incarnation, up and serving. */
  async start(): Promise<void> {
    this.#server = this.#spawn();
    this.startsMs.push(await this.#server.ready());
  }

  /** A new incarnation that is killed so many milliseconds after its beginning. */
  async startAndKill(afterMs: number): Promise<void> {
    this.#server = this.#spawn();
    await realPause(afterMs);
    await this.kill();
  }

  async kill(): Promise<void> {
    this.kills += 1;
    await this.#server?.kill();
    this.complaints.push(...(this.#server?.complaints ?? []));
  }

  /** Stops the server as an operator does. */
  async stop(): Promise<Exit | undefined> {
    const exit = await this.#server?.signal('SIGTERM');
    this.complaints.push(...(this.#server?.complaints ?? []));
    return exit;
  }

  async close(): Promise<void> {
    this.#watching = false;
    await this.#watched;
    await this.#server?.kill();
    this.fleet.stop();
    this.#tap.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  #spawn(): ServerProcess {
    this.air.incarnation += 1;
    return new ServerProcess(this.#settings);
  }

  /** Reads the progress of all jobs whenever the server is there, as clients do, and notes every figure that went down. */
  async #watchProgress(): Promise<void> {
    while (this.#watching) {
      await realPause(POLL_EVERY_MS);
      if (this.#server?.running !== true || this.client.token === '') continue;
      try {
        for (const job of (await this.client.progress()).operations) {
          const { filename, overall_percent_complete: percent } = job;
          const before = this.#percent.get(filename) ?? 0;
          if (percent < before) this.setbacks.push(`${filename} went from ${before} to ${percent}`);
          this.#percent.set(filename, percent);
        }
      } catch {
        // The server died meanwhile.
      }
    }
  }
}
