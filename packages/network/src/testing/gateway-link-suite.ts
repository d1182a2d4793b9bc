import { type Eui64, gpsFromUtc, gpsMs, parseEui64, steadyMs, utcMs, type VirtualClock } from '@airlift/kernel';
import { beforeEach, describe, expect, it } from 'vitest';
import type { GatewayLink, ReceivedFrame, TransmitOutcome, TransmitRequest } from '../gateway-link.ts';

/** What a gateway does with the frames it is asked to send. */
export type GatewayHabit =
  | { readonly kind: 'takes' }
  | { readonly kind: 'refuses'; readonly error: string }
  | { readonly kind: 'says-nothing' };

/** A link together with gateways at its far end. */
export interface GatewayLinkBench {
  readonly link: GatewayLink;
  readonly clock: VirtualClock;
  /** Lets a gateway appear, ready to send. */
  appear(gatewayEui: Eui64): void;
  /** Lets a gateway report a frame received now. */
  hear(gatewayEui: Eui64, frame: Omit<ReceivedFrame, 'gatewayEui' | 'receivedAt' | 'context'>): void;
  /** From now on. */
  behave(gatewayEui: Eui64, habit: GatewayHabit): void;
  /** What the gateway was asked to send, oldest first. */
  orders(gatewayEui: Eui64): readonly Omit<TransmitRequest, 'context'>[];
}

const A = parseEui64('00800000a0001234');
const B = parseEui64('a84041fdfe276a10');

const LORA = { kind: 'lora', spreadingFactor: 7, bandwidthKhz: 125 } as const;
const FSK = { kind: 'fsk', bitRate: 50_000 } as const;

const octets = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 37 + 1) & 255);

const request = (more: Partial<TransmitRequest> = {}): TransmitRequest => ({
  gatewayEui: A,
  phyPayload: octets(20),
  frequencyHz: 868_100_000,
  modulation: LORA,
  powerDbm: 16,
  time: { kind: 'immediately' },
  context: undefined,
  ...more,
});

const withoutContext = ({ context: _context, ...rest }: TransmitRequest): Omit<TransmitRequest, 'context'> => rest;

