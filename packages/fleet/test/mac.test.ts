import { describe, expect, it } from 'vitest';
import { behaviour } from '../src/behaviour/presets.ts';
import { deliver, exchange, ready, until, type World, world } from './world.ts';

/** A joined device that sends nothing of itself but application uplinks. */
async function quiet(options: Parameters<typeof world>[0] = {}): Promise<World> {
  const w = world(options);
  await ready(w);
  return w;
}

/** Octets to a port that the device hands to nobody: only the reception shows, as an event. */
const MESSAGE = { fPort: 7, payload: Uint8Array.of(1, 2, 3) };

function messages(w: World): number {
  return w.fleet.events.filter(({ type }) => type === 'message').length;
}

describe('receive windows', () => {
  it.each(['US915', 'EU868'])('hears in RX1 and in RX2 (%s)', async (region) => {
    const w = await quiet({ region });
    await deliver(w, { ...MESSAGE, window: 'rx1' });
    expect(messages(w)).toBe(1);
    await deliver(w, { ...MESSAGE, window: 'rx2' });
    await w.clock.advance(2_000);
    expect(messages(w)).toBe(2);
  });

  it('hears nothing at the wrong time, frequency or data rate', async () => {
    const w = await quiet();
    const { session } = w.network.device(w.eui);
    if (session === undefined) throw new Error('not joined');
    const tries: ((tmst: number) => void)[] = [];
    w.network.onUplink = (uplink) => tries.shift()?.(uplink.tmst);
    const frame = { ...MESSAGE };
    for (const offsetUs of [950_000, 1_050_000, 1_500_000, 3_000_000]) {
      tries.push((tmst) => w.network.answer(session, { ...lastUplink(w), tmst: tmst + offsetUs - 1_000_000 }, frame));
    }
    // A channel of the plan, but not the one that belongs to the uplink; and the data rate of another uplink.
    tries.push(() => w.network.answer(session, { ...lastUplink(w), frequencyHz: otherChannel(w) }, frame));
    tries.push(() => w.network.answer(session, { ...lastUplink(w), datr: 'SF10BW125' }, frame));
    const count = tries.length;
    await until(w.clock, () => tries.length === 0, 600);
    await w.clock.advance(5_000);
    expect(messages(w)).toBe(0);
    expect(w.network.txAcks.length).toBeGreaterThanOrEqual(count);
    // Ten milliseconds early or late are still caught.
    for (const offsetUs of [-10_000, 10_000]) {
      tries.push((tmst) => w.network.answer(session, { ...lastUplink(w), tmst: tmst + offsetUs }, frame));
    }
    await until(w.clock, () => tries.length === 0, 600);
    await w.clock.advance(5_000);
    expect(messages(w)).toBe(2);
  });

  it('does not open RX2 once it has heard something in RX1', async () => {
    const w = await quiet();
    const { session } = w.network.device(w.eui);
    if (session === undefined) throw new Error('not joined');
    let done = false;
    w.network.onUplink = (uplink) => {
      if (done) return;
      done = true;
      w.network.answer(session, uplink, MESSAGE);
      w.network.answer(session, uplink, { ...MESSAGE, window: 'rx2' });
    };
    await until(w.clock, () => done, 60);
    await w.clock.advance(5_000);
    expect(messages(w)).toBe(1);
  });
});

function lastUplink(w: World) {
  const last = w.network.uplinks.at(-1);
  if (last === undefined) throw new Error('no uplink');
  return last;
}

function otherChannel(w: World): number {
  return lastUplink(w).frequencyHz === 903_900_000 ? 904_100_000 : 903_900_000;
}

describe('frame counters', () => {
  it('drops repeats, older ones and frames with a wrong code; gaps are fine', async () => {
    const w = await quiet();
    const { session } = w.network.device(w.eui);
    if (session === undefined) throw new Error('not joined');
    await deliver(w, { ...MESSAGE, fCnt: 20 });
    await deliver(w, { ...MESSAGE, fCnt: 20 });
    await deliver(w, { ...MESSAGE, fCnt: 19 });
    expect(messages(w)).toBe(1);
    await deliver(w, { ...MESSAGE, fCnt: 300 });
    expect(messages(w)).toBe(2);
    // A counter of another half: the code is computed with it, and does not fit.
    await deliver(w, { ...MESSAGE, fCnt: 0x50000 + 301 });
    expect(messages(w)).toBe(2);
    await deliver(w, { ...MESSAGE, fCnt: 0x10000 + 5 });
    expect(messages(w)).toBe(3);
  });

  it('counts uplinks one by one', async () => {
    const w = await quiet({ uplinkIntervalS: 5 });
    await w.clock.advance(200_000);
    const counters = w.network.uplinks.map(({ fCnt }) => fCnt);
    expect(counters).toEqual(counters.map((_, i) => i));
  });
});

