import { encryptMcKey, FragmentEncoder, mcKEKeyOf, mcSessionKeys, ts004, ts005 } from '@airlift/applayer';
import { type Eui64, gpsFromUtc, gpsSecondsU32, later, Rng, utcMs, VirtualClock } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type { UplinkEvent } from '../src/link/index.ts';
import { MemoryLink, sampleEui } from '../src/testing/index.ts';
import { FakeDevice, type Habits, ZERO_KEY } from './support/fake-device.ts';

const NB_FRAG = 20;
const FRAG_SIZE = 40;
const MC_ADDR = 0xf0da_0001;
const RADIO = { frequencyHz: 923_300_000, dataRate: 10 };
const MC_KEY = new Uint8Array(16).fill(7);

/** Sets devices up by hand and sends them an image through the memory link. */
class Session {
  readonly clock = new VirtualClock();
  readonly link = new MemoryLink(this.clock);
  readonly uplinks: UplinkEvent[] = [];
  readonly image = new Rng('image').octets(NB_FRAG * FRAG_SIZE);
  #tickets = 0;

  constructor() {
    this.link.subscribe({
      uplink: async (event) => {
        this.uplinks.push(event);
        return undefined;
      },
      news: () => Promise.resolve(),
    });
  }

  device(number: number, habits: Partial<Habits>): FakeDevice {
    const { clock, link } = this;
    return new FakeDevice({ devEui: sampleEui(number), clock, link, rng: new Rng(`device ${number}`), habits });
  }

  async setUp(devices: readonly FakeDevice[]): Promise<void> {
    const kek = mcKEKeyOf({ scheme: 'ts005', rules: '1.0', rootKey: ZERO_KEY });
    const group = { McGroupID: 0, McAddr: MC_ADDR, McKey_encrypted: encryptMcKey(kek, MC_KEY), minMcFCnt: 0 };
    const SessionTime = gpsSecondsU32(gpsFromUtc(utcMs(this.clock.now()))) + 200;
    const radio = { DLFreq_Hz: RADIO.frequencyHz, DR: RADIO.dataRate };
    const multicast = ts005.encode(1, 'down', [
      { name: 'McGroupSetupReq', fields: { ...group, maxMcFCnt: 0xffff } },
      { name: 'McClassCSessionReq', fields: { McGroupID: 0, SessionTime, TimeOut: 9, ...radio } },
    ]);
    const shape = { NbFrag: NB_FRAG, FragSize: FRAG_SIZE, Padding: 0, FragAlgo: 0, BlockAckDelay: 0 };
    const fragmentation = ts004.encode(1, 'down', [
      {
        name: 'FragSessionSetupReq',
        fields: { FragIndex: 0, McGroupBitMask: 1, ...shape, Descriptor: new Uint8Array(4) },
      },
    ]);
    for (const { devEui } of devices) {
      await this.#send(devEui, 200, multicast);
      await this.#send(devEui, 201, fragmentation);
    }
    await this.link.openGroup({
      groupId: 'g',
      mcAddr: MC_ADDR,
      ...mcSessionKeys(MC_KEY, MC_ADDR),
      region: this.link.region,
      ...RADIO,
      firstFCnt: 0,
      devEuis: devices.map(({ devEui }) => devEui),
    });
    await this.clock.advance(201_000);
  }

  async broadcast(parity: number): Promise<void> {
    const encoder = new FragmentEncoder({ block: this.image, fragSize: FRAG_SIZE, rule: 'v1' });
    for (let number = 1; number <= NB_FRAG + parity; number++) {
      const fields = { FragIndex: 0, N: number, data: encoder.fragment(number) };
      const payload = ts004.encode(1, 'down', [{ name: 'DataFragment', fields }]);
      this.#tickets += 1;
      const ticketId = String(this.#tickets);
      await this.link.sendToGroup('g', { ticketId, fPort: 201, payload, notBefore: this.clock.now() });
    }
    await this.clock.advance(60_000);
  }

  async #send(devEui: Eui64, fPort: number, payload: Uint8Array): Promise<void> {
    this.#tickets += 1;
    const before = later(this.clock.now(), 100_000);
    await this.link.send(devEui, { ticketId: String(this.#tickets), fPort, payload, before });
  }
}

describe('fake devices on the memory link', () => {
  it('of both classes are set up by unicast and take the image from the group, losses and all', async () => {
    const session = new Session();
    const devices = [
      session.device(1, { deviceClass: 'A' }),
      session.device(2, { deviceClass: 'C', uplinkEveryS: 0 }),
      session.device(3, { deviceClass: 'A', loss: 0.2 }),
      session.device(4, { deviceClass: 'A', loss: 1 }),
    ];
    await session.setUp(devices);
    await session.broadcast(0);
    expect(devices.map(({ image }) => image !== undefined)).toEqual([true, true, false, false]);
    await session.broadcast(20);
    expect(devices.slice(0, 3).map(({ image }) => image)).toEqual(Array(3).fill(session.image));
    expect(devices[3]?.image).toBeUndefined();
    const checked = session.uplinks.filter(({ fPort, payload }) => fPort === 201 && payload[0] === 0x80);
    expect(new Set(checked.map(({ devEui }) => devEui)).size).toBe(3);
  });

  it('that were not set up hear nothing', async () => {
    const session = new Session();
    const [member, stranger] = [session.device(1, {}), session.device(2, {})];
    await session.setUp([member]);
    await session.broadcast(0);
    expect(member.image).toEqual(session.image);
    expect(stranger.image).toBeUndefined();
  });
});
