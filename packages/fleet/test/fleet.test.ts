import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CallerError, isEui64Text, ScaledClock, SystemClock, utcClock } from '@airlift/kernel';
import { parseRegion } from '@airlift/lorawan';
import { describe, expect, it } from 'vitest';
import { type BehaviourName, behaviour } from '../src/behaviour/presets.ts';
import { startFleet } from '../src/fleet/fleet.ts';
import type { DatagramSocket } from '../src/gateway/datagram-socket.ts';
import { FileImageSink } from '../src/storage/file-image-sink.ts';
import { FakeNetwork } from './fake-network.ts';
import {
  broadcast,
  fragmentsOf,
  fragSetup,
  GROUP,
  openSession,
  ready,
  SETTING,
  until,
  type World,
  world,
} from './world.ts';

/** Answers every checksum request with yes. */
function agree(w: World): void {
  w.network.onUplink = (uplink) => {
    if (uplink.fPort === 201 && uplink.payload[0] === 0x80) {
      w.network.queue(uplink.deveui, { fPort: 201, payload: Uint8Array.of(0x80, 0x01) });
    }
  };
}

describe('startFleet', () => {
  it('gives the whitelist that the network server takes', () => {
    const w = world({ deviceCount: 4 });
    const list = w.fleet.whitelist();
    expect(list).toHaveLength(4);
    expect(new Set(list.map(({ deveui }) => deveui)).size).toBe(4);
    for (const entry of list) {
      expect(Object.keys(entry).sort()).toEqual(['appeui', 'appkey', 'class', 'deveui', 'genappkey', 'name']);
      expect(entry.deveui).toMatch(/^[0-9a-f]{2}(-[0-9a-f]{2}){7}$/);
      expect(isEui64Text(entry.appeui)).toBe(true);
      expect(entry.appkey).toMatch(/^[0-9a-f]{32}$/);
      expect(entry.genappkey).toMatch(/^[0-9a-f]{32}$/);
      expect(entry.class).toBe('A');
    }
  });

  it('is the same again with the same seed, and different with another', async () => {
    const run = async (seed: string) => {
      const w = world({ seed, deviceCount: 5, loss: 0.1, uplinkIntervalS: 15 });
      await w.clock.advance(300_000);
      w.fleet.stop();
      return JSON.stringify([w.fleet.events, w.fleet.snapshot(), w.network.uplinks.map(({ at }) => at)]);
    };
    const first = await run('one');
    expect(await run('one')).toBe(first);
    expect(await run('two')).not.toBe(first);
  });

  it('refuses what makes no sense', () => {
    expect(() => world({ deviceCount: -1 })).toThrow(CallerError);
    expect(() => world({ deviceCount: 1.5 })).toThrow(CallerError);
    expect(() => world({ region: 'MOON' })).toThrow(CallerError);
    expect(() => world({ subBand: 9 })).toThrow(CallerError);
  });

  it('leaves no timer behind', async () => {
    const w = world({ deviceCount: 3 });
    await w.clock.advance(100_000);
    w.fleet.stop();
    expect(w.clock.nextAt()).toBeUndefined();
    expect(w.fleet.snapshot().every(({ state }) => state === 'off')).toBe(true);
  });

  it('gives each device its behaviour', async () => {
    const names: readonly BehaviourName[] = ['multitech-dot', 'loramac-node'];
    const w = world({ deviceCount: 4, behaviour: (index) => names[index % 2] ?? 'multitech-dot' });
    expect(w.fleet.devices.map((device) => device.behaviour.name)).toEqual([...names, ...names]);
  });

  it('works in another sub-band', async () => {
    const w = world({ subBand: 7, deviceCount: 3 });
    await ready(w);
    expect(w.network.joinRequests.every(({ frequencyHz }) => frequencyHz >= 911_900_000)).toBe(true);
  });
});