describe('confirmed downlinks and FPending', () => {
  it('acknowledges with an uplink soon after', async () => {
    const w = await quiet({ uplinkIntervalS: 60 });
    await deliver(w, { ...MESSAGE, confirmed: true });
    const before = w.network.uplinks.at(-1);
    expect(before).toMatchObject({ ack: true, fPort: undefined });
    await w.clock.advance(130_000);
    expect(w.network.uplinks.at(-1)?.ack).toBe(false);
  });

  it('fetches what is pending with an empty uplink', async () => {
    const w = await quiet({ uplinkIntervalS: 60 });
    const count = w.network.uplinks.length;
    await deliver(w, { ...MESSAGE, fPending: true });
    expect(w.network.uplinks.slice(count).map(({ fPort }) => fPort)).toEqual([2, undefined]);
  });
});

describe('MAC commands', () => {
  const answersTo = async (
    w: World,
    mac: NonNullable<Parameters<World['network']['queue']>[1]['mac']>,
  ): Promise<(typeof w.network.uplinks)[number]> => {
    const count = w.network.uplinks.length;
    w.network.queue(w.eui, { mac });
    await until(w.clock, () => w.network.device(w.eui).queue.length === 0, 300);
    await w.clock.advance(2_500);
    const [, answer] = w.network.uplinks.slice(count);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  };

  it('obeys a block of LinkADRReq as a whole and answers each of them', async () => {
    const w = await quiet({ uplinkIntervalS: 10 });
    const request = (chMask: number, chMaskCntl: number) =>
      ({ name: 'LinkADRReq', fields: { dataRate: 1, txPower: 2, nbTrans: 1, chMask, chMaskCntl } }) as const;
    const { mac } = await answersTo(w, [request(0, 7), request(0x0300, 0)]);
    const yes = { name: 'LinkADRAns', fields: { channelMaskAck: true, dataRateAck: true, powerAck: true } };
    expect(mac).toEqual([yes, yes]);
    const count = w.network.uplinks.length;
    await w.clock.advance(200_000);
    const later = w.network.uplinks.slice(count);
    expect(new Set(later.map(({ datr }) => datr))).toEqual(new Set(['SF9BW125']));
    expect(new Set(later.map(({ frequencyHz }) => frequencyHz))).toEqual(new Set([903_900_000, 904_100_000]));
  });

  it('refuses what it cannot do and changes nothing', async () => {
    const w = await quiet({ uplinkIntervalS: 10, region: 'EU868' });
    const fields = { dataRate: 12, txPower: 9, nbTrans: 1, chMask: 0x0100, chMaskCntl: 0 };
    const { mac } = await answersTo(w, [{ name: 'LinkADRReq', fields }]);
    expect(mac).toEqual([
      { name: 'LinkADRAns', fields: { channelMaskAck: false, dataRateAck: false, powerAck: false } },
    ]);
    await w.clock.advance(30_000);
    expect(w.network.uplinks.at(-1)?.datr).toBe('SF7BW125');
  });

  it('repeats uplinks NbTrans times until something is heard', async () => {
    const w = await quiet({ uplinkIntervalS: 30 });
    const fields = { dataRate: 15, txPower: 15, nbTrans: 3, chMask: 0xff00, chMaskCntl: 0 };
    await answersTo(w, [{ name: 'LinkADRReq', fields }]);
    await w.clock.advance(20_000);
    const count = w.network.uplinks.length;
    await w.clock.advance(120_000);
    const counters = w.network.uplinks.slice(count).map(({ fCnt }) => fCnt);
    expect(counters.length).toBeGreaterThanOrEqual(9);
    expect(new Set(counters).size).toBe(Math.ceil(counters.length / 3));
  });

  it('moves RX2 and repeats RXParamSetupAns until a downlink is heard', async () => {
    const w = await quiet({ uplinkIntervalS: 10, region: 'EU868' });
    const rx2 = { frequencyHz: 869_525_000, rx2DataRate: 3, rx1DrOffset: 1 };
    await answersTo(w, [{ name: 'RXParamSetupReq', fields: rx2 }]);
    const name = 'RXParamSetupAns';
    const count = w.network.uplinks.length;
    await w.clock.advance(60_000);
    const repeats = w.network.uplinks.slice(count);
    expect(repeats.length).toBeGreaterThan(3);
    expect(repeats.every(({ mac }) => mac.some((one) => one.name === name))).toBe(true);
    // The new settings hold from the answer on.
    w.network.rx1DrOffset = 1;
    await deliver(w, MESSAGE);
    expect(messages(w)).toBe(1);
    await w.clock.advance(15_000);
    expect(w.network.uplinks.at(-1)?.mac).toEqual([]);
  });

  it('moves its windows by RXTimingSetupReq', async () => {
    const w = await quiet({ uplinkIntervalS: 10 });
    await answersTo(w, [{ name: 'RXTimingSetupReq', fields: { delay: 3 } }]);
    await deliver(w, MESSAGE);
    expect(messages(w)).toBe(0);
    w.network.rxDelay = 3;
    await deliver(w, MESSAGE);
    await w.clock.advance(5_000);
    expect(messages(w)).toBe(1);
  });

  it('tells battery and margin', async () => {
    const w = await quiet();
    const { mac } = await answersTo(w, [{ name: 'DevStatusReq', fields: {} }]);
    expect(mac).toHaveLength(1);
    const [status] = mac;
    if (status?.name !== 'DevStatusAns') throw new Error('no DevStatusAns');
    expect(status.fields.battery).toBe(254);
    expect(Math.abs(status.fields.marginDb)).toBeLessThanOrEqual(32);
  });

  it('takes new channels and moved downlinks in dynamic plans, and is silent about them in fixed ones', async () => {
    const w = await quiet({ uplinkIntervalS: 5, region: 'EU868' });
    const channel = { channelIndex: 3, frequencyHz: 867_100_000, minDataRate: 0, maxDataRate: 5 };
    const answer = await answersTo(w, [
      { name: 'NewChannelReq', fields: channel },
      { name: 'NewChannelReq', fields: { ...channel, channelIndex: 0 } },
      { name: 'DlChannelReq', fields: { channelIndex: 9, frequencyHz: 867_900_000 } },
    ]);
    expect(answer.mac.map(({ name, fields }) => [name, ...Object.values(fields)])).toEqual([
      ['DlChannelAns', true, false],
      ['NewChannelAns', true, true],
      ['NewChannelAns', false, false],
    ]);
    await until(w.clock, () => w.network.uplinks.some(({ frequencyHz }) => frequencyHz === 867_100_000), 300);
    const us = await quiet({ uplinkIntervalS: 30 });
    const count = us.network.uplinks.length;
    us.network.queue(us.eui, { mac: [{ name: 'NewChannelReq', fields: channel }] });
    await until(us.clock, () => us.network.device(us.eui).queue.length === 0, 300);
    await us.clock.advance(2_500);
    expect(us.network.uplinks.length).toBe(count + 1);
  });

  it('obeys TxParamSetupReq where the region has it', async () => {
    const fields = { maxEirp: 5, uplinkDwell: false, downlinkDwell: false };
    const w = await quiet({ region: 'AS923-1', uplinkIntervalS: 10 });
    const answer = await answersTo(w, [{ name: 'TxParamSetupReq', fields }]);
    expect(answer.mac.map(({ name }) => name)).toEqual(['TxParamSetupAns']);
  });

  it('reads commands from FPort 0 as well', async () => {
    const w = await quiet();
    const count = w.network.uplinks.length;
    w.network.queue(w.eui, { fPort: 0, payload: Uint8Array.of(0x06) });
    await until(w.clock, () => w.network.device(w.eui).queue.length === 0, 300);
    await w.clock.advance(2_500);
    expect(w.network.uplinks.slice(count)[1]?.mac.map(({ name }) => name)).toEqual(['DevStatusAns']);
  });

  it('stops reading at an answer nobody asked for', async () => {
    const w = await quiet({ uplinkIntervalS: 30 });
    const count = w.network.uplinks.length;
    w.network.queue(w.eui, {
      mac: [
        { name: 'LinkCheckAns', fields: { marginDb: 1, gatewayCount: 1 } },
        { name: 'DevStatusReq', fields: {} },
      ],
    });
    await until(w.clock, () => w.network.device(w.eui).queue.length === 0, 300);
    await w.clock.advance(2_500);
    expect(w.network.uplinks.length).toBe(count + 1);
  });
});

