import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { connect, type Socket } from 'node:net';
import { parseEui64, type Rng } from '@airlift/kernel';
import fc from 'fast-check';
import { boundSocket } from '../crash/support/udp-tap.ts';
import { realPause } from '../crash/support/waiting.ts';
import { forwarderJson, jobBodies, phyOctets } from '../hostile/support/arbitraries.ts';
import type { RawDevice } from '../hostile/support/raw-device.ts';
import { RawGateway } from '../hostile/support/raw-gateway.ts';

/** Strangers come from another address of this machine than the operator. */
const STRANGER = '127.0.0.2';
const UDP_EVERY_MS = 20;
const UDP_AT_ONCE = 20;
const LOGIN_EVERY_MS = 50;
const BODY_EVERY_MS = 25;
const MOST_SOCKETS = 600;
const SOCKET_EVERY_MS = 10;

/** Somebody who wishes the server ill, until told to stop. */
export interface Attacker {
  /** What was done so far, by kind. */
  readonly done: Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/** Calls `attack` again and again, with a pause after each. */
function again(
  everyMs: number,
  attack: () => Promise<void> | void,
  close: () => void = () => undefined,
): () => Promise<void> {
  let going = true;
  const loop = (async () => {
    while (going) {
      await attack();
      await realPause(everyMs);
    }
  })();
  return async () => {
    going = false;
    await loop;
    close();
  };
}

/** Datagrams with any octets, damaged datagrams of the protocol, invented gateways and forged join-requests. */
export async function hostileDatagrams(udpPort: number, victim: RawDevice, rng: Rng): Promise<Attacker> {
  const done = { datagrams: 0, forgedJoins: 0, inventedGateways: 0 };
  const socket = await boundSocket();
  const gateway = await RawGateway.open(udpPort, parseEui64('0080000000bad002'));
  const seed = rng.below(0x7fff_ffff);
  const texts = fc.sample(forwarderJson, { numRuns: 300, seed });
  const frames = fc.sample(phyOctets, { numRuns: 300, seed });
  const pick = <Item>(items: readonly Item[]): Item => items[rng.below(items.length)] as Item;
  const send = (octets: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      socket.send(octets, udpPort, '127.0.0.1', () => resolve());
    });
  const one = async (): Promise<void> => {
    done.datagrams += 1;
    switch (rng.below(5)) {
      case 0:
        return send(rng.octets(rng.below(301)));
      case 1:
        return gateway.pushText(pick(texts));
      case 2:
        return gateway.pushFrame(pick(frames));
      case 3:
        done.forgedJoins += 1;
        return gateway.pushFrame(victim.joinRequest(rng.octets(16)));
      default:
        done.inventedGateways += 1;
        await gateway.pull(parseEui64(`00800000${Buffer.from(rng.octets(4)).toString('hex')}`));
    }
  };
  const stop = again(
    UDP_EVERY_MS,
    async () => {
      await Promise.all(Array.from({ length: UDP_AT_ONCE }, one));
    },
    () => {
      gateway.close();
      socket.close();
    },
  );
  return { done, stop };
}

/** Wrong log-ins under many names, and bodies that are no requests. */
export function hostileRequests(httpsPort: number, rng: Rng): Attacker {
  const done = { wrongLogins: 0, brokenBodies: 0, answered: 0, serverErrors: 0 };
  const bodies = fc.sample(jobBodies, { numRuns: 300, seed: rng.below(0x7fff_ffff) });
  const open = new Set<ClientRequest>();
  const post = (path: string, body: string): void => {
    const call = request(
      {
        host: '127.0.0.1',
        localAddress: STRANGER,
        port: httpsPort,
        method: 'POST',
        path,
        agent: false,
        rejectUnauthorized: false,
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        done.answered += 1;
        // 503 tells somebody who floods to wait; everything else from 500 on would be a fault.
        if ((response.statusCode ?? 0) >= 500 && response.statusCode !== 503) done.serverErrors += 1;
        response.resume();
      },
    );
    open.add(call);
    call.on('error', () => undefined);
    call.on('close', () => open.delete(call));
    call.end(body);
  };
  const stops = [
    again(LOGIN_EVERY_MS, () => {
      const username = rng.below(4) === 0 ? 'admin' : `name${rng.below(2_000)}`;
      done.wrongLogins += 1;
      post('/api/login', JSON.stringify({ username, password: 'wrong' }));
    }),
    again(BODY_EVERY_MS, () => {
      done.brokenBodies += 1;
      const paths = ['/api/lora/fota', '/api/login', '/api/no/such/path', '/api/loraNetwork/whitelist/devices/0'];
      post(paths[rng.below(paths.length)] as string, bodies[rng.below(bodies.length)] as string);
    }),
  ];
  return {
    done,
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
      for (const call of open) call.destroy();
    },
  };
}

/** Connections that say nothing, begin a handshake and stop, or come and go. */
export function idleConnections(httpsPort: number, rng: Rng): Attacker {
  const done = { connections: 0, closedByServer: 0 };
  const open = new Set<Socket>();
  const stop = again(SOCKET_EVERY_MS, () => {
    if (open.size >= MOST_SOCKETS) {
      for (const socket of [...open].slice(0, MOST_SOCKETS / 2)) socket.resetAndDestroy();
    }
    const socket = connect({ host: '127.0.0.1', localAddress: STRANGER, port: httpsPort });
    done.connections += 1;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('end', () => {
      done.closedByServer += 1;
    });
    socket.on('close', () => open.delete(socket));
    // The head of a TLS record that announces more than ever comes.
    if (rng.chance(0.5)) socket.write(Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252));
  });
  return {
    done,
    stop: async () => {
      await stop();
      for (const socket of open) socket.destroy();
    },
  };
}
