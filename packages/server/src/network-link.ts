import type {
  DeviceLink,
  GroupFrame,
  GroupSpec,
  GroupTiming,
  LinkCapabilities,
  LinkFacts,
  LinkListener,
  UnicastDownlink,
} from '@airlift/campaign/link';
import { CallerError, type Eui64, toHex } from '@airlift/kernel';
import { multicastProblem } from '@airlift/lorawan';
import type { McAddress, NetworkServer, NetworkStore } from '@airlift/network';

/** Airlift's own network server as campaigns see it. It serves one region. */
export class NetworkLink implements DeviceLink {
  readonly capabilities: LinkCapabilities = { answersDeviceTime: true, fate: 'per-gateway', answersAtOnce: true };
  readonly #network: NetworkServer;
  readonly #store: NetworkStore;

  constructor(network: NetworkServer, store: NetworkStore) {
    this.#network = network;
    this.#store = store;
  }

  subscribe(listener: LinkListener): () => void {
    return this.#network.subscribe(listener);
  }

  async send(devEui: Eui64, downlink: UnicastDownlink): Promise<void> {
    this.#network.send(devEui, downlink);
  }

  async flush(devEui: Eui64): Promise<void> {
    this.#network.flush(devEui);
  }

  /** @throws CallerError `region-unknown` | `group-radio` */
  async openGroup({ region, mcNwkSKey, mcAppSKey, ...group }: GroupSpec): Promise<void> {
    this.#expectRegion(region);
    await this.#network.openGroup({ ...group, mcNwkSKey: toHex(mcNwkSKey), mcAppSKey: toHex(mcAppSKey) });
  }

  setMembers(groupId: string, devEuis: readonly Eui64[]): Promise<void> {
    return this.#network.setMembers(groupId, devEuis);
  }

  async sendToGroup(groupId: string, frame: GroupFrame): Promise<void> {
    this.#network.sendToGroup(groupId, frame);
  }

  async flushGroup(groupId: string): Promise<void> {
    this.#network.flushGroup(groupId);
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
      gatewayEuis: await this.#network.gatewaysNear(devEui),
    };
  }

  allocateMcAddr(): Promise<McAddress> {
    return this.#network.allocateMcAddr();
  }

  /** @throws CallerError `region-unknown` */
  async groupTiming(
    region: string,
    frequencyHz: number,
    dataRate: number,
    payloadOctets: number,
  ): Promise<GroupTiming> {
    this.#expectRegion(region);
    const problem = multicastProblem(this.#network.config.region, { frequencyHz, dataRate });
    if (problem !== undefined) return { airtimeMs: 0, dutyCycle: 1, maxPayloadOctets: 0 };
    const timing = this.#network.groupTiming(frequencyHz, dataRate, payloadOctets);
    return { ...timing, maxPayloadOctets: this.#network.maxPayload(dataRate) };
  }

  #expectRegion(region: string): void {
    const { name } = this.#network.config.region;
    if (region !== name) throw new CallerError('region-unknown', `This network server serves ${name}, not ${region}`);
  }
}
