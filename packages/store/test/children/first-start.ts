// Opens a new data folder as soon as it is told to, adds what only it can have added, and leaves.
import { writeSync } from 'node:fs';
import { SystemClock, systemEntropy } from '@airlift/kernel';
import { openStore } from '../../src/index.ts';

async function main(dataDir: string, name: string): Promise<void> {
  writeSync(1, 'ready\n');
  await new Promise((resolve) => {
    process.stdin.once('data', resolve);
  });
  writeSync(1, 'opening\n');
  const store = await openStore({ dataDir, clock: new SystemClock(), entropy: systemEntropy });
  await store.meta.set(name, 'was here');
  const first = await store.accounts.saveFirstUser({ name, role: 'admin', passwordHash: 'x' });
  await store.close();
  writeSync(1, first ? 'first\n' : 'later\n');
}

main(process.argv[2] ?? '', process.argv[3] ?? '').then(
  () => {
    process.stdin.destroy();
  },
  (error: unknown) => {
    writeSync(1, `error ${String(error)}\n`);
    process.exit(1);
  },
);
