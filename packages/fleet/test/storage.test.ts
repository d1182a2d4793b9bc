import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEui64, toHex, utcMs } from '@airlift/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VolatileMemory } from '../src/storage/device-memory.ts';
import { FileImageSink } from '../src/storage/file-image-sink.ts';
import { FileMemory } from '../src/storage/file-memory.ts';
import type { ReceivedImage } from '../src/storage/image-sink.ts';
import { sha256 } from './vectors.ts';
import { broadcast, exchange, fragmentsOf, fragSetup, fragSetup2, openSession, ready, until, world } from './world.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const DEVICE = parseEui64('008000ff00000002');

function image(octets: Uint8Array): ReceivedImage {
  return {
    device: DEVICE,
    octets,
    sha256: sha256(octets),
    fragmentsHeard: 7,
    fragmentsMissing: 2,
    parityUsed: 2,
    completedAt: utcMs(Date.UTC(2026, 5, 30, 12, 34, 56)),
  };
}

describe('FileImageSink', () => {
  it('writes the image and what is known of it', () => {
    const octets = Uint8Array.of(1, 2, 3);
    new FileImageSink(folder).image(image(octets));
    const own = join(folder, '008000ff00000002');
    expect(new Uint8Array(readFileSync(join(own, 'image.bin')))).toEqual(octets);
    expect(JSON.parse(readFileSync(join(own, 'received.json'), 'utf8'))).toEqual({
      sha256: sha256(octets),
      size: 3,
      fragmentsHeard: 7,
      fragmentsMissing: 2,
      parityUsed: 2,
      completedAt: '2026-06-30T12:34:56Z',
    });
    expect(readdirSync(own).sort()).toEqual(['image.bin', 'received.json']);
  });

  it('keeps what was there before under its hash, and the same image once', () => {
    const sink = new FileImageSink(folder);
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
    for (const octets of [a, b, b]) sink.image(image(octets));
    const own = join(folder, DEVICE);
    expect(readdirSync(own).sort()).toEqual([`image-${sha256(a).slice(0, 8)}.bin`, 'image.bin', 'received.json']);
    expect(new Uint8Array(readFileSync(join(own, 'image.bin')))).toEqual(b);
  });

  it('appends messages, one JSON object a line', () => {
    const sink = new FileImageSink(folder);
    const message = { device: DEVICE, mcAddr: 0x0000abcd, fPort: 10, fCnt: 3, receivedAt: utcMs(0) };
    sink.message({ ...message, payload: Uint8Array.of(0xca, 0xfe) });
    sink.message({ ...message, fCnt: 4, payload: new Uint8Array(0) });
    const lines = readFileSync(join(folder, DEVICE, 'messages.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { port: 10, payload: 'cafe', fcnt: 3, mcAddr: '0000abcd', time: '1970-01-01T00:00:00.000Z' },
      { port: 10, payload: '', fcnt: 4, mcAddr: '0000abcd', time: '1970-01-01T00:00:00.000Z' },
    ]);
  });
});

describe.each([
  ['VolatileMemory', () => new VolatileMemory()],
  ['FileMemory', () => new FileMemory(folder, DEVICE)],
] as const)('%s', (_, make) => {
  it('keeps a record and fragments', () => {
    const memory = make();
    expect(memory.load()).toBeUndefined();
    memory.save({ a: 1 });
    memory.save({ a: [2, null] });
    expect(memory.load()).toEqual({ a: [2, null] });
    expect(memory.fragments()).toEqual([]);
    memory.appendFragment(1, Uint8Array.of(1, 2));
    memory.appendFragment(16383, Uint8Array.of(3));
    expect(memory.fragments()).toEqual([
      { n: 1, octets: Uint8Array.of(1, 2) },
      { n: 16383, octets: Uint8Array.of(3) },
    ]);
    memory.clearFragments();
    memory.clearFragments();
    expect(memory.fragments()).toEqual([]);
  });
});

