import { type Eui64, parseEui64, VirtualClock } from '@airlift/kernel';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ReceivedFrame } from '../src/index.ts';
import { UplinkGatherer } from '../src/uplink-gatherer.ts';

const gateways = Array.from({ length: 4 }, (_, i) => parseEui64(`00800000a000123${i}`));

let clock: VirtualClock;
let delivered: (readonly ReceivedFrame[])[];
let gatherer: UplinkGatherer;
let active: number;

beforeEach(() => {
  clock = new VirtualClock();
  delivered = [];
  active = 4;
  gatherer = new UplinkGatherer({
    clock,
    gatherMs: 120,
    severalGateways: () => active > 1,
    deliver: (receptions) => delivered.push(receptions),
  });
});

function heard(gateway: number, octet: number, more: Partial<ReceivedFrame> = {}): ReceivedFrame {
  return {
    gatewayEui: gateways[gateway] as Eui64,
    phyPayload: Uint8Array.of(octet),
    frequencyHz: 868_100_000,
    modulation: { kind: 'lora', spreadingFactor: 7, bandwidthKhz: 125 },
    rssiDbm: -80,
    snrDb: 0,
    counterUs: 0,
    gpsTime: undefined,
    receivedAt: clock.now(),
    context: undefined,
    ...more,
  };
}

const order = (): string[] => delivered.map((all) => all.map((one) => one.gatewayEui.slice(-1)).join(''));

describe('gathering', () => {
  it('sorts by signal-to-noise ratio, then by strength', async () => {
    gatherer.add(heard(0, 1, { snrDb: 3, rssiDbm: -60 }));
    gatherer.add(heard(1, 1, { snrDb: 7, rssiDbm: -110 }));
    gatherer.add(heard(2, 1, { snrDb: 7, rssiDbm: -100 }));
    gatherer.add(heard(3, 1, { snrDb: -20, rssiDbm: -10 }));
    await clock.advance(120);
    expect(order()).toEqual(['2103']);
  });

  it('keeps the best copy of each gateway', async () => {
    gatherer.add(heard(0, 1, { snrDb: -15, frequencyHz: 868_300_000 }));
    gatherer.add(heard(0, 1, { snrDb: 9 }));
    gatherer.add(heard(1, 1, { snrDb: 2 }));
    gatherer.add(heard(0, 1, { snrDb: -14, frequencyHz: 867_900_000 }));
    await clock.advance(120);
    expect(order()).toEqual(['01']);
    expect(delivered[0]?.[0]).toMatchObject({ snrDb: 9, frequencyHz: 868_100_000 });
  });

  it('tells frames apart by their octets', async () => {
    gatherer.add(heard(0, 1));
    gatherer.add(heard(1, 2));
    gatherer.add(heard(1, 1));
    await clock.advance(120);
    expect(order()).toEqual(['01', '1']);
  });

  it('passes at once with a single gateway; late copies are echoes for 1.5 s', async () => {
    active = 1;
    gatherer.add(heard(0, 1));
    expect(order()).toEqual(['0']);
    await clock.advance(1_499);
    gatherer.add(heard(0, 1));
    expect(order()).toHaveLength(1);
    await clock.advance(1);
    gatherer.add(heard(0, 1));
    expect(order()).toHaveLength(2);
  });

  it('keeps nothing for long', async () => {
    for (let i = 0; i < 200; i++) {
      gatherer.add(heard(i % 4, i));
      await clock.advance(10);
    }
    await clock.advance(2_000);
    expect(clock.nextAt()).toBeUndefined();
    expect(delivered).toHaveLength(200);
  });

  it('delivers every transmission once, with everybody who heard it in time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            octet: fc.nat({ max: 5 }),
            gateway: fc.nat({ max: 3 }),
            lateMs: fc.nat({ max: 1_400 }),
            snrDb: fc.integer({ min: -20, max: 12 }),
          }),
          { maxLength: 40 },
        ),
        async (copies) => {
          delivered.length = 0;
          const start = clock.now();
          const inOrder = copies.toSorted((a, b) => a.lateMs - b.lateMs);
          for (const { octet, gateway, lateMs, snrDb } of inOrder) {
            await clock.advance(start + lateMs - clock.now());
            gatherer.add(heard(gateway, octet, { snrDb }));
          }
          await clock.advance(5_000);
          const octets = new Set(copies.map((copy) => copy.octet));
          expect(delivered.map((all) => all[0]?.phyPayload[0] ?? -1).sort()).toEqual([...octets].sort());
          for (const all of delivered) {
            const octet = all[0]?.phyPayload[0];
            const own = inOrder.filter((copy) => copy.octet === octet);
            const first = own[0]?.lateMs ?? 0;
            const inTime = own.filter((copy) => copy.lateMs < first + 120);
            expect(new Set(all.map((one) => one.gatewayEui))).toEqual(
              new Set(inTime.map((copy) => gateways[copy.gateway])),
            );
            expect(all[0]?.snrDb).toBe(Math.max(...inTime.map((copy) => copy.snrDb)));
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
