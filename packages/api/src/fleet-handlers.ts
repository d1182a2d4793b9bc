import { contractError, deviceShape, gatewayShape, pageOf, parsePage, statusShape, success } from '@airlift/contract';
import { isEui64Text, parseEui64 } from '@airlift/kernel';
import type { FleetView } from './ports.ts';
import { type Handler, pathPart, queryOf } from './request.ts';

/** What can be seen of the service, its gateways and its devices (contract section 2.8). */
export function fleetHandlers(fleetView: FleetView) {
  return {
    status: async () => success(statusShape(await fleetView.status())),
    stats: async () => success(await fleetView.stats()),
    gateways: async () => success((await fleetView.gateways()).map(gatewayShape)),
    gateway: async (request) => {
      const text = pathPart(request, 'eui');
      const eui = isEui64Text(text) ? parseEui64(text) : undefined;
      const gateway = (await fleetView.gateways()).find((one) => one.gatewayEui === eui);
      if (gateway === undefined) throw contractError('gateway-unknown');
      return success(gatewayShape(gateway));
    },
    devices: async (request) => {
      const page = parsePage(queryOf(request));
      return success(pageOf(await fleetView.devices(), page).map(deviceShape));
    },
  } satisfies Readonly<Record<string, Handler>>;
}