it('FileMemory reads around what a crash left behind', () => {
  const memory = new FileMemory(folder, DEVICE);
  memory.appendFragment(1, Uint8Array.of(1, 2));
  memory.appendFragment(2, Uint8Array.of(3, 4));
  const path = join(folder, DEVICE, 'nvm', 'fragments.bin');
  writeFileSync(path, readFileSync(path).subarray(0, -1));
  expect(memory.fragments()).toEqual([{ n: 1, octets: Uint8Array.of(1, 2) }]);
  writeFileSync(join(folder, DEVICE, 'nvm', 'state.json'), '{"version":');
  expect(memory.load()).toBeUndefined();
});

describe('a fleet that is started again', () => {
  const BLOCK = Uint8Array.from({ length: 400 }, (_, i) => (i * 13) & 255);
  const FRAGMENTS = fragmentsOf(BLOCK, 20, 20);

  it('goes on with its session, its groups and its fragments', async () => {
    const w = world({ memoryDir: folder, uplinkIntervalS: 11 });
    await openSession(w, { frag: fragSetup({ fragments: 20, size: 20 }), timeOut: 12, inS: 80 });
    await until(w.clock, () => w.first.snapshot().inSession, 300);
    await broadcast(w, FRAGMENTS, { numbers: [1, 2, 3, 4, 6, 7, 8] });
    const before = w.first.snapshot();
    const uplinks = w.network.uplinks.length;
    w.fleet.stop();
    await w.clock.advance(5_000);

    const again = world({ clock: w.clock, memoryDir: folder, uplinkIntervalS: 11 });
    // The network is the same: what it knows of the session goes on.
    const { session } = w.network.device(w.eui);
    again.network.device(w.eui).session = session;
    await again.clock.advance(3_000);
    expect(again.first.snapshot()).toMatchObject({
      joined: true,
      devAddr: before.devAddr,
      state: 'receiving',
      heard: before.heard,
      missing: before.missing,
      inSession: true,
      clockSynchronised: true,
    });
    expect(again.network.joinRequests).toEqual([]);
    await broadcast(again, FRAGMENTS, { numbers: Array.from({ length: 24 }, (_, i) => 9 + i) });
    await until(again.clock, () => again.first.snapshot().state === 'verifying', 60);
    again.network.onUplink = (uplink) => {
      if (uplink.payload[0] === 0x80) again.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(0x80, 0x01) });
    };
    await until(again.clock, () => again.first.snapshot().state === 'done', 120);
    expect(toHex(again.sink.images[0]?.octets ?? new Uint8Array(0))).toBe(toHex(BLOCK));
    // Counters were skipped, never used twice.
    expect(again.network.uplinks[0]?.fCnt).toBeGreaterThan(uplinks - 1);
  });

  it('joins again without such a memory, with a DevNonce never used before if that at least was kept', async () => {
    const w = world({ memoryDir: folder });
    await ready(w);
    w.first.reboot();
    await until(w.clock, () => w.network.joinRequests.length === 2, 60);
    expect(w.network.joinRequests.map(({ devNonce }) => devNonce)).toEqual([1, 2]);
    w.fleet.stop();
    const again = world({ clock: w.clock, memoryDir: folder });
    again.first.reboot();
    await until(again.clock, () => again.network.joinRequests.length >= 1, 60);
    expect(again.network.joinRequests[0]?.devNonce).toBeGreaterThan(2);
  });

  it('keeps what no reset takes: the last SessionCnt, the image that waits and the version that runs', async () => {
    const second = { memoryDir: folder, behaviour: 'by-the-book-v2', uplinkIntervalS: 5 } as const;
    const w = world(second);
    await ready(w);
    const block = Uint8Array.of(1, 2, 3, 4);
    const setup = fragSetup2(w.first, block, { size: 4, sessionCnt: 9, descriptor: Uint8Array.of(7, 0, 0, 0) });
    await exchange(w, 201, setup);
    w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(8, 1, 0, ...block) });
    await until(w.clock, () => w.first.snapshot().state === 'done', 60);
    w.fleet.stop();
    const again = world({ ...second, clock: w.clock });
    expect(again.first.snapshot().waitingImage).toEqual({ version: 7, status: 3 });
    again.first.reboot();
    await ready(again);
    expect(again.first.snapshot()).toMatchObject({ firmwareVersion: 7, waitingImage: null });
    expect(toHex((await exchange(again, 201, setup)).payload)).toBe('0210');
    again.fleet.stop();
    const other = world({ ...second, clock: w.clock, seed: 'other' });
    expect(other.first.snapshot().firmwareVersion).not.toBe(7);
  });

  it('still answers for a block that was complete', async () => {
    const silent = { memoryDir: folder, behaviour: 'zephyr', uplinkIntervalS: 5 } as const;
    const w = world(silent);
    await ready(w);
    await exchange(w, 201, fragSetup({ fragments: 1, size: 4 }));
    w.network.queue(w.eui, { fPort: 201, payload: Uint8Array.of(8, 1, 0, 1, 2, 3, 4) });
    await until(w.clock, () => w.first.snapshot().state === 'done', 60);
    const session = w.network.device(w.eui).session;
    w.fleet.stop();
    const again = world({ ...silent, clock: w.clock });
    again.network.device(w.eui).session = session;
    expect(toHex((await exchange(again, 201, Uint8Array.of(0x01, 0x01))).payload)).toBe('0101000000');
    expect(again.first.snapshot()).toMatchObject({ complete: true, missing: 0 });
  });

  it('does not take up what other keys have left in its memory, but never repeats a DevNonce', async () => {
    const w = world({ memoryDir: folder });
    await ready(w);
    w.fleet.stop();
    const again = world({ clock: w.clock, memoryDir: folder, seed: 'other' });
    expect(again.eui).toBe(w.eui);
    await until(again.clock, () => again.network.joinRequests.length >= 1, 60);
    expect(again.network.joinRequests[0]?.devNonce).toBeGreaterThan(1);
  });

  it.each(['null', '7', '{}', '{"version":1,"devNonce":"x"}', '{"version":2}'])(
    'starts afresh with %s in its memory',
    async (content) => {
      const memory = new FileMemory(folder, DEVICE);
      memory.save(JSON.parse(content));
      const w = world({ memoryDir: folder });
      await ready(w);
      expect(w.network.joinRequests[0]?.devNonce).toBe(1);
    },
  );

  it('writes little: a record per change, a few octets per fragment', async () => {
    const w = world({ memoryDir: folder, uplinkIntervalS: 5 });
    await ready(w);
    await exchange(w, 201, fragSetup({ fragments: 20, size: 20 }));
    w.fleet.stop();
    const own = join(folder, w.eui, 'nvm');
    expect(readdirSync(own)).toEqual(['state.json']);
    expect(readFileSync(join(own, 'state.json')).length).toBeLessThan(4_096);
    expect(existsSync(join(own, 'state.json.tmp'))).toBe(false);
  });
});

