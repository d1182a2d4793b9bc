import { type Eui64, fromHex, parseEui64, pause, type SteadyMs, steadyMs, type VirtualClock } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import type {
  DeviceLink,
  GroupSpec,
  LinkNews,
  TicketEvent,
  UnicastDownlink,
  UplinkEvent,
  WaitingEvent,
} from '../link/index.ts';

/** A payload as a device reads it. */
export interface HeardPayload {
  readonly fPort: number;
  readonly payload: Uint8Array;
}

/** A device link with two devices and a gateway at its other end, all in virtual time. */
export interface DeviceLinkRig {
  readonly link: DeviceLink;
  readonly clock: VirtualClock;
  readonly region: string;
  /** Allowed for groups in the region. */
  readonly radio: { readonly frequencyHz: number; readonly dataRate: number };
  /** Devices that have joined and were heard a while ago. */
  readonly classA: Eui64;
  readonly classC: Eui64;
  /** Lets a device send; time has to pass until it is heard and answered. */
  uplink(devEui: Eui64, fPort: number | undefined, payload: Uint8Array): void;
  /** Payloads that the device heard, in order. */
  heard(devEui: Eui64): readonly HeardPayload[];
  /** Frames that members of the group read, in order; each once, however many gateways sent it. */
  heardByGroup(group: GroupSpec): readonly (HeardPayload & { readonly fCnt: number })[];
  /** Lets the gateway come and go. */
  gateway(ready: boolean): void;
}

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const STRANGER = parseEui64('ffffffffffff0001');

/** Notes what it is told and answers what it is set to. */
class Notes {
  readonly uplinks: UplinkEvent[] = [];
  readonly news: LinkNews[] = [];
  answer: (event: UplinkEvent) => Promise<UnicastDownlink | undefined> = async () => undefined;

  uplink(event: UplinkEvent): Promise<UnicastDownlink | undefined> {
    this.uplinks.push(event);
    return this.answer(event);
  }

  async listen(event: LinkNews): Promise<void> {
    this.news.push(event);
  }

  get fates(): readonly TicketEvent[] {
    return this.news.flatMap((event) => (event.kind === 'ticket' ? event : []));
  }

  get waits(): readonly WaitingEvent[] {
    return this.news.flatMap((event) => (event.kind === 'waiting' ? event : []));
  }

  fatesOf(ticketId: string): readonly string[] {
    return this.fates.flatMap((event) => (event.ticketId === ticketId ? event.fate : []));
  }
}

interface Bench extends DeviceLinkRig {
  readonly notes: Notes;
  readonly group: GroupSpec;
  in(spanMs: number): SteadyMs;
  /** What a frame that went out is told as. */
  readonly sentFate: 'on-air' | 'unknown';
  listen(notes: Notes): () => void;
}

