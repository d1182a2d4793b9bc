import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { Rng } from '@airlift/kernel';

/** Below the range from which systems take the ports of outgoing connections, so that none of those gets in the way. */
const FIRST_PORT = 12_000;
const PORTS = 18_000;

/** A port that is free for both UDP and TCP on loopback. */
export async function freePort(): Promise<number> {
  const rng = new Rng(`${process.pid}/${performance.now()}`);
  for (;;) {
    const port = FIRST_PORT + rng.below(PORTS);
    if ((await isFreeForUdp(port)) && (await isFreeForTcp(port))) return port;
  }
}

function isFreeForUdp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
}

function isFreeForTcp(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