describe('a disk that is full', () => {
  /** Whatever is written to this path meets a disk without room. */
  function fill(...path: string[]): void {
    symlinkSync('/dev/full', join(folder, DEVICE, ...path));
  }

  it('lets devices forget, and neither them nor their process fail', () => {
    const memory = new FileMemory(folder, DEVICE);
    memory.save({ a: 1 });
    fill('nvm', 'fragments.bin');
    fill('nvm', 'state.json.tmp');
    memory.appendFragment(1, Uint8Array.of(1, 2, 3));
    memory.save({ a: 2 });
    expect(memory.load()).toEqual({ a: 1 });
    // With room again.
    memory.clearFragments();
    memory.appendFragment(2, Uint8Array.of(4));
    memory.save({ a: 3 });
    expect(memory.fragments()).toEqual([{ n: 2, octets: Uint8Array.of(4) }]);
    expect(memory.load()).toEqual({ a: 3 });
  });

  it('keeps images and messages from being written, and nothing half of them', () => {
    const sink = new FileImageSink(folder);
    mkdirSync(join(folder, DEVICE));
    fill('image.bin.tmp');
    fill('messages.jsonl');
    sink.image(image(Uint8Array.of(1, 2, 3)));
    sink.message({
      device: DEVICE,
      mcAddr: 1,
      fPort: 2,
      payload: Uint8Array.of(1),
      fCnt: 3,
      receivedAt: utcMs(Date.UTC(2026, 5, 30)),
    });
    expect(readdirSync(join(folder, DEVICE))).toEqual(['messages.jsonl']);
    sink.image(image(Uint8Array.of(1, 2, 3)));
    expect(readdirSync(join(folder, DEVICE)).sort()).toEqual(['image.bin', 'messages.jsonl', 'received.json']);
  });
});