describe('behaviour 22', () => {
  it('asks with ADRACKReq from the 64th unanswered uplink on, until any downlink', async () => {
    const w = await quiet({ uplinkIntervalS: 5 });
    const since = w.network.uplinks.length;
    await until(w.clock, () => w.network.uplinks.length === since + 80, 1_000);
    const flags = w.network.uplinks.slice(since).map(({ adrAckReq }) => adrAckReq);
    expect(flags.indexOf(true)).toBe(64);
    expect(flags.slice(64).every(Boolean)).toBe(true);
    await deliver(w, {});
    await w.clock.advance(10_000);
    expect(w.network.uplinks.at(-1)?.adrAckReq).toBe(false);
  });

  it('falls back to lower data rates when it stays unanswered, and joins anew in the end', async () => {
    const w = await quiet({ uplinkIntervalS: 5 });
    const since = w.network.uplinks.length;
    await until(w.clock, () => w.network.joinRequests.length > 1, 6_000);
    const rates = w.network.uplinks.slice(since).map(({ datr }) => datr);
    expect([...new Set(rates)]).toEqual(['SF7BW125', 'SF8BW125', 'SF9BW125', 'SF10BW125']);
    expect(rates.indexOf('SF8BW125')).toBe(96);
    expect(rates.length).toBe(64 + 320);
    await ready(w);
  });

  it('as a class C device sends confirmed uplinks until the first downlink after a join', async () => {
    const w = world({ behaviour: behaviour('loramac-node', { mac: { deviceClass: 'C' }, clock: { asks: false } }) });
    await until(w.clock, () => w.network.uplinks.length >= 4, 300);
    expect(w.network.uplinks.every(({ confirmed }) => confirmed)).toBe(true);
    await deliver(w, { ack: true });
    const count = w.network.uplinks.length;
    await until(w.clock, () => w.network.uplinks.length >= count + 3, 300);
    expect(w.network.uplinks.slice(count).some(({ confirmed }) => confirmed)).toBe(false);
    // It listens on RX2 all the time.
    const { session } = w.network.device(w.eui);
    if (session === undefined) throw new Error('not joined');
    await w.clock.advance(3_000);
    w.network.answer(
      session,
      { ...lastUplink(w), tmst: lastUplink(w).tmst + 4_000_000 },
      { ...MESSAGE, window: 'rx2' },
    );
    await w.clock.advance(7_000);
    expect(messages(w)).toBe(1);
  });
});

