import type { GroupSpec } from '@airlift/campaign/link';
import type { DeviceLinkRig, HeardPayload } from '@airlift/campaign/testing';
import {
  type Eui64,
  fromHex,
  HeldDeviceTime,
  OffsetCalendar,
  parseEui64,
  Rng,
  steadyMs,
  VirtualClock,
} from '@airlift/kernel';
import {
  buildDataFrame,
  buildJoinRequest,
  deriveSessionKeys10,
  openDataFrame,
  openJoinAccept,
  openMulticastFrame,
  parsePhyPayload,
  type RegionName,
  region,
  type SessionKeys10,
} from '@airlift/lorawan';
import { DEFAULT_NETWORK_CONFIG, NetworkServer } from '@airlift/network';
import { MemoryGatewayLink, MemoryNetworkStore } from '@airlift/network/testing';
import { NetworkLink } from '../../src/network-link.ts';

const GATEWAY = parseEui64('00800000a0001234');
const JOIN_EUI = parseEui64('70b3d57ed0000001');
const UPLINK = { EU868: 868_100_000, US915: 903_900_000 } as const;
const SUB_BAND = { EU868: undefined, US915: 2 } as const;

interface Device {
  readonly devEui: Eui64;
  readonly devAddr: number;
  readonly keys: SessionKeys10;
  fCntUp: number;
}

/** The network server with a gateway in memory and two devices, made of frames. */
export class NetworkLinkRig implements DeviceLinkRig {
  readonly clock = new VirtualClock();
  readonly link: NetworkLink;
  readonly region: 'EU868' | 'US915';
  readonly radio: { readonly frequencyHz: number; readonly dataRate: number };
  readonly classA = parseEui64('0004a30b001c0530');
  readonly classC = parseEui64('0004a30b001c0531');
  readonly #air: MemoryGatewayLink;
  readonly #store = new MemoryNetworkStore();
  readonly #devices = new Map<Eui64, Device>();

  private constructor(name: 'EU868' | 'US915') {
    this.region = name;
    const plan = region(name satisfies RegionName);
    this.radio = plan.multicast;
    this.#air = new MemoryGatewayLink(this.clock);
    this.#air.appear(GATEWAY);
    const network = new NetworkServer({
      store: this.#store,
      link: this.#air,
      clock: this.clock,
      deviceTime: new HeldDeviceTime(new OffsetCalendar()),
      entropy: new Rng('rig'),
      config: { ...DEFAULT_NETWORK_CONFIG, region: plan, subBand: SUB_BAND[name] },
      log: () => undefined,
    });
    this.link = new NetworkLink(network, this.#store);
  }

  static async make(name: 'EU868' | 'US915'): Promise<NetworkLinkRig> {
    const rig = new NetworkLinkRig(name);
    await rig.#join(rig.classA, 'A');
    await rig.#join(rig.classC, 'C');
    return rig;
  }

  uplink(devEui: Eui64, fPort: number | undefined, payload: Uint8Array): void {
    const device = this.#device(devEui);
    const { devAddr, keys, fCntUp: fCnt } = device;
    device.fCntUp += 1;
    const content = fPort === undefined ? {} : { fPort, payload };
    this.#hear(buildDataFrame({ direction: 'up', devAddr, fCnt, confirmed: false, fCtrl: {}, ...content, keys }));
  }

  heard(devEui: Eui64): readonly HeardPayload[] {
    const { devAddr, keys } = this.#device(devEui);
    return this.#air.requests.flatMap(({ phyPayload }) => {
      const frame = parsePhyPayload(phyPayload);
      if (frame.type !== 'data' || frame.devAddr !== devAddr || frame.fPort === undefined) return [];
      const opened = openDataFrame(frame, { keys, fCnt: frame.fCnt16 });
      return opened === undefined ? [] : { fPort: frame.fPort, payload: opened.payload };
    });
  }

  heardByGroup(group: GroupSpec): readonly (HeardPayload & { readonly fCnt: number })[] {
    return this.#air.requests.flatMap(({ phyPayload }) => {
      const frame = parsePhyPayload(phyPayload);
      if (frame.type !== 'data' || frame.devAddr !== group.mcAddr || frame.fPort === undefined) return [];
      const payload = openMulticastFrame(frame, group, frame.fCnt16);
      return payload === undefined ? [] : { fPort: frame.fPort, payload, fCnt: frame.fCnt16 };
    });
  }

  gateway(ready: boolean): void {
    this.#air.appear(GATEWAY, ready);
  }

  async #join(devEui: Eui64, deviceClass: 'A' | 'C'): Promise<void> {
    const appKey = `${devEui}${devEui}`;
    await this.#store.addDevice({
      devEui,
      name: deviceClass,
      joinEui: JOIN_EUI,
      appKey,
      deviceClass,
      deviceProfileId: undefined,
      networkProfileId: undefined,
      createdAt: steadyMs(0),
    });
    const rootKey = fromHex(appKey);
    this.#hear(buildJoinRequest({ joinEui: JOIN_EUI, devEui, devNonce: 1, rootKey }));
    await this.clock.advance(10_000);
    const phy = parsePhyPayload(this.#air.requests.at(-1)?.phyPayload ?? new Uint8Array(0));
    const accept = phy.type === 'join-accept' ? openJoinAccept(phy, { key: rootKey }) : undefined;
    if (accept === undefined) throw new Error('the join failed');
    const { joinNonce, netId, devAddr } = accept;
    const keys = deriveSessionKeys10({ rootKey, joinNonce, netId, devNonce: 1 });
    this.#devices.set(devEui, { devEui, devAddr, keys, fCntUp: 0 });
    this.uplink(devEui, 1, Uint8Array.of(0));
    await this.clock.advance(60_000);
  }

  #hear(phyPayload: Uint8Array): void {
    this.#air.hear(GATEWAY, {
      phyPayload,
      frequencyHz: UPLINK[this.region],
      modulation: { kind: 'lora', spreadingFactor: 7, bandwidthKhz: 125 },
    });
  }

  #device(devEui: Eui64): Device {
    const device = this.#devices.get(devEui);
    if (device === undefined) throw new Error(`no device ${devEui}`);
    return device;
  }
}
