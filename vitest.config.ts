import { defineConfig } from 'vitest/config';

// Tests run on the TypeScript sources: the `source` condition of each workspace's `exports` points there.
const conditions = ['source', 'node', 'module', 'import', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    // Many tests wait for real processes: on two cores, two files at a time take little more than half the time.
    maxWorkers: 2,
    reporters: ['default'],
  },
});