it('behaviour 23: with a budget of 36 s an hour it is silent until the hour is over', async () => {
  const w = world({
    region: 'EU868',
    uplinkIntervalS: 10,
    behaviour: behaviour('loramac-node', {
      mac: { airtimePerHourMs: 36_000, dataRate: 0, adr: false },
      clock: { asks: false },
    }),
  });
  await until(w.clock, () => w.first.snapshot().joined, 600);
  const start = w.clock.now();
  await w.clock.advance(3 * 3_600_000);
  const { airtimeMs = 0 } = w.fleet.radio.counters().devices.get(w.eui) ?? {};
  expect(airtimeMs).toBeLessThanOrEqual(4 * 36_000);
  expect(airtimeMs).toBeGreaterThan(2 * 36_000);
  const times = w.network.uplinks.map(({ at }) => at - start);
  const longest = Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? 0)));
  expect(longest).toBeGreaterThan(3_000_000);
});

it('behaviour 19: answers leave 100 ms after RX1 has ended, several commands in one uplink', async () => {
  const w = await quiet({ uplinkIntervalS: 30 });
  const heardAt: number[] = [];
  w.network.onUplink = ({ at }) => heardAt.push(at);
  const answer = await exchange(w, 200, Uint8Array.of(0x00, 0x03, 0x01, 0x00));
  expect([...answer.payload]).toEqual([0x00, 2, 1, 0x03, 0x05, 0x00, 2, 1]);
  const [request = 0, reply = 0] = heardAt.slice(-2);
  // RX1 opens after a second; the downlink and the answer take their time on air.
  expect(reply - request).toBeGreaterThan(1_100);
  expect(reply - request).toBeLessThan(1_400);
});
