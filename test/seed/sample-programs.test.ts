import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobResultJson, ResultsJson } from '@airlift/contract';
import { pause, SystemClock } from '@airlift/kernel';
import { chromium, type Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { firmware } from '../support/firmware.ts';
import { requireFile, runProgram } from '../support/processes.ts';
import { type RunningServer, startNpm } from '../support/running-server.ts';
import { adapted, sampleProgram } from './sample-programs.ts';

/** The device that the programs name. */
const DEVICE = '00-80-00-ff-00-00-00-02';
const FOLDER_OF_DEVICE = '008000ff00000002';
const LIMIT_MS = 120_000;
/** A message is sent once: whoever does not hear it has lost it. Updates make good for losses. */
const withDevices = (loss: number) => (): Promise<RunningServer> =>
  startNpm(['--simulate', '3', '--loss', String(loss)]);
const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe('the programs themselves', () => {
  // Of the lines without their indentation, which the rendering of the document lost.
  it.each([
    ['bash', '0bf2dbb8f0c42fc4d0ff7bb74eb2a8913637147383ead59e682b9425218c004c'],
    ['python', '7934f2d58af3895fbc8d1343625c9cfcda391658aa41e1021769aa33b551e187'],
    ['javascript', 'e855faaa0cd2ba05176bcce9b68b2bd2ee025fd77b39b1ee4ef4633dd0a873ad'],
  ] as const)('%s: as the document prints it', (language, sha256) => {
    const lines = sampleProgram(language).trim().split('\n');
    const bare = lines.map((line) => line.trim()).join('\n');
    expect(createHash('sha256').update(bare).digest('hex')).toBe(sha256);
  });
});

describe.concurrent('the sample programs of the document, run unchanged against npm start', () => {
  it(
    'bash, curl and jq: a firmware update',
    async () => {
      await withServer(withDevices(0.05), async (server, folder) => {
        for (const [file, name] of [
          ['/usr/bin/curl', 'curl'],
          ['/usr/bin/jq', 'jq'],
          ['/bin/bash', 'bash'],
        ] as const) {
          requireFile(file, name);
        }
        await everyDeviceJoined(server);
        const image = firmware('seed/bash', 20_000);
        await writeFile(join(folder, 'firmware_v2.0.bin'), image);
        const credentials = JSON.stringify({ username: 'admin', password: server.password });
        const login = `curl -k -s -c cookies.txt -H 'Content-Type: application/json' -d '${credentials}' ${server.url}/api/login`;
        const loggedIn = await runProgram('/bin/bash', ['-c', login], { cwd: folder, limitMs: LIMIT_MS });
        expect(JSON.parse(loggedIn.stdout)).toMatchObject({ code: 200, status: 'success' });

        await writeFile(join(folder, 'program.sh'), adapted(sampleProgram('bash'), { url: server.url, token: '' }));
        const { code, stdout } = await runProgram('/bin/bash', ['program.sh'], { cwd: folder, limitMs: LIMIT_MS });
        expect(code).toBe(0);
        expect(stdout).toContain('Uploading firmware...\n{"code":200,"status":"success"}Scheduling FOTA...\n');
        const shown = [...stdout.matchAll(/^Progress: (.*)%$/gm)].map(([, percent]) => percent);
        expect(shown.at(-1)).toBe('100');
        expect(shown.length).toBeGreaterThan(1);
        const printed: unknown = JSON.parse(stdout.slice(stdout.indexOf('Checking results...') + 19));
        expectSuccess((printed as { readonly result: ResultsJson }).result.operations, 'FOTA');
        expect(await readFile(join(server.received, FOLDER_OF_DEVICE, 'image.bin'))).toEqual(Buffer.from(image));
      });
    },
    LIMIT_MS,
  );

  it(
    'Python and requests: a message for later',
    async () => {
      await withServer(withDevices(0), async (server, folder) => {
        await runPython(server, folder);
      });
    },
    LIMIT_MS,
  );

  it(
    'JavaScript in a browser: a message from a file',
    async () => {
      await withServer(withDevices(0), async (server, folder) => {
        const executablePath = requireFile('/usr/bin/chromium', 'chromium');
        await everyDeviceJoined(server);
        const content = firmware('seed/javascript', 33);
        await writeFile(join(folder, 'payload.bin'), content);
        const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
        try {
          const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
          const { percents, results } = await runInPage(page, server, join(folder, 'payload.bin'));
          expect(percents.at(-1)).toBe('Progress: 100%');
          expectSuccess(results, 'Message');
        } finally {
          await browser.close();
        }
        const messages = await readFile(join(server.received, FOLDER_OF_DEVICE, 'messages.jsonl'), 'utf8');
        expect(JSON.parse(messages)).toMatchObject({ port: 10, payload: Buffer.from(content).toString('hex') });
      });
    },
    LIMIT_MS,
  );

  it(
    'Python against the whole fleet, with the password that is printed',
    async () => {
      await withServer(
        () => startNpm(),
        async (server, folder) => {
          expect(server.password).toMatch(/^\S{12,}$/);
          await runPython(server, folder);
          const http = await server.client();
          const devices = (await http.get('/api/lora/devices')).json as { readonly result: readonly unknown[] };
          expect(devices.result).toHaveLength(20);
          http.close();
        },
      );
    },
    LIMIT_MS,
  );
});

async function withServer(
  start: () => Promise<RunningServer>,
  work: (server: RunningServer, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'airlift-seed-'));
  const server = await start();
  try {
    await work(server, folder);
  } catch (error) {
    console.error(server.program.output());
    throw error;
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The document asks for devices that have joined. */
async function everyDeviceJoined(server: RunningServer): Promise<void> {
  const http = await server.client();
  const limit = Date.now() + 30_000;
  for (;;) {
    const { json } = await http.get('/api/lora/devices');
    const { result } = json as { readonly result: readonly { readonly last_seen: string }[] };
    if (result.every(({ last_seen }) => last_seen !== '')) break;
    if (Date.now() > limit) throw new Error('the devices did not join');
    await pause(new SystemClock(), 200);
  }
  http.close();
}

async function runPython(server: RunningServer, folder: string): Promise<void> {
  const python = requireFile('/usr/bin/python3', 'python3');
  requireFile('/usr/lib/python3/dist-packages/requests/__init__.py', 'python3-requests');
  const program = adapted(sampleProgram('python'), { url: server.url, token: await server.login() });
  await writeFile(join(folder, 'program.py'), program);
  const { code, stdout } = await runProgram(python, ['program.py'], { cwd: folder, limitMs: LIMIT_MS });
  expect(code).toBe(0);
  expect(stdout).toContain("Scheduled: {'code': 200, ");
  const http = await server.client();
  const { json } = await http.get('/api/lora/fotaschedule');
  http.close();
  expect(json).toMatchObject({ result: { scheduled: [{ type: 'Message', devices: 1 }] } });
  const [, filename] = /Scheduled operations: .*'filename': '(mcm_\d+_0)'/.exec(stdout) ?? [];
  expect(json).toMatchObject({ result: { scheduled: [{ filename }] } });
}

/** Opens a page of the server's own origin, logs in, and runs the program in it to its last line. */
async function runInPage(
  page: Page,
  server: RunningServer,
  file: string,
): Promise<{ readonly percents: readonly string[]; readonly results: readonly JobResultJson[] }> {
  const address = `${server.url}/operator.html`;
  await page.route(address, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><input type="file" id="fileInput">' }),
  );
  await page.goto(address);
  const status = await page.evaluate(async (password) => {
    const response = await fetch('/api/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password }),
    });
    return response.status;
  }, server.password);
  expect(status).toBe(200);
  await page.setInputFiles('#fileInput', file);

  const percents: string[] = [];
  const results = new Promise<readonly JobResultJson[]>((resolve, reject) => {
    page.on('pageerror', reject);
    page.on('console', (message) => {
      if (message.text().startsWith('Progress: ')) percents.push(message.text());
      if (!message.text().startsWith('Results:')) return;
      const printed = message.args()[1];
      if (printed === undefined) return reject(new Error('nothing was printed'));
      printed.jsonValue().then(({ result }: { result: ResultsJson }) => resolve(result.operations), reject);
    });
  });
  const program = adapted(sampleProgram('javascript'), { url: server.url, token: '' });
  await page.addScriptTag({ type: 'module', content: program });
  return { percents, results: await results };
}

function expectSuccess(operations: readonly JobResultJson[], type: 'FOTA' | 'Message'): void {
  expect(operations).toHaveLength(1);
  expect(operations[0]).toMatchObject({ type, success: 1, failed: 0 });
  expect(operations[0]?.devices).toMatchObject([{ deveui: DEVICE, status: 'success' }]);
}
