import type { DeviceLink, GroupSpec, LinkEvent, LinkFacts, UnicastDownlink } from '@airlift/campaign';
import { type Eui64, type SteadyMs, toHex } from '@airlift/kernel';
import type { McAddress, NetworkServer, NetworkStore } from '@airlift/network';

/** Airlift's own network server as campaigns see it that let the network server choose the tickets. */
export class NetworkDeviceLink implements DeviceLink {
  readonly #network: NetworkServer;
  readonly #store: NetworkStore;
  /** Of this process: tickets are not kept over a restart. */
  #tickets = 0;

  constructor(network: NetworkServer, store: NetworkStore) {
    this.#network = network;
    this.#store = store;
  }

  subscribe(listener: (event: LinkEvent) => Promise<void>): void {
    this.#network.subscribe({
      uplink: async (event) => {
        await listener(event);
        return undefined;
      },
      news: (event) => (event.kind === 'waiting' ? Promise.resolve() : listener(event)),
    });
  }

  send(devEui: Eui64, downlink: UnicastDownlink): Promise<string> {
    const ticketId = this.#nextTicket();
    this.#network.send(devEui, { ...downlink, ticketId });
    return Promise.resolve(ticketId);
  }

  openGroup({ mcNwkSKey, mcAppSKey, ...group }: GroupSpec): Promise<void> {
    return this.#network.openGroup({ ...group, mcNwkSKey: toHex(mcNwkSKey), mcAppSKey: toHex(mcAppSKey) });
  }

  sendToGroup(groupId: string, fPort: number, payload: Uint8Array, notBefore: SteadyMs): Promise<string> {
    const ticketId = this.#nextTicket();
    this.#network.sendToGroup(groupId, { ticketId, fPort, payload, notBefore });
    return Promise.resolve(ticketId);
  }

  closeGroup(groupId: string): Promise<void> {
    return this.#network.closeGroup(groupId);
  }

  async facts(devEui: Eui64): Promise<LinkFacts | undefined> {
    const device = await this.#store.device(devEui);
    if (device === undefined) return undefined;
    const session = await this.#store.session(devEui);
    return {
      deviceClass: device.deviceClass,
      region: this.#network.config.region.name,
      joinedAt: session?.joinedAt,
      lastUplinkAt: session?.lastUplink?.at,
    };
  }

  allocateMcAddr(): Promise<McAddress> {
    return this.#network.allocateMcAddr();
  }

  groupTiming(frequencyHz: number, dataRate: number, payloadOctets: number): { airtimeMs: number; dutyCycle: number } {
    return this.#network.groupTiming(frequencyHz, dataRate, payloadOctets);
  }

  maxPayload(dataRate: number): number {
    return this.#network.maxPayload(dataRate);
  }

  #nextTicket(): string {
    this.#tickets += 1;
    return String(this.#tickets);
  }
}