/** What every device link must do, whatever network server stands behind it. */
export function deviceLinkSuite(make: () => Promise<DeviceLinkRig>): void {
  const bench = async (): Promise<Bench> => {
    const rig = await make();
    const notes = new Notes();
    const listen = (who: Notes): (() => void) =>
      rig.link.subscribe({ uplink: (event) => who.uplink(event), news: (event) => who.listen(event) });
    listen(notes);
    const { mcAddr, nextFCnt } = await rig.link.allocateMcAddr();
    const group: GroupSpec = {
      groupId: 'suite-group',
      mcAddr,
      mcNwkSKey: fromHex('303132333435363738393a3b3c3d3e3f'),
      mcAppSKey: fromHex('404142434445464748494a4b4c4d4e4f'),
      region: rig.region,
      ...rig.radio,
      firstFCnt: nextFCnt,
      devEuis: [rig.classC],
    };
    return {
      ...rig,
      uplink: (...args) => rig.uplink(...args),
      heard: (devEui) => rig.heard(devEui),
      heardByGroup: (spec) => rig.heardByGroup(spec),
      gateway: (ready) => rig.gateway(ready),
      notes,
      group,
      in: (spanMs) => steadyMs(rig.clock.now() + spanMs),
      sentFate: rig.link.capabilities.fate === 'none' ? 'unknown' : 'on-air',
      listen,
    };
  };
  const downlink = (ticketId: string, payload: Uint8Array, before: SteadyMs): UnicastDownlink => ({
    ticketId,
    fPort: 200,
    payload,
    before,
  });

  describe('an uplink', () => {
    it('is told with what it holds and when it came', async () => {
      const { uplink, classA, clock, notes } = await bench();
      const at = clock.now();
      uplink(classA, 201, octets(1, 2, 3));
      await clock.advance(5_000);
      uplink(classA, undefined, octets());
      await clock.advance(5_000);
      expect(notes.uplinks).toMatchObject([
        { kind: 'uplink', devEui: classA, fPort: 201, payload: octets(1, 2, 3), asksDeviceTime: false },
        { kind: 'uplink', devEui: classA, fPort: undefined, payload: octets() },
      ]);
      const [first, second] = notes.uplinks;
      expect((first?.receivedAt ?? 0) - at).toBeLessThan(1_000);
      expect((second?.fCnt ?? 0) - (first?.fCnt ?? 0)).toBe(1);
      expect((second?.receivedGps ?? 0) - (first?.receivedGps ?? 0)).toBeCloseTo(5_000, -1);
    });

    it('is answered by what the listener returns, at once where the link can', async () => {
      const { uplink, classA, clock, notes, link, heard, in: later, sentFate } = await bench();
      await link.send(classA, downlink('waits', octets(1), later(600_000)));
      notes.answer = async () => downlink('answer', octets(2), later(60_000));
      uplink(classA, 1, octets(0));
      await clock.advance(8_000);
      notes.answer = async () => undefined;
      // Where there is no answering at once, the answer has its place in the queue.
      const order = link.capabilities.answersAtOnce ? [2, 1] : [1, 2];
      expect(heard(classA)).toEqual([{ fPort: 200, payload: octets(order[0] ?? 0) }]);
      uplink(classA, 1, octets(0));
      await clock.advance(8_000);
      expect(heard(classA).map(({ payload }) => payload[0])).toEqual(order);
      expect(notes.fatesOf('answer')).toEqual([sentFate]);
    });

    it('that is answered too late has its answer in the next windows', async () => {
      const { uplink, classA, clock, notes, heard, in: later, sentFate } = await bench();
      notes.answer = async () => {
        await pause(clock, 5_000);
        return downlink('late', octets(2), later(60_000));
      };
      uplink(classA, 1, octets(0));
      await clock.advance(10_000);
      expect(heard(classA)).toEqual([]);
      notes.answer = async () => undefined;
      uplink(classA, 1, octets(0));
      await clock.advance(10_000);
      expect(heard(classA)).toEqual([{ fPort: 200, payload: octets(2) }]);
      expect(notes.fatesOf('late')).toEqual([sentFate]);
    });

    it('is no worse off for a listener that fails, nor are those after it', async () => {
      const { uplink, classA, clock, notes, link, heard, in: later } = await bench();
      await link.send(classA, downlink('waits', octets(1), later(600_000)));
      notes.answer = () => Promise.reject(new Error('the listener fails'));
      uplink(classA, 1, octets(0));
      await clock.advance(8_000);
      expect(heard(classA)).toEqual([{ fPort: 200, payload: octets(1) }]);
      uplink(classA, 1, octets(0));
      await clock.advance(8_000);
      expect(notes.uplinks).toHaveLength(2);
    });

    it('is told to the last listener only, and to nobody when that has left', async () => {
      const { uplink, classA, clock, notes, listen } = await bench();
      const second = new Notes();
      const leave = listen(second);
      uplink(classA, 1, octets(0));
      await clock.advance(8_000);
      leave();
      uplink(classA, 1, octets(0));
      await clock.advance(8_000);
      expect([notes.uplinks.length, second.uplinks.length]).toEqual([0, 1]);
      const third = new Notes();
      listen(third);
      // Who has left cannot turn out those who came later.
      leave();
      uplink(classA, 1, octets(0));
      await clock.advance(8_000);
      expect(third.uplinks).toHaveLength(1);
    });
  });

  describe('a payload for a device', () => {
    it('of class A waits for its uplinks, one for each, in order', async () => {
      const { uplink, classA, clock, notes, link, heard, in: later, sentFate } = await bench();
      for (const value of [1, 2]) await link.send(classA, downlink(`t${value}`, octets(value), later(600_000)));
      await clock.advance(20_000);
      expect(heard(classA)).toEqual([]);
      for (const count of [1, 2]) {
        uplink(classA, 1, octets(0));
        await clock.advance(8_000);
        expect(heard(classA)).toHaveLength(count);
      }
      expect(heard(classA).map(({ payload }) => payload[0])).toEqual([1, 2]);
      expect(notes.fates.map(({ ticketId, fate }) => [ticketId, fate])).toEqual([
        ['t1', sentFate],
        ['t2', sentFate],
      ]);
      expect(notes.fates.every(({ airtimeMs, error }) => airtimeMs > 0 && error === undefined)).toBe(true);
    });

    it('of class C leaves without one', async () => {
      const { classC, clock, notes, link, heard, in: later, sentFate } = await bench();
      for (const value of [1, 2]) await link.send(classC, downlink(`t${value}`, octets(value), later(600_000)));
      await clock.advance(30_000);
      expect(heard(classC).map(({ payload }) => payload[0])).toEqual([1, 2]);
      expect(notes.fatesOf('t1')).toEqual([sentFate]);
    });

    it('is told as expired at its instant and never sent after', async () => {
      const { uplink, classA, clock, notes, link, heard, in: later } = await bench();
      const before = later(10_000);
      await link.send(classA, downlink('short', octets(1), before));
      await clock.advance(11_000);
      expect(notes.fates).toMatchObject([{ ticketId: 'short', fate: 'expired', at: before, airtimeMs: 0 }]);
      uplink(classA, 1, octets(0));
      await clock.advance(8_000);
      expect(heard(classA)).toEqual([]);
      expect(notes.fates).toHaveLength(1);
    });

    it('is taken back by a flush and told as expired, in order', async () => {
      const { uplink, classA, classC, clock, notes, link, heard, in: later } = await bench();
      for (const value of [1, 2]) await link.send(classA, downlink(`t${value}`, octets(value), later(600_000)));
      await link.flush(classC);
      expect(notes.fates).toEqual([]);
      await link.flush(classA);
      await clock.advance(1_000);
      expect(notes.fates.map(({ ticketId, fate }) => [ticketId, fate])).toEqual([
        ['t1', 'expired'],
        ['t2', 'expired'],
      ]);
      uplink(classA, 1, octets(0));
      await clock.advance(600_000);
      expect(heard(classA)).toEqual([]);
      expect(notes.fates).toHaveLength(2);
    });

    it('that is longer than any frame is refused', async () => {
      const { uplink, classA, clock, notes, link, in: later } = await bench();
      await link.send(classA, downlink('long', new Uint8Array(300), later(600_000)));
      uplink(classA, 1, octets(0));
      await clock.advance(8_000);
      expect(notes.fates).toMatchObject([{ ticketId: 'long', fate: 'refused', airtimeMs: 0 }]);
      expect(notes.fates[0]?.error).toBeDefined();
    });
  });

  describe('frames to a group', () => {
    const send = (link: DeviceLink, group: GroupSpec, value: number, notBefore: SteadyMs): Promise<void> =>
      link.sendToGroup(group.groupId, { ticketId: `g${value}`, fPort: 201, payload: octets(value), notBefore });

    it('leave in order, not before their instants, under counters that go on', async () => {
      const { link, group, clock, notes, heardByGroup, in: later, sentFate } = await bench();
      await link.openGroup(group);
      const start = clock.now();
      for (const [value, spanMs] of [
        [1, 0],
        [2, 20_000],
        [3, 0],
      ] as const) {
        await send(link, group, value, later(spanMs));
      }
      await clock.advance(60_000);
      const heard = heardByGroup(group);
      expect(heard.map(({ payload, fPort }) => [fPort, payload[0]])).toEqual([
        [201, 1],
        [201, 2],
        [201, 3],
      ]);
      expect(heard.map(({ fCnt }) => fCnt)).toEqual([0, 1, 2].map((count) => group.firstFCnt + count));
      expect(notes.fates.map(({ ticketId, fate }) => [ticketId, fate])).toEqual(
        ['g1', 'g2', 'g3'].map((ticketId) => [ticketId, sentFate]),
      );
      const [first, second, third] = notes.fates;
      expect((first?.at ?? 0) - start).toBeLessThan(2_000);
      expect((second?.at ?? 0) - start).toBeGreaterThanOrEqual(20_000);
      expect((third?.at ?? 0) - (second?.at ?? 0)).toBeGreaterThanOrEqual((second?.airtimeMs ?? 0) - 0.01);
    });

    it('tell of each gateway what it made of them, when the link can tell', async () => {
      const { link, group, clock, notes, classC } = await bench();
      await link.openGroup(group);
      await send(link, group, 1, clock.now());
      await clock.advance(10_000);
      const told = notes.fates[0]?.gateways ?? [];
      if (link.capabilities.fate !== 'per-gateway') expect(told).toEqual([]);
      else {
        const near = (await link.facts(classC))?.gatewayEuis ?? [];
        expect(told).toMatchObject([{ gatewayEui: near[0], sent: true, error: undefined }]);
      }
    });

    it('go on counting when the group is opened again', async () => {
      const { link, group, clock, heardByGroup } = await bench();
      await link.openGroup(group);
      await send(link, group, 1, clock.now());
      await clock.advance(10_000);
      await link.openGroup({ ...group, firstFCnt: group.firstFCnt + 100, devEuis: [] });
      await send(link, group, 2, clock.now());
      await clock.advance(10_000);
      expect(heardByGroup(group).map(({ fCnt }) => fCnt - group.firstFCnt)).toEqual([0, 1]);
    });

    it('leave also when the members change, and when none of them was ever heard', async () => {
      const { link, group, clock, classA, notes, sentFate } = await bench();
      await link.openGroup(group);
      for (const [value, members] of [[classA], [STRANGER], []].entries()) {
        await link.setMembers(group.groupId, members);
        await send(link, group, value, clock.now());
        await clock.advance(10_000);
      }
      expect(notes.fates.map(({ fate }) => fate)).toEqual([sentFate, sentFate, sentFate]);
    });

    it('are taken back by a flush and told as expired, in order; the next one goes', async () => {
      const { link, group, clock, notes, heardByGroup, in: later, sentFate } = await bench();
      await link.openGroup(group);
      for (const value of [1, 2]) await send(link, group, value, later(30_000));
      await clock.advance(1_000);
      await link.flushGroup(group.groupId);
      await clock.advance(1_000);
      expect(notes.fates.map(({ ticketId, fate }) => [ticketId, fate])).toEqual([
        ['g1', 'expired'],
        ['g2', 'expired'],
      ]);
      await send(link, group, 3, clock.now());
      await clock.advance(60_000);
      expect(heardByGroup(group).map(({ payload }) => payload[0])).toEqual([3]);
      expect(notes.fates.slice(2)).toMatchObject([{ ticketId: 'g3', fate: sentFate }]);
    });

    it('do not leave any more once the group is closed', async () => {
      const { link, group, clock, notes, heardByGroup, in: later } = await bench();
      await link.openGroup(group);
      await send(link, group, 1, later(30_000));
      await link.closeGroup(group.groupId);
      await clock.advance(60_000);
      expect(heardByGroup(group)).toEqual([]);
      expect(notes.fates).toHaveLength(1);
      expect(['refused', 'expired']).toContain(notes.fates[0]?.fate);
      await expect(send(link, group, 2, clock.now())).rejects.toThrow();
      // Closing twice is nothing to complain about.
      await link.closeGroup(group.groupId);
    });

    it('wait for a gateway and say so, when the link can tell', async () => {
      const { link, group, clock, notes, gateway, sentFate } = await bench();
      if (link.capabilities.fate !== 'per-gateway') return;
      await link.openGroup(group);
      gateway(false);
      await send(link, group, 1, clock.now());
      await clock.advance(10_000);
      expect(notes.fates).toEqual([]);
      expect(notes.waits).toEqual([{ kind: 'waiting', ticketId: 'g1', cause: 'no-gateway', until: undefined }]);
      gateway(true);
      await clock.advance(10_000);
      expect(notes.fatesOf('g1')).toEqual([sentFate]);
      expect(notes.waits).toHaveLength(1);
    });

    it('that are longer than any frame are refused, and the next one goes', async () => {
      const { link, group, clock, notes, sentFate } = await bench();
      await link.openGroup(group);
      const payload = new Uint8Array(300);
      await link.sendToGroup(group.groupId, { ticketId: 'long', fPort: 201, payload, notBefore: clock.now() });
      await send(link, group, 2, clock.now());
      await clock.advance(10_000);
      expect(notes.fates.map(({ ticketId, fate }) => [ticketId, fate])).toEqual([
        ['long', 'refused'],
        ['g2', sentFate],
      ]);
    });
  });

  describe('a group', () => {
    it('that the region does not allow cannot be opened', async () => {
      const { link, group } = await bench();
      await expect(link.openGroup({ ...group, frequencyHz: 1_000 })).rejects.toMatchObject({ code: 'group-radio' });
      await expect(link.openGroup({ ...group, dataRate: 99 })).rejects.toMatchObject({ code: 'group-radio' });
      await expect(link.openGroup({ ...group, region: 'nowhere' })).rejects.toMatchObject({ code: 'region-unknown' });
    });

    it('has an address that no other has', async () => {
      const { link } = await bench();
      const given = new Set<number>();
      for (let i = 0; i < 20; i++) given.add((await link.allocateMcAddr()).mcAddr);
      expect(given.size).toBe(20);
    });

    it('is told how long its frames take, how much the band allows, and how much they hold', async () => {
      const { link, region, radio, group, clock, notes } = await bench();
      const { frequencyHz, dataRate } = radio;
      const timing = await link.groupTiming(region, frequencyHz, dataRate, 1);
      expect(timing.airtimeMs).toBeGreaterThan(0);
      expect(timing.dutyCycle).toBeGreaterThan(0);
      expect(timing.dutyCycle).toBeLessThanOrEqual(1);
      expect(timing.maxPayloadOctets).toBeGreaterThan(10);
      const longest = await link.groupTiming(region, frequencyHz, dataRate, timing.maxPayloadOctets);
      expect(longest.airtimeMs).toBeGreaterThanOrEqual(timing.airtimeMs);
      await link.openGroup(group);
      const notBefore = clock.now();
      await link.sendToGroup(group.groupId, { ticketId: 'g', fPort: 201, payload: octets(1), notBefore });
      await clock.advance(10_000);
      expect(notes.fates[0]?.airtimeMs).toBeCloseTo(timing.airtimeMs, 3);
      expect((await link.groupTiming(region, frequencyHz, 99, 1)).maxPayloadOctets).toBe(0);
      await expect(link.groupTiming('nowhere', frequencyHz, dataRate, 1)).rejects.toMatchObject({
        code: 'region-unknown',
      });
    });
  });

  describe('what is known of a device', () => {
    it('is its class, its region, when it joined, when and by whom it was heard', async () => {
      const { link, classA, classC, clock, region, uplink } = await bench();
      const at = clock.now();
      uplink(classA, 1, octets(0));
      await clock.advance(8_000);
      const facts = await link.facts(classA);
      expect(facts).toMatchObject({ deviceClass: 'A', region });
      expect(facts?.joinedAt).toBeLessThanOrEqual(at);
      expect((facts?.lastUplinkAt ?? 0) - at).toBeLessThan(1_000);
      expect(facts?.lastUplinkAt).toBeGreaterThanOrEqual(at);
      expect(facts?.gatewayEuis).toHaveLength(1);
      expect(await link.facts(classC)).toMatchObject({ deviceClass: 'C' });
    });

    it('is nothing for a stranger', async () => {
      const { link } = await bench();
      expect(await link.facts(STRANGER)).toBeUndefined();
    });
  });
}
