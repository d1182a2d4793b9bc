import type { DeviceView, GatewayView, ServiceStatus } from '@airlift/contract';
import type { FleetView } from '../src/ports.ts';

/** `FleetView` whose answers a test assigns. */
export class MemoryFleetView implements FleetView {
  serviceStatus: ServiceStatus = { networkServerPid: 12_811, packetForwarderPids: [12_845] };
  gatewayList: readonly GatewayView[] = [];
  deviceList: readonly DeviceView[] = [];
  counters: Readonly<Record<string, number>> = { rx_pkts: 0, tx_pkts: 0 };

  async status(): Promise<ServiceStatus> {
    return this.serviceStatus;
  }

  async gateways(): Promise<readonly GatewayView[]> {
    return this.gatewayList;
  }

  async devices(): Promise<readonly DeviceView[]> {
    return this.deviceList;
  }

  async stats(): Promise<Readonly<Record<string, number>>> {
    return this.counters;
  }
}
