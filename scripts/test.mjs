// `npm test`: sets everything up, runs all tests and closes with a line that counts them.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bin, build, installDependencies, root } from './setup.mjs';
import { installSystemTools } from './system-tools.mjs';

installDependencies();
installSystemTools();
build();

const folder = mkdtempSync(join(tmpdir(), 'airlift-test-'));
const report = join(folder, 'report.json');
const result = spawnSync(
  process.execPath,
  [
    bin('vitest/vitest.mjs'),
    'run',
    '--reporter=dot',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }) } },
);
let passed = 0;
let failed = 0;
try {
  const counted = JSON.parse(readFileSync(report, 'utf8'));
  passed = counted.numPassedTests;
  // A file that could not be loaded holds no test that could fail.
  const broken = counted.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  failed = counted.numFailedTests + broken.length;
} catch {
  failed = 1;
}
rmSync(folder, { recursive: true, force: true });
if (result.status !== 0 && failed === 0) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
