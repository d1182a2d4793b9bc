import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fleet, MemoryImageSink, startFleet } from '@airlift/fleet';
import { type Eui64, parseEui64, Rng, realMs, ScaledClock, SystemClock, utcClock } from '@airlift/kernel';
import { ContractClient } from '../../crash/support/contract-client.ts';
import { ServerProcess } from '../../crash/support/server-process.ts';
import { holdsWithin, realPause, until } from '../../crash/support/waiting.ts';
import { RawDevice, whitelistEntry } from './raw-device.ts';
import { RawGateway } from './raw-gateway.ts';

export const JOB = 'under-attack';
const TIME_SCALE = 10;
const DEVICES = 3;
const FIRMWARE_OCTETS = 3_000;
const JOINS_WITHIN_MS = 20_000;
const WATCH_EVERY_MS = 50;
/** Fewer than the receive buffer of a socket holds by default. */
const DATAGRAMS_AT_ONCE = 100;

/** A server with a running job, an ordinary fleet, and somebody who wishes it ill. */
export class HostileWorld {
  readonly server: ServerProcess;
  readonly client: ContractClient;
  /** A device of the job, with valid keys. */
  readonly device: RawDevice;
  /** A provisioned device that has nothing to do with the job. */
  readonly victim: RawDevice;
  readonly gateway: RawGateway;
  readonly dataDir: string;
  /** Real milliseconds that the slowest answer to an ordinary client took. */
  slowestAnswerMs = 0;
  /** What an ordinary client was refused. */
  readonly refusals: string[] = [];
  readonly #fleet: Fleet;
  readonly #agent: Agent;
  #watching = true;
  #watched: Promise<void> = Promise.resolve();

  private constructor(made: {
    readonly server: ServerProcess;
    readonly client: ContractClient;
    readonly device: RawDevice;
    readonly victim: RawDevice;
    readonly gateway: RawGateway;
    readonly dataDir: string;
    readonly fleet: Fleet;
    readonly agent: Agent;
  }) {
    this.server = made.server;
    this.client = made.client;
    this.device = made.device;
    this.victim = made.victim;
    this.gateway = made.gateway;
    this.dataDir = made.dataDir;
    this.#fleet = made.fleet;
    this.#agent = made.agent;
  }

  static async create(seed: string): Promise<HostileWorld> {
    const rng = new Rng(seed);
    const dataDir = await mkdtemp(join(tmpdir(), 'airlift-hostile-'));
    const timeAnchor = Math.floor(Date.now() / 1000);
    const server = await ServerProcess.start({ dataDir, timeScale: TIME_SCALE, timeAnchor, logLevel: 'debug' });
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const client = new ContractClient(server.httpsPort, agent);
    await client.login();
    const fleet = startFleet({
      clock: utcClock(new ScaledClock(new SystemClock(), { scale: TIME_SCALE, anchor: realMs(timeAnchor * 1000) })),
      seed,
      deviceCount: DEVICES,
      loss: 0.02,
      uplinkIntervalS: 10,
      bootSpreadS: 2,
      sink: new MemoryImageSink(),
      udp: { host: '127.0.0.1', port: server.udpPort },
    });
    const gateway = await RawGateway.open(server.udpPort, parseEui64('0080000000bad001'));
    const [device, victim] = [1, 2].map((number) => new RawDevice(whitelistEntry(number, rng), gateway));
    if (device === undefined || victim === undefined) throw new Error('no devices');
    const world = new HostileWorld({ server, client, device, victim, gateway, dataDir, fleet, agent });
    await world.#begin(rng.fork('firmware').octets(FIRMWARE_OCTETS));
    return world;
  }

  /** DevEUIs of the job. */
  get devEuis(): readonly string[] {
    return [...this.#fleet.whitelist().map(({ deveui }) => deveui), this.device.entry.deveui];
  }

  /** EUI of the gateway that serves the ordinary devices. */
  get fleetGateway(): Eui64 {
    return this.#fleet.gateway.eui;
  }

  /** Names of the files in the store of images, and of those that are still coming. */
  async storedFiles(): Promise<{ readonly finished: readonly string[]; readonly incoming: readonly string[] }> {
    const finished = await readdir(join(this.dataDir, 'images'));
    return {
      finished: finished.filter((name) => name !== 'incoming'),
      incoming: await readdir(join(this.dataDir, 'images', 'incoming')),
    };
  }

  /** Gateways are answered: everything that was sent before has been dealt with. */
  async gatewaysAreAnswered(): Promise<void> {
    await until('a gateway is answered', 20_000, async () => {
      const token = await this.gateway.pull();
      return holdsWithin(500, () => this.gateway.isAnswered(token));
    });
  }

  /** Sends many datagrams quickly, but no faster than the system can keep them for the server. */
  async flood(count: number, send: (place: number) => Promise<void>): Promise<void> {
    for (let place = 0; place < count; ) {
      const window: Promise<void>[] = [];
      while (window.length < DATAGRAMS_AT_ONCE && place < count) window.push(send(place++));
      await Promise.all(window);
      await this.gatewaysAreAnswered();
    }
  }

  /** Resident memory of the server in octets, as the kernel has it. */
  async residentOctets(): Promise<number> {
    const status = await readFile(`/proc/${this.server.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  async close(): Promise<void> {
    this.#watching = false;
    await this.#watched;
    this.#agent.destroy();
    this.gateway.close();
    this.#fleet.stop();
    await this.server.kill();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async #begin(firmware: Uint8Array): Promise<void> {
    const { client } = this;
    const entries = [...this.#fleet.whitelist(), this.device.entry, this.victim.entry];
    for (const entry of entries) await client.accepted('POST', '/api/loraNetwork/whitelist/devices', entry);
    await client.upload('attacked.bin', firmware);
    await this.gateway.pull();
    await this.device.join();
    await until('every device joined', JOINS_WITHIN_MS, () => this.#fleet.snapshot().every(({ joined }) => joined));
    await client.accepted('POST', '/api/lora/fota', {
      transmission_type: 'FOTA',
      endDeviceDeveuis: this.devEuis,
      multicastGroupID: 0,
      fotaFile: 'attacked.bin',
      launchTimeFromSetupTime: 45,
      schedule_filename: JOB,
      max_packet_size: 53,
    });
    this.#watched = this.#watch();
  }

  /** An ordinary client who asks again and again. */
  async #watch(): Promise<void> {
    while (this.#watching) {
      const began = performance.now();
      try {
        await this.client.progress(JOB);
      } catch (error) {
        if (this.#watching) this.refusals.push(String(error));
      }
      this.slowestAnswerMs = Math.max(this.slowestAnswerMs, performance.now() - began);
      await realPause(WATCH_EVERY_MS);
    }
  }
}
