// Receives half a file, says so, and waits to be killed.
import { writeSync } from 'node:fs';
import { SystemClock, systemEntropy } from '@airlift/kernel';
import { openStore } from '../../src/index.ts';

async function main(dataDir: string): Promise<void> {
  const store = await openStore({ dataDir, clock: new SystemClock(), entropy: systemEntropy });
  const content = (async function* () {
    yield new Uint8Array(100_000);
    writeSync(1, 'half\n');
    await new Promise(() => {
      process.stdin.resume();
    });
  })();
  await store.uploads.receive('fota', 'half', content, 1_000_000);
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  writeSync(1, `error ${String(error)}\n`);
  process.exitCode = 1;
});
