import { fromHex, gpsFromUtc, parseEui64, Rng, utcMs, VirtualClock } from '@airlift/kernel';
import { region } from '@airlift/lorawan';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memorySocketPair } from '../../src/gateway/datagram-socket.ts';
import { SX1301_FORWARDER } from '../../src/gateway/jit-queue.ts';
import { decodeDatagram, encodeDatagram } from '../../src/gateway/semtech-datagram.ts';
import { VirtualGateway, type VirtualGatewayOptions } from '../../src/gateway/virtual-gateway.ts';
import type { AirFrame } from '../../src/radio/air-frame.ts';
import { Radio } from '../../src/radio/radio.ts';

const EUI = parseEui64('0102030405060708');
const DEVICE = parseEui64('1112131415161718');
const UPLINK = fromHex('40f17dbe4900020001954378762b11ff0d');

function setUp(options: Partial<VirtualGatewayOptions> = {}) {
  const clock = new VirtualClock(utcMs(Date.UTC(2026, 5, 30, 12, 0, 0)));
  const radio = new Radio({ clock, rng: new Rng('radio') });
  const { gatewaySide, serverSide } = memorySocketPair();
  const received: { at: number; kind: string; token: number; json: Record<string, never[]> | undefined }[] = [];
  let answers = true;
  serverSide.onDatagram((octets) => {
    const { kind, token, json } = decodeDatagram(octets);
    received.push({
      at: clock.now(),
      kind,
      token,
      json: json === undefined ? undefined : (JSON.parse(json) as Record<string, never[]>),
    });
    if (answers && kind === 'pull-data') serverSide.send(encodeDatagram({ kind: 'pull-ack', token }));
    if (answers && kind === 'push-data') serverSide.send(encodeDatagram({ kind: 'push-ack', token }));
  });
  const gateway = new VirtualGateway({
    clock,
    radio,
    rng: new Rng('gateway'),
    socket: gatewaySide,
    eui: EUI,
    region: region('EU868'),
    ...options,
  });
  const heard: AirFrame[] = [];
  const antenna = radio.attachDevice({
    eui: DEVICE,
    tunedDuring: () => ({ frequencyHz: 869_525_000, dataRate: 'SF9BW125' }),
    hear: (frame) => heard.push(frame),
  });
  const order = (txpk: Record<string, unknown>, token = 77): void =>
    serverSide.send(
      encodeDatagram({
        kind: 'pull-resp',
        token,
        json: JSON.stringify({
          txpk: {
            freq: 869.525,
            rfch: 0,
            powe: 27,
            modu: 'LORA',
            datr: 'SF9BW125',
            codr: '4/5',
            ipol: true,
            ncrc: true,
            size: 3,
            data: 'AQID',
            ...txpk,
          },
        }),
      }),
    );
  const acks = () => received.filter(({ kind }) => kind === 'tx-ack');
  const uplink = (frequencyHz = 868_500_000, dataRate = 'SF7BW125'): AirFrame =>
    antenna.send({ octets: UPLINK, frequencyHz, dataRate, startMs: clock.now(), airtimeMs: 60 });
  return {
    clock,
    gateway,
    serverSide,
    received,
    heard,
    order,
    acks,
    uplink,
    setAnswers: (value: boolean) => {
      answers = value;
    },
  };
}

describe('keepalive', () => {
  it('sends PULL_DATA at once and every 10 s while they are answered', async () => {
    const { clock, received } = setUp({ statIntervalMs: 1e9 });
    const start = clock.now();
    await clock.advance(31_000);
    expect(received.map(({ kind, at }) => [kind, at - start])).toEqual([
      ['pull-data', 0],
      ['pull-data', 10_000],
      ['pull-data', 20_000],
      ['pull-data', 30_000],
    ]);
  });

  it('asks again every second until it is answered', async () => {
    const { clock, received, setAnswers } = setUp({ statIntervalMs: 1e9 });
    setAnswers(false);
    const start = clock.now();
    await clock.advance(4_500);
    setAnswers(true);
    await clock.advance(11_000);
    expect(received.map(({ at }) => at - start)).toEqual([0, 1_000, 2_000, 3_000, 4_000, 5_000, 15_000]);
  });

  it('reports its status every 30 s', async () => {
    const position = { latitude: 46.24, longitude: 3.2523, altitude: 145 };
    const { clock, received, uplink, order } = setUp({ position });
    uplink();
    await clock.advance(1_000);
    order({ imme: true });
    await clock.advance(60_000);
    const stats = received.flatMap(({ json }) => json?.stat ?? []);
    expect(stats).toEqual([
      {
        time: '2026-06-30 12:00:30 GMT',
        lati: 46.24,
        long: 3.2523,
        alti: 145,
        rxnb: 1,
        rxok: 1,
        rxfw: 1,
        ackr: 100,
        dwnb: 1,
        txnb: 1,
      },
      expect.objectContaining({ rxnb: 0, dwnb: 0, txnb: 0, ackr: 100 }),
    ]);
  });
});

