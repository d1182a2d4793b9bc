import { join } from 'node:path';
import { type DatagramSocket, type Fleet, type FleetOptions, startFleet } from '@airlift/fleet';
import { CallerError, parseEui64, utcClock } from '@airlift/kernel';
import type { AirliftServer } from './airlift-server.ts';
import type { ServerConfig } from './server-config.ts';

/** The fleet that runs beside the server, for trying things out. */
export type SimulatedFleet = Fleet;

/** What a composition may want of the fleet that no operator sets: devices that misbehave, another air between them. */
export type FleetChanges = Pick<FleetOptions, 'behaviour' | 'radio'> & {
  /** The devices remember nothing across restarts; for instances that are never started again. */
  readonly forgets?: boolean;
  /** Leads to the server's UDP port; one is bound unless given. */
  readonly socket?: DatagramSocket;
};

/**
 * Provisions simulated devices and starts them. They reach the server through its UDP port like any others; what they
 * receive lands in `<data>/sim/<deveui>/`, and what they remember across restarts beside it.
 */
export async function startSimulatedFleet(
  server: AirliftServer,
  config: ServerConfig,
  { socket, forgets, ...changes }: FleetChanges = {},
): Promise<SimulatedFleet> {
  const folder = join(config.data, 'sim');
  const fleet = startFleet({
    clock: utcClock(server.clock),
    seed: config.seed,
    deviceCount: config.simulate,
    loss: config.loss,
    region: config.region,
    ...(config.subBand === null ? {} : { subBand: config.subBand }),
    udp: socket ?? { host: '127.0.0.1', port: server.udpPort },
    uplinkIntervalS: config.uplinkInterval,
    outDir: folder,
    ...(forgets === true ? {} : { memoryDir: folder }),
    ...changes,
  });
  for (const { deveui, name, appeui, appkey, genappkey, class: deviceClass } of fleet.whitelist()) {
    const device = {
      devEui: parseEui64(deveui),
      name,
      appEui: parseEui64(appeui),
      appKey: appkey,
      genAppKey: genappkey,
      deviceClass,
      deviceProfileId: undefined,
      networkProfileId: undefined,
      fuotaProfile: undefined,
    };
    try {
      await server.whitelist.add(device);
    } catch (error) {
      // Provisioned by an earlier start; the operator may have changed it since.
      if (!(error instanceof CallerError && error.code === 'device-exists')) throw error;
    }
  }
  return fleet;
}