describe('behaviours', () => {
  it('are plain data that survives JSON', () => {
    const one = behaviour('multitech-dot', { faults: { rebootAtS: 5 }, integrity: { form: 'bare' } });
    expect(JSON.parse(JSON.stringify(one))).toEqual(one);
    expect(one.integrity?.retryMs).toBe(5_000);
    expect(behaviour('loramac-node').integrity).toBeNull();
    expect(behaviour('loramac-node', { integrity: { form: 'bare' } }).integrity?.form).toBe('bare');
    expect(behaviour('multitech-dot', { integrity: null }).integrity).toBeNull();
    expect(behaviour('multitech-dot').faults.rebootAtS).toBeNull();
  });
});

it('20 devices with 2 % loss all store the image, in files', async () => {
  const outDir = mkdtempSync(join(tmpdir(), 'fleet-'));
  const block = Uint8Array.from({ length: 20_000 }, (_, i) => (i * i * 7 + i) & 255);
  const fragments = fragmentsOf(block, 200, 40);
  const w = world({ deviceCount: 20, loss: 0.02, uplinkIntervalS: 20, sink: new FileImageSink(outDir) });
  // Answers may get lost: setup is repeated until every device is in its session or has missed it.
  agree(w);
  await ready(w);
  await openSession(w, { frag: fragSetup({ fragments: 100, size: 200 }), timeOut: 12, inS: 700 });
  await until(w.clock, () => w.fleet.snapshot().every(({ inSession }) => inSession), 900);
  await broadcast(w, fragments);
  await until(w.clock, () => w.fleet.snapshot().every(({ state }) => state === 'done'), 300);
  for (const device of w.fleet.devices) {
    expect(new Uint8Array(readFileSync(join(outDir, device.devEui, 'image.bin')))).toEqual(block);
  }
  expect(w.fleet.snapshot().some(({ parityUsed }) => parityUsed > 0)).toBe(true);
  const { devices } = w.fleet.radio.counters();
  expect([...devices.values()].some(({ lost }) => lost > 0)).toBe(true);
  rmSync(outDir, { recursive: true });
});

it('1,000 devices join and hear multicast in virtual time, in little memory', async () => {
  const w = world({ deviceCount: 1_000, loss: 0.02, uplinkIntervalS: 0, bootSpreadS: 600 });
  await w.clock.advance(1_200_000);
  expect(w.fleet.snapshot().filter(({ clockSynchronised }) => clockSynchronised).length).toBeGreaterThan(980);
  const before = process.memoryUsage().rss;
  for (let fCnt = 1; fCnt <= 50; fCnt++) {
    w.network.multicast(GROUP, SETTING, { fCnt, fPort: 10, payload: new Uint8Array(200) });
    await w.clock.advance(600);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  w.fleet.stop();
});

it('lives on real sockets and a clock that runs ahead', async () => {
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  let reply: (datagram: Uint8Array) => void = () => undefined;
  let listener: (datagram: Uint8Array) => void = () => undefined;
  server.on('message', (message, from) => {
    reply = (datagram) => server.send(datagram, from.port, from.address);
    listener(new Uint8Array(message));
  });
  const socket: DatagramSocket = {
    send: (datagram) => reply(datagram),
    onDatagram: (set) => {
      listener = set;
    },
    close: () => server.close(),
  };
  const clock = utcClock(new ScaledClock(new SystemClock(), { scale: 30 }));
  const network = new FakeNetwork(clock, socket, parseRegion('EU868'));
  let told: () => void = () => undefined;
  const clockSet = new Promise<void>((resolve) => {
    told = resolve;
  });
  const fleet = startFleet({
    clock,
    seed: 'real',
    deviceCount: 1,
    region: 'EU868',
    udp: { host: '127.0.0.1', port: server.address().port },
    uplinkIntervalS: 0,
    onEvent: ({ type }) => {
      if (type === 'clock-set') told();
    },
  });
  network.register(fleet.whitelist());
  await clockSet;
  expect(fleet.snapshot()[0]).toMatchObject({ joined: true, clockSynchronised: true });
  fleet.stop();
  socket.close();
});
