import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RealMs, systemEntropy, VirtualClock } from '@airlift/kernel';
import { afterEach } from 'vitest';
import { openStore, type Store, type StoreOptions } from '../src/index.ts';

const undo: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A folder that is gone after the test. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'airlift-store-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A store that is closed after the test; in a folder of its own unless one is given. */
export async function scratchStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const dataDir = options.dataDir ?? (await scratchFolder());
  const store = await openStore({ clock: new VirtualClock<RealMs>(), entropy: systemEntropy, ...options, dataDir });
  undo.push(() => store.close());
  return store;
}
