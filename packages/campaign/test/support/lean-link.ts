import { type Eui64, type SteadyMs, steadyMs } from '@airlift/kernel';
import type {
  DeviceLink,
  GroupFrame,
  GroupTiming,
  LinkCapabilities,
  LinkFacts,
  LinkListener,
  UnicastDownlink,
} from '../../src/link/index.ts';

/** The least that a link can be: it keeps what it was given and counts. The test tells the news itself. */
export class LeanLink implements DeviceLink {
  readonly capabilities: LinkCapabilities = { answersDeviceTime: true, fate: 'per-frame', answersAtOnce: true };
  readonly waiting: { readonly devEui: Eui64; readonly ticketId: string }[] = [];
  readonly frames: GroupFrame[] = [];
  listener: LinkListener = { uplink: () => Promise.resolve(undefined), news: () => Promise.resolve() };
  factsAsked = 0;
  membersTold = 0;

  subscribe(listener: LinkListener): () => void {
    this.listener = listener;
    return () => undefined;
  }

  async send(devEui: Eui64, { ticketId }: UnicastDownlink): Promise<void> {
    this.waiting.push({ devEui, ticketId });
  }

  async sendToGroup(_groupId: string, frame: GroupFrame): Promise<void> {
    this.frames.push(frame);
  }

  async flush(): Promise<void> {}

  async flushGroup(): Promise<void> {}

  async openGroup(): Promise<void> {}

  async setMembers(): Promise<void> {
    this.membersTold += 1;
  }

  async closeGroup(): Promise<void> {}

  async facts(): Promise<LinkFacts | undefined> {
    this.factsAsked += 1;
    return { deviceClass: 'A', region: 'US915', joinedAt: steadyMs(0), lastUplinkAt: undefined, gatewayEuis: [] };
  }

  async allocateMcAddr(): Promise<{ readonly mcAddr: number; readonly nextFCnt: number }> {
    return { mcAddr: 0xf0da_0001, nextFCnt: 0 };
  }

  async groupTiming(): Promise<GroupTiming> {
    return { airtimeMs: 100, dutyCycle: 1, maxPayloadOctets: 242 };
  }

  tell(ticketId: string, at: SteadyMs): Promise<void> {
    const fate = { fate: 'on-air', airtimeMs: 100, fCnt: 0, error: undefined, gateways: [] } as const;
    return this.listener.news({ kind: 'ticket', ticketId, at, ...fate });
  }
}
