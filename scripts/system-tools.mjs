// Programs that tests need and npm does not have: taken from Debian's packages when they are missing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const TOOLS = [
  { file: '/usr/bin/chromium', package: 'chromium' },
  { file: '/usr/bin/jq', package: 'jq' },
  { file: '/usr/bin/curl', package: 'curl' },
  { file: '/usr/lib/python3/dist-packages/requests/__init__.py', package: 'python3-requests' },
  { file: '/usr/lib/firmware/ath9k_htc/htc_9271-1.4.0.fw', package: 'firmware-ath9k-htc' },
];

export function installSystemTools() {
  const missing = TOOLS.filter((tool) => !existsSync(tool.file)).map((tool) => tool.package);
  if (missing.length === 0) return;
  console.error(`Installing for the tests: ${missing.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const sudo = process.getuid?.() === 0 ? [] : ['sudo'];
  for (const args of [
    ['apt-get', 'update', '-qq'],
    ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...missing],
  ]) {
    const [command, ...rest] = [...sudo, ...args];
    const result = spawnSync(command, rest, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (result.status !== 0) {
      // The tests that need a missing tool fail by themselves and say which one it is.
      console.error(`${args[1]} failed; tests that need ${missing.join(', ')} will fail.`);
      return;
    }
  }
}
