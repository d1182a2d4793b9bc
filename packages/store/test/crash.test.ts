import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SAMPLE_EVENTS } from '@airlift/campaign/testing';
import { parseEui64 } from '@airlift/kernel';
import { describe, expect, it } from 'vitest';
import { buildChild, Child } from './child.ts';
import { scratchFolder, scratchStore } from './scratch.ts';

const DEVICE = parseEui64('00000000000000aa');

/** Numbers behind a word, in the order in which the child said them. */
function numbers(lines: readonly string[], word: string): number[] {
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => Number(line.slice(word.length + 1)));
}

function texts(lines: readonly string[], word: string): string[] {
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
}

describe('a process that is killed', () => {
  it('loses nothing it accepted and never reserves a counter twice', async () => {
    const folder = await scratchFolder();
    const dataDir = join(folder, 'data');
    const program = await buildChild('crash-writer', folder);
    const said: string[] = [];
    for (const [round, lines] of [40, 7, 85, 23].entries()) {
      const child = new Child(process.execPath, [program, dataDir, String(round)]);
      await child.linesOrEnd(lines);
      await child.kill();
      said.push(...child.lines);
    }
    expect(said.filter((line) => line.startsWith('error'))).toEqual([]);

    for (const [word, size] of [
      ['down', 3],
      ['group', 5],
      ['cnt', 2],
    ] as const) {
      const firsts = numbers(said, word);
      expect(firsts.length).toBeGreaterThan(4);
      for (const [i, first] of firsts.entries()) {
        expect(first, `${word} after ${firsts[i - 1]}`).toBeGreaterThanOrEqual(
          i === 0 ? 0 : Number(firsts[i - 1]) + size,
        );
      }
    }
    const uplinks = numbers(said, 'uplink');
    expect(new Set(uplinks).size).toBe(uplinks.length);

    const store = await scratchStore({ dataDir });
    expect((await store.network.session(DEVICE))?.lastFCntUp).toBeGreaterThanOrEqual(Math.max(...uplinks));
    expect(await store.network.reserveDownlinkCounters(DEVICE, 1, 1)).toBeGreaterThanOrEqual(
      Math.max(...numbers(said, 'down')) + 3,
    );
    expect((await store.jobs.ledger('job')).plain).toBeGreaterThanOrEqual(numbers(said, 'frame').length);
    // Frames, events and versions are of the same steps.
    const { plain } = await store.jobs.ledger('job');
    expect((await store.jobs.job('job'))?.version).toBe(plain + 1);
    const last = await store.jobs.events('job', 1 + (plain - 1) * SAMPLE_EVENTS.length, 1_000);
    expect(last.map(({ event }) => event)).toEqual(SAMPLE_EVENTS);
    const jobs = new Set((await store.jobs.unfinished()).map((job) => job.plan.filename));
    for (const name of texts(said, 'job')) expect(jobs).toContain(name);
    expect(texts(said, 'upload').length).toBeGreaterThan(4);
    for (const name of texts(said, 'upload')) {
      const file = await store.uploads.file('fota', name);
      expect(new TextDecoder().decode(await store.images.load(file?.sha256 ?? ''))).toBe(name);
    }
  });

  it('leaves half an upload that the next start removes', async () => {
    const folder = await scratchFolder();
    const dataDir = join(folder, 'data');
    const child = new Child(process.execPath, [await buildChild('half-upload', folder), dataDir]);
    await child.linesOrEnd(1);
    expect(child.lines).toEqual(['half']);
    // A second process that starts meanwhile leaves the running upload alone.
    await scratchStore({ dataDir });
    const incoming = join(dataDir, 'images', 'incoming');
    expect(await readdir(incoming)).toHaveLength(1);
    await child.kill();
    const store = await scratchStore({ dataDir });
    expect(await readdir(incoming)).toEqual([]);
    expect(await store.uploads.latest('fota')).toBeUndefined();
  });
});

describe('processes that start at once on an empty folder', () => {
  it('agree on one schema, one master key and one first user', async () => {
    const folder = await scratchFolder();
    const program = await buildChild('first-start', folder);
    for (let round = 0; round < 3; round++) {
      const dataDir = join(folder, `data-${round}`);
      const names = ['a', 'b', 'c', 'd'];
      const children = names.map((name) => new Child(process.execPath, [program, dataDir, name]));
      for (const child of children) await child.linesOrEnd(1);
      for (const child of children) child.write('go\n');
      for (const child of children) expect(await child.ended()).toBe(0);
      const outcomes = children.map((child) => child.lines[2]);
      expect([...outcomes].sort()).toEqual(['first', 'later', 'later', 'later']);
      const store = await scratchStore({ dataDir });
      for (const name of names) expect(await store.meta.get(name)).toBe('was here');
      expect(await store.accounts.user(names[outcomes.indexOf('first')] ?? '')).toBeDefined();
      expect((await readdir(dataDir)).filter((name) => name.startsWith('secret'))).toEqual(['secret.key']);
    }
  });
});

describe('a process that starts while another holds the database', () => {
  it('waits', async () => {
    const folder = await scratchFolder();
    const dataDir = join(folder, 'data');
    const holder = new Child(process.execPath, [await buildChild('lock-holder', folder), dataDir]);
    const starter = new Child(process.execPath, [await buildChild('first-start', folder), dataDir, 'a']);
    await holder.linesOrEnd(1);
    await starter.linesOrEnd(1);
    starter.write('go\n');
    await starter.linesOrEnd(2);
    holder.write('go\n');
    expect(await starter.ended()).toBe(0);
    expect(starter.lines).toEqual(['ready', 'opening', 'first']);
    expect(await holder.ended()).toBe(0);
  });
});

describe('a file that the operating system cuts off', () => {
  it('is refused as storage-full, leaves nothing, and harms no other', async () => {
    const folder = await scratchFolder();
    const dataDir = join(folder, 'data');
    const program = await buildChild('large-upload', folder);
    // No file may grow beyond 2048 blocks: 1 or 2 MiB, as the shell counts.
    const child = new Child('sh', ['-c', 'ulimit -f 2048 && exec "$@"', 'sh', process.execPath, program, dataDir]);
    expect(await child.ended()).toBe(0);
    expect(child.lines).toEqual(['storage-full', '65536']);
    expect(await readdir(join(dataDir, 'images', 'incoming'))).toEqual([]);
    expect(await readdir(join(dataDir, 'images'))).toHaveLength(2);
  });
});
