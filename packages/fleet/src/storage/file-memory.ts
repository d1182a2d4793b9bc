import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { concatOctets, type Eui64, littleEndian, readLittleEndian } from '@airlift/kernel';
import { writeAtomically } from './atomic-file.ts';
import type { DeviceMemory, StoredFragment } from './device-memory.ts';
import { ifRoom } from './if-room.ts';

const HEAD_OCTETS = 4;

/**
 * Memory below `<folder>/<DevEUI>/nvm/`: `state.json`, and `fragments.bin` with a record for each fragment: number and
 * length (16 bits each, least significant octet first), then the octets.
 */
export class FileMemory implements DeviceMemory {
  readonly #folder: string;

  constructor(folder: string, device: Eui64) {
    this.#folder = join(folder, device, 'nvm');
    ifRoom(() => mkdirSync(this.#folder, { recursive: true }));
  }

  load(): unknown {
    try {
      return JSON.parse(readFileSync(this.#statePath, 'utf8'));
    } catch {
      // Nothing was saved yet, or somebody wrote into it: the device starts afresh.
      return undefined;
    }
  }

  save(state: unknown): void {
    writeAtomically(this.#statePath, JSON.stringify(state));
  }

  clearFragments(): void {
    rmSync(this.#fragmentsPath, { force: true });
  }

  appendFragment(n: number, octets: Uint8Array): void {
    const record = concatOctets(littleEndian(n, 2), littleEndian(octets.length, 2), octets);
    const path = this.#fragmentsPath;
    const before = statSync(path, { throwIfNoEntry: false });
    ifRoom(
      () => appendFileSync(path, record),
      // Half a record would hide those after it.
      () => {
        if (before?.isFile() !== false) truncateSync(path, before?.size ?? 0);
      },
    );
  }

  fragments(): readonly StoredFragment[] {
    if (!existsSync(this.#fragmentsPath)) return [];
    const stored = new Uint8Array(readFileSync(this.#fragmentsPath));
    const fragments: StoredFragment[] = [];
    // A record that was cut off by a crash is the last one; it is left out.
    for (let at = 0; at + HEAD_OCTETS <= stored.length; ) {
      const length = readLittleEndian(stored, at + 2, 2);
      const end = at + HEAD_OCTETS + length;
      if (end > stored.length) break;
      fragments.push({ n: readLittleEndian(stored, at, 2), octets: stored.slice(at + HEAD_OCTETS, end) });
      at = end;
    }
    return fragments;
  }

  get #statePath(): string {
    return join(this.#folder, 'state.json');
  }

  get #fragmentsPath(): string {
    return join(this.#folder, 'fragments.bin');
  }
}