describe('receptions', () => {
  it('forwards with the counter and GPS time of the end of the frame', async () => {
    const { clock, received, uplink } = setUp();
    const first = uplink();
    await clock.advance(5_000);
    const second = uplink(867_100_000, 'SF12BW125');
    await clock.advance(5_000);
    const frames = received.flatMap(({ json }) => (json?.rxpk ?? []) as Record<string, number | string>[]);
    expect(frames[0]).toEqual({
      tmst: expect.any(Number) as number,
      time: '2026-06-30T12:00:00.060000Z',
      tmms: gpsFromUtc(first.endMs),
      chan: 2,
      rfch: 1,
      freq: 868.5,
      stat: 1,
      modu: 'LORA',
      datr: 'SF7BW125',
      codr: '4/5',
      lsnr: expect.any(Number) as number,
      rssi: expect.any(Number) as number,
      size: UPLINK.length,
      data: Buffer.from(UPLINK).toString('base64'),
    });
    expect(frames[1]).toMatchObject({ chan: 3, rfch: 0, datr: 'SF12BW125' });
    const apart = (Number(frames[1]?.tmst) - Number(frames[0]?.tmst) + 2 ** 32) % 2 ** 32;
    expect(apart).toBe(Math.round((second.endMs - first.endMs) * 1000));
  });

  it('leaves GPS time out without a receiver for it', async () => {
    const { clock, received, uplink } = setUp({ gps: false });
    uplink();
    await clock.advance(100);
    const frame = received.flatMap(({ json }) => json?.rxpk ?? [])[0];
    expect(frame).not.toHaveProperty('tmms');
    expect(frame).not.toHaveProperty('time');
  });

  it('hears its own channels only', async () => {
    const { clock, gateway, uplink } = setUp();
    uplink(868_700_000);
    uplink(868_500_000, 'SF7BW250');
    uplink(868_300_000, 'SF7BW250');
    await clock.advance(1_000);
    expect(gateway.counters().received).toBe(1);
  });
});