/** What every `GatewayLink` must do. `make` gives a link without gateways for each test. */
export function gatewayLinkSuite(make: () => GatewayLinkBench): void {
  let bench: GatewayLinkBench;
  let heard: ReceivedFrame[];

  beforeEach(() => {
    bench = make();
    heard = [];
    bench.link.onFrame((frame) => heard.push(frame));
  });

  /** The outcome, however long the gateway takes. */
  const outcomeOf = async (asked: TransmitRequest): Promise<TransmitOutcome> => {
    const outcome = bench.link.transmit(asked);
    await bench.clock.advance(10_000);
    return outcome;
  };

  describe('receptions', () => {
    it('come out with everything the gateway said', () => {
      bench.appear(A);
      const frames = [
        {
          phyPayload: octets(23),
          frequencyHz: 868_300_000,
          modulation: LORA,
          rssiDbm: -113,
          snrDb: -7.5,
          counterUs: 0,
          gpsTime: gpsMs(Math.round(gpsFromUtc(utcMs(bench.clock.now())))),
        },
        {
          phyPayload: octets(255),
          frequencyHz: 868_800_000,
          modulation: FSK,
          rssiDbm: -50,
          snrDb: 0,
          counterUs: 0xffff_ffff,
          gpsTime: undefined,
        },
      ];
      for (const frame of frames) bench.hear(A, frame);
      expect(heard.map(({ context: _context, ...rest }) => rest)).toEqual(
        frames.map((frame) => ({ ...frame, gatewayEui: A, receivedAt: bench.clock.now() })),
      );
    });

    it('go on after a listener that threw', () => {
      bench.appear(A);
      const good = (frame: ReceivedFrame): void => {
        heard.push(frame);
      };
      bench.link.onFrame(() => {
        throw new Error('a fault of the listener');
      });
      const frame = {
        phyPayload: octets(12),
        frequencyHz: 868_300_000,
        modulation: LORA,
        rssiDbm: -113,
        snrDb: -7.5,
        counterUs: 1,
        gpsTime: undefined,
      };
      expect(() => bench.hear(A, frame)).not.toThrow();
      bench.link.onFrame(good);
      bench.hear(A, frame);
      expect(heard).toHaveLength(1);
    });
  });

  describe('transmissions', () => {
    it('reach the gateway as they were handed in, at every kind of time', async () => {
      bench.appear(A);
      bench.appear(B);
      const asked = [
        request(),
        request({ time: { kind: 'at-counter', counterUs: 0 } }),
        request({ time: { kind: 'at-counter', counterUs: 0xffff_ffff }, phyPayload: octets(255) }),
        request({
          time: { kind: 'at-gps', gpsTime: gpsMs(1_479_456_130_120) },
          frequencyHz: 869_525_000,
          powerDbm: 29,
        }),
        request({ modulation: FSK, frequencyHz: 868_800_000 }),
        request({ phyPayload: octets(1), frequencyHz: 923_300_000, modulation: { ...LORA, bandwidthKhz: 500 } }),
      ];
      for (const one of asked) expect(await outcomeOf(one)).toEqual({ kind: 'programmed' });
      expect(bench.orders(A)).toEqual(asked.map(withoutContext));
      expect(bench.orders(B)).toEqual([]);
    });

    it('cannot reach a gateway that never appeared', async () => {
      bench.appear(A);
      expect(await outcomeOf(request({ gatewayEui: B }))).toEqual({ kind: 'unreachable' });
      expect(bench.orders(A)).toEqual([]);
    });

    it('are refused with the word of the gateway', async () => {
      bench.appear(A);
      for (const error of ['TOO_LATE', 'TOO_EARLY', 'COLLISION_PACKET', 'TX_FREQ', 'TX_POWER', 'GPS_UNLOCKED', 'X']) {
        bench.behave(A, { kind: 'refuses', error });
        expect(await outcomeOf(request())).toEqual({ kind: 'refused', error });
      }
      bench.behave(A, { kind: 'takes' });
      expect(await outcomeOf(request())).toEqual({ kind: 'programmed' });
    });

    it('have an unknown outcome when the gateway says nothing', async () => {
      bench.appear(A);
      bench.behave(A, { kind: 'says-nothing' });
      expect(await outcomeOf(request())).toEqual({ kind: 'unknown' });
      expect(bench.orders(A)).toHaveLength(1);
    });

    it('are told apart when many are under way', async () => {
      bench.appear(A);
      bench.appear(B);
      bench.behave(B, { kind: 'refuses', error: 'TOO_LATE' });
      const outcomes = Array.from({ length: 200 }, (_, i) =>
        bench.link.transmit(request({ gatewayEui: i % 2 === 0 ? A : B })),
      );
      await bench.clock.advance(10_000);
      const kinds = (await Promise.all(outcomes)).map((outcome) => outcome.kind);
      expect(kinds).toEqual(kinds.map((_, i) => (i % 2 === 0 ? 'programmed' : 'refused')));
    });
  });

  describe('gateways', () => {
    it('are listed once each, with when they were seen', async () => {
      const start = bench.clock.now();
      bench.appear(A);
      await bench.clock.advance(5_000);
      bench.appear(B);
      bench.appear(A);
      const listed = [...bench.link.gateways()].sort((a, b) => (a.gatewayEui < b.gatewayEui ? -1 : 1));
      expect(listed).toMatchObject([
        { gatewayEui: A, connectedAt: start, lastSeenAt: start + 5_000, downlinkReady: true },
        { gatewayEui: B, connectedAt: start + 5_000, lastSeenAt: start + 5_000, downlinkReady: true },
      ]);
    });

    it('can be asked for one by one', () => {
      bench.appear(A);
      expect(bench.link.gateway(A)).toEqual(bench.link.gateways()[0]);
      expect(bench.link.gateway(B)).toBeUndefined();
    });

    it('tell whether several were heard since an instant', async () => {
      const start = bench.clock.now();
      const before = steadyMs(start - 1);
      expect(bench.link.severalHeardSince(before)).toBe(false);
      bench.appear(A);
      bench.appear(A);
      expect(bench.link.severalHeardSince(before)).toBe(false);
      await bench.clock.advance(10);
      bench.appear(B);
      expect(bench.link.severalHeardSince(before)).toBe(true);
      expect(bench.link.severalHeardSince(start)).toBe(false);
      await bench.clock.advance(10);
      bench.appear(A);
      bench.appear(A);
      expect(bench.link.severalHeardSince(steadyMs(start + 9))).toBe(true);
      expect(bench.link.severalHeardSince(steadyMs(start + 10))).toBe(false);
    });

    it('are proven once somebody vouched for a frame of them', () => {
      bench.appear(A);
      bench.appear(B);
      bench.hear(A, {
        phyPayload: octets(23),
        frequencyHz: 868_300_000,
        modulation: LORA,
        rssiDbm: -113,
        snrDb: -7.5,
        counterUs: 0,
        gpsTime: undefined,
      });
      expect(bench.link.gateway(A)?.proven).toBe(false);
      for (const frame of heard) bench.link.vouch(frame);
      bench.appear(A);
      expect(bench.link.gateway(A)?.proven).toBe(true);
      expect(bench.link.gateway(B)?.proven).toBe(false);
    });
  });
}
