// Receives a file larger than the operating system lets this process write, then a small one.
import { writeSync } from 'node:fs';
import { CallerError, SystemClock, systemEntropy } from '@airlift/kernel';
import { openStore } from '../../src/index.ts';

async function* zeros(chunks: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < chunks; i++) yield new Uint8Array(65_536);
}

async function main(dataDir: string): Promise<void> {
  const store = await openStore({ dataDir, clock: new SystemClock(), entropy: systemEntropy });
  try {
    await store.uploads.receive('fota', 'large', zeros(128), 100_000_000);
    writeSync(1, 'stored\n');
  } catch (error) {
    writeSync(1, `${error instanceof CallerError ? error.code : String(error)}\n`);
  }
  const small = await store.uploads.receive('fota', 'small', zeros(1), 100_000_000);
  writeSync(1, `${small.sizeBytes}\n`);
  await store.close();
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  writeSync(1, `error ${String(error)}\n`);
  process.exitCode = 1;
});