describe('orders', () => {
  it('sends at the microsecond, after a wrap of the counter too', async () => {
    const { clock, received, heard, order, acks, uplink } = setUp();
    for (let i = 0; i < 75; i++) {
      const up = uplink();
      await clock.advance(200);
      const tmst = Number(
        (received.flatMap(({ json }) => json?.rxpk ?? []).at(-1) as { tmst: number } | undefined)?.tmst,
      );
      order({ tmst: (tmst + 1_000_000) % 2 ** 32 }, i);
      await clock.advance(60_000);
      expect(heard.at(-1)?.startMs).toBeCloseTo(up.endMs + 1_000, 3);
    }
    expect(heard).toHaveLength(75);
    expect(acks().every(({ json }) => json === undefined)).toBe(true);
    const stamps = received.flatMap(({ json }) => (json?.rxpk ?? []) as { tmst: number }[]).map(({ tmst }) => tmst);
    expect(stamps.some((tmst, i) => i > 0 && tmst < (stamps[i - 1] ?? 0))).toBe(true);
  });

  it('sends at a GPS time, and says so when it cannot', async () => {
    const { clock, heard, order, acks } = setUp();
    order({ tmms: gpsFromUtc(utcMs(clock.now() + 5_000)) }, 1);
    order({ tmms: gpsFromUtc(utcMs(clock.now() - 5_000)) }, 2);
    order({ tmms: gpsFromUtc(utcMs(clock.now() + 600_000)) }, 3);
    const start = clock.now();
    await clock.advance(10_000);
    expect(heard.map(({ startMs }) => startMs - start)).toEqual([5_000]);
    expect(acks().map(({ token, json }) => [token, json?.txpk_ack])).toEqual([
      [1, undefined],
      [2, { error: 'TOO_EARLY' }],
      [3, { error: 'TOO_EARLY' }],
    ]);
    const blind = setUp({ gps: false });
    blind.order({ tmms: gpsFromUtc(utcMs(blind.clock.now() + 5_000)) });
    await blind.clock.advance(10);
    expect(blind.acks()[0]?.json).toEqual({ txpk_ack: { error: 'GPS_UNLOCKED' } });
  });

  it('behaviour 21: one frame at a time; success has an empty body, a second frame gets COLLISION_PACKET', async () => {
    const { clock, heard, order, acks } = setUp();
    const tmms = gpsFromUtc(utcMs(clock.now() + 2_000));
    order({ tmms }, 1);
    order({ tmms: tmms + 50 }, 2);
    await clock.advance(5_000);
    expect(acks().map(({ token, json }) => [token, json])).toEqual([
      [1, undefined],
      [2, { txpk_ack: { error: 'COLLISION_PACKET' } }],
    ]);
    expect(heard).toHaveLength(1);
  });

  it('says that it is too late, or too early', async () => {
    const { clock, received, order, acks, uplink } = setUp();
    uplink();
    await clock.advance(60);
    const [frame] = received.flatMap(({ json }) => (json?.rxpk ?? []) as { tmst: number }[]);
    const tmst = frame?.tmst ?? 0;
    for (const [token, inUs] of [20_000, -20_000, 600_000_000, 50_000].entries()) {
      order({ tmst: (tmst + inUs + 2 ** 32) % 2 ** 32 }, token);
    }
    await clock.advance(1_000);
    expect(acks().map(({ json }) => json?.txpk_ack)).toEqual([
      { error: 'TOO_LATE' },
      { error: 'TOO_EARLY' },
      { error: 'TOO_EARLY' },
      undefined,
    ]);
  });

  it('queues what is to be sent at once behind each other', async () => {
    const { clock, heard, order, acks } = setUp();
    const start = clock.now();
    for (let i = 0; i < 5; i++) order({ imme: true, tmst: 1 }, i);
    await clock.advance(5_000);
    expect(acks().every(({ json }) => json === undefined)).toBe(true);
    expect(heard).toHaveLength(5);
    expect(heard[0]?.startMs).toBe(start + 80);
    heard.forEach((frame, i) => {
      if (i > 0) expect(frame.startMs).toBeGreaterThan(heard[i - 1]?.endMs ?? 0);
    });
  });

  it('refuses frequencies outside the band, never the power, and drops what the second radio is to send', async () => {
    const { clock, gateway, heard, order, acks } = setUp();
    order({ imme: true, freq: 915.0 }, 1);
    order({ imme: true, powe: 99 }, 2);
    order({ imme: true, rfch: 1 }, 3);
    await clock.advance(3_000);
    expect(acks().map(({ token, json }) => [token, json?.txpk_ack])).toEqual([
      [1, { error: 'TX_FREQ' }],
      [2, undefined],
      [3, undefined],
    ]);
    expect(heard).toHaveLength(1);
    expect(gateway.counters()).toMatchObject({ downlinks: 3, transmitted: 1, refused: { TX_FREQ: 1 } });
  });

  it('is not heard by devices with upright polarity, and sends longer with a payload CRC', async () => {
    const { clock, gateway, heard, order } = setUp();
    order({ imme: true, ipol: false });
    await clock.advance(3_000);
    expect([heard.length, gateway.counters().transmitted]).toEqual([0, 1]);
    order({ imme: true, size: 14 });
    order({ imme: true, size: 14, ncrc: undefined });
    await clock.advance(3_000);
    const [short = 0, long = 0] = heard.map(({ startMs, endMs }) => endMs - startMs);
    expect(long).toBeGreaterThan(short);
  });

  it('speaks as the older forwarder on request', async () => {
    const { clock, heard, order, acks } = setUp({ forwarder: SX1301_FORWARDER });
    const start = clock.now();
    order({ imme: true });
    await clock.advance(3_000);
    expect(acks()[0]?.json).toEqual({ txpk_ack: { error: 'NONE' } });
    expect(heard[0]?.startMs).toBe(start + 1_000);
  });

  it('says nothing to orders it cannot read', async () => {
    const { clock, gateway, serverSide, order, acks } = setUp();
    order({ tmst: undefined });
    order({ imme: true, rfch: undefined });
    serverSide.send(encodeDatagram({ kind: 'pull-resp', token: 1, json: '{"txpk":' }));
    serverSide.send(encodeDatagram({ kind: 'pull-resp', token: 1 }));
    await clock.advance(3_000);
    expect(acks()).toEqual([]);
    expect(gateway.counters().ignored).toBe(4);
  });
});

it('outlives arbitrary datagrams', async () => {
  const { clock, gateway, serverSide, uplink, received } = setUp();
  const datagrams = fc.sample(
    fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc
        .tuple(fc.nat(255), fc.nat(8), fc.string())
        .map(([token, id, text]) => Uint8Array.of(2, token, token, id, ...new TextEncoder().encode(text))),
      fc.jsonValue().map((txpk) => encodeDatagram({ kind: 'pull-resp', token: 1, json: JSON.stringify({ txpk }) })),
    ),
    { numRuns: 500, seed: 42 },
  );
  for (const datagram of datagrams) serverSide.send(datagram);
  await clock.advance(20_000);
  expect(gateway.counters().ignored).toBeGreaterThan(100);
  uplink();
  await clock.advance(1_000);
  expect(received.some(({ json }) => json?.rxpk !== undefined)).toBe(true);
});
