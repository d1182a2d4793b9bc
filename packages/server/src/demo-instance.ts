import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatagramSocket, UdpSocket as ForwarderSocket } from '@airlift/fleet';
import { bindUdpSocket, type UdpSocket } from '@airlift/gateways';
import type { Entropy, SteadyMs } from '@airlift/kernel';
import { type AirliftServer, startServer } from './airlift-server.ts';
import { readConfig, type ServerSettings } from './server-config.ts';
import { type FleetChanges, type SimulatedFleet, startSimulatedFleet } from './simulated-fleet.ts';
import { presentInstant, VirtualTime } from './virtual-time.ts';

/** A private server with a simulated fleet, on ports of its own and in virtual time. */
export interface DemoInstance {
  readonly server: AirliftServer;
  readonly fleet: SimulatedFleet;
  readonly time: VirtualTime;
  /** Where the devices put what they received. */
  readonly receivedDir: string;
  readonly adminPassword: string;
  stop(): Promise<void>;
}

export interface DemoSettings {
  readonly devices: number;
  readonly loss: number;
  readonly region: string;
  readonly seed: string;
  readonly logLevel: string;
  /** Further settings of the server. */
  readonly server?: ServerSettings;
  readonly fleet?: Pick<FleetChanges, 'behaviour' | 'radio'>;
  /** Folder that outlives the instance; a temporary one, removed by `stop`, unless given. */
  readonly data?: string;
  /** Where virtual time begins; the present unless given. */
  readonly startAt?: SteadyMs;
  readonly entropy?: Entropy;
}

/**
 * Starts the instance with time standing still.
 * @throws CallerError `config-invalid`
 */
export async function startDemoInstance(settings: DemoSettings): Promise<DemoInstance> {
  const data = settings.data ?? (await mkdtemp(join(tmpdir(), 'airlift-demo-')));
  const adminPassword = 'demo-password';
  const time = new VirtualTime(settings.startAt ?? presentInstant());
  const closers: (() => Promise<void>)[] = [];
  if (settings.data === undefined) closers.push(() => rm(data, { recursive: true, force: true }));
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const config = await readConfig({
      settings: {
        ...settings.server,
        data,
        host: '127.0.0.1',
        httpsPort: 0,
        udpHost: '127.0.0.1',
        udpPort: 0,
        adminPassword,
        region: settings.region,
        simulate: settings.devices,
        loss: settings.loss,
        seed: settings.seed,
        logLevel: settings.logLevel,
      },
    });
    const udpSocket = countedUdp(await bindUdpSocket('127.0.0.1', 0), time);
    const server = await startServer({
      config,
      clock: time.clock,
      udpSocket,
      ...(settings.entropy === undefined ? {} : { entropy: settings.entropy }),
    });
    closers.push(() => server.stop());
    const gatewaySocket = new ForwarderSocket({ host: '127.0.0.1', port: udpSocket.port });
    const fleet = await startSimulatedFleet(server, config, {
      ...settings.fleet,
      // A folder that is removed at the end is not started on again.
      forgets: settings.data === undefined,
      socket: countedDatagrams(gatewaySocket, time),
    });
    closers.push(async () => fleet.stop());
    time.waitFor(server);
    time.start();
    closers.push(() => time.stop());
    return { server, fleet, time, receivedDir: join(data, 'sim'), adminPassword, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function countedUdp(socket: UdpSocket, { traffic }: VirtualTime): UdpSocket {
  return {
    port: socket.port,
    close: () => socket.close(),
    send: (octets, to) => {
      traffic.sent();
      socket.send(octets, to);
    },
    onDatagram: (listener) =>
      socket.onDatagram((octets, from) => {
        traffic.received();
        listener(octets, from);
      }),
  };
}

function countedDatagrams(socket: DatagramSocket, { traffic }: VirtualTime): DatagramSocket {
  return {
    close: () => socket.close(),
    send: (octets) => {
      traffic.sent();
      socket.send(octets);
    },
    onDatagram: (listener) =>
      socket.onDatagram((octets) => {
        traffic.received();
        listener(octets);
      }),
  };
}
