import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpClient } from './http-client.ts';
import { freeTcpPort, freeUdpPort, type RunningProgram, requireBuild, startProgram } from './processes.ts';

/** A server started as an operator starts it, twenty times faster than real time. */
export interface RunningServer {
  readonly url: string;
  readonly udpPort: number;
  readonly password: string;
  /** Where its simulated devices put what they received. */
  readonly received: string;
  readonly program: RunningProgram;
  /** Logs in over HTTP; the session token. */
  login(): Promise<string>;
  client(): Promise<HttpClient>;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 30_000;
/** Faster, and the real time within which a device must be answered gets too short for a busy machine. */
const TIME_SCALE = ['--time-scale', '20'];
/** How simulated devices send. */
export const FLEET_HABITS: readonly string[] = [...TIME_SCALE, '--uplink-interval', '8'];

/** `airlift serve`, commissioned through its environment. */
export async function startServe(fleet: readonly string[]): Promise<RunningServer> {
  const data = await mkdtemp(join(tmpdir(), 'airlift-serve-'));
  const password = 'a password of the operator';
  const program = startProgram(
    process.execPath,
    [requireBuild(), 'serve', ...(await addresses(data)), ...TIME_SCALE, ...fleet],
    { env: { AIRLIFT_ADMIN_PASSWORD: password } },
  );
  return ready(program, data, async () => password);
}

/** `npm start`, which makes up a password and prints it. */
export async function startNpm(fleet: readonly string[] = []): Promise<RunningServer> {
  const data = await mkdtemp(join(tmpdir(), 'airlift-start-'));
  const program = startProgram('npm', ['start', '--', ...(await addresses(data)), ...FLEET_HABITS, ...fleet]);
  return ready(program, data, async () => {
    const [, password = ''] = await program.waitFor(/password (\S+)/, START_LIMIT_MS);
    return password;
  });
}

async function addresses(data: string): Promise<string[]> {
  const [tcp, udp] = await Promise.all([freeTcpPort(), freeUdpPort()]);
  return [
    ...['--data', data, '--host', '127.0.0.1', '--udp-host', '127.0.0.1'],
    ...['--https-port', String(tcp), '--udp-port', String(udp), '--log-level', 'warn'],
  ];
}

async function ready(
  program: RunningProgram,
  data: string,
  findPassword: () => Promise<string>,
): Promise<RunningServer> {
  const stop = async (): Promise<void> => {
    await program.stop();
    await rm(data, { recursive: true, force: true });
  };
  try {
    const [, url = '', port] = await program.waitFor(/(https:\/\/localhost:(\d+))/, START_LIMIT_MS);
    const [, udpPort] = await program.waitFor(/UDP port (\d+)/, START_LIMIT_MS);
    const password = await findPassword();
    const client = async (): Promise<HttpClient> => {
      const http = new HttpClient(Number(port));
      await http.login('admin', password);
      return http;
    };
    const login = async (): Promise<string> => {
      const http = await client();
      http.close();
      return http.token;
    };
    return { url, udpPort: Number(udpPort), password, received: join(data, 'sim'), program, client, login, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
