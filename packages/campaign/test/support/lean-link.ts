import { type Eui64, type SteadyMs, steadyMs } from '@airlift/kernel';
import type { DeviceLink, LinkEvent, LinkFacts, UnicastDownlink } from '../../src/index.ts';

/** The least that a link can be: it keeps what it was given and counts. The test tells the events itself. */
export class LeanLink implements DeviceLink {
  readonly waiting: { readonly devEui: Eui64; readonly ticketId: string; readonly downlink: UnicastDownlink }[] = [];
  readonly frames: { readonly ticketId: string; readonly payload: Uint8Array }[] = [];
  listener: (event: LinkEvent) => Promise<void> = () => Promise.resolve();
  factsAsked = 0;
  #tickets = 0;

  subscribe(listener: (event: LinkEvent) => Promise<void>): void {
    this.listener = listener;
  }

  async send(devEui: Eui64, downlink: UnicastDownlink): Promise<string> {
    const ticketId = this.#ticket();
    this.waiting.push({ devEui, ticketId, downlink });
    return ticketId;
  }

  async sendToGroup(_groupId: string, _fPort: number, payload: Uint8Array): Promise<string> {
    const ticketId = this.#ticket();
    this.frames.push({ ticketId, payload });
    return ticketId;
  }

  async openGroup(): Promise<void> {}

  async closeGroup(): Promise<void> {}

  async facts(): Promise<LinkFacts | undefined> {
    this.factsAsked += 1;
    return { deviceClass: 'A', region: 'US915', joinedAt: steadyMs(0), lastUplinkAt: undefined };
  }

  async allocateMcAddr(): Promise<{ readonly mcAddr: number; readonly nextFCnt: number }> {
    return { mcAddr: 0xf0da_0001, nextFCnt: 0 };
  }

  groupTiming(): { readonly airtimeMs: number; readonly dutyCycle: number } {
    return { airtimeMs: 100, dutyCycle: 1 };
  }

  maxPayload(): number {
    return 242;
  }

  tell(ticketId: string, at: SteadyMs): Promise<void> {
    return this.listener({ kind: 'ticket', ticketId, fate: 'on-air', at, airtimeMs: 100, fCnt: 0, error: undefined });
  }

  #ticket(): string {
    this.#tickets += 1;
    return String(this.#tickets);
  }
}
