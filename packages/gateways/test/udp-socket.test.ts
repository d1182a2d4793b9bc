import { createSocket, type Socket } from 'node:dgram';
import { Rng, ScaledClock, SystemClock } from '@airlift/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { bindUdpSocket, gatewayDatagram, SemtechUdpLink, type UdpSocket } from '../src/index.ts';
import { GATEWAY, REQUEST } from './support/link-bench.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function bound(address = '127.0.0.1', port = 0): Promise<UdpSocket> {
  const socket = await bindUdpSocket(address, port);
  open.push(socket);
  return socket;
}

/** The far end, and the datagrams it receives in turn. */
async function peer(): Promise<{ socket: Socket; next(): Promise<Uint8Array> }> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  open.push({ close: () => socket.close() });
  const arrived: Uint8Array[] = [];
  const waiting: ((octets: Uint8Array) => void)[] = [];
  socket.on('message', (message) => {
    const octets = Uint8Array.from(message);
    const first = waiting.shift();
    if (first === undefined) arrived.push(octets);
    else first(octets);
  });
  return {
    socket,
    next: () => {
      const octets = arrived.shift();
      return octets === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(octets);
    },
  };
}

describe('a bound socket', () => {
  it('serves a packet forwarder on the loopback', async () => {
    const socket = await bound();
    const link = new SemtechUdpLink({ socket, clock: new ScaledClock(new SystemClock()), entropy: new Rng('udp') });
    const far = await peer();
    far.socket.send(gatewayDatagram('pull-data', 0x7788, GATEWAY), socket.port, '127.0.0.1');
    expect(await far.next()).toEqual(Uint8Array.of(2, 0x77, 0x88, 4));
    expect(link.gateways()).toMatchObject([
      { gatewayEui: GATEWAY, address: '127.0.0.1', port: far.socket.address().port, downlinkReady: true },
    ]);

    const heard = new Promise<number>((resolve) => link.onFrame((frame) => resolve(frame.counterUs)));
    const json =
      '{"rxpk":[{"tmst":5,"freq":868.1,"stat":1,"modu":"LORA","datr":"SF7BW125","rssi":-9,"lsnr":9,"data":"QAECAw"}]}';
    far.socket.send(gatewayDatagram('push-data', 0x0102, GATEWAY, json), socket.port, '127.0.0.1');
    expect(await far.next()).toEqual(Uint8Array.of(2, 1, 2, 1));
    expect(await heard).toBe(5);

    const outcome = link.transmit(REQUEST);
    const order = await far.next();
    expect(order[3]).toBe(3);
    const token = (order[1] ?? 0) * 256 + (order[2] ?? 0);
    far.socket.send(gatewayDatagram('tx-ack', token, GATEWAY), socket.port, '127.0.0.1');
    expect(await outcome).toEqual({ kind: 'programmed' });
  });

  it('listens in both versions of IP on the IPv6 wildcard; a system without it says so', async () => {
    let socket: UdpSocket;
    try {
      socket = await bound('::');
    } catch (error) {
      expect(['EAFNOSUPPORT', 'EADDRNOTAVAIL']).toContain((error as NodeJS.ErrnoException).code);
      return;
    }
    const far = await peer();
    const from = new Promise<string>((resolve) =>
      socket.onDatagram((octets, sender) => {
        socket.send(octets, sender);
        resolve(sender.address);
      }),
    );
    far.socket.send(Uint8Array.of(7), socket.port, '127.0.0.1');
    expect(await from).toBe('::ffff:127.0.0.1');
    expect(await far.next()).toEqual(Uint8Array.of(7));
  });

  it('never throws when sending: not to port 0, not to a name, not when closed', async () => {
    const socket = await bound();
    const far = await peer();
    const to = { address: '127.0.0.1', port: far.socket.address().port };
    expect(() => socket.send(Uint8Array.of(1), { ...to, port: 0 })).not.toThrow();
    expect(() => socket.send(Uint8Array.of(1), { ...to, port: 70_000 })).not.toThrow();
    expect(() => socket.send(new Uint8Array(70_000), to)).not.toThrow();
    socket.send(Uint8Array.of(2), to);
    expect(await far.next()).toEqual(Uint8Array.of(2));
    await socket.close();
    expect(() => socket.send(Uint8Array.of(3), to)).not.toThrow();
    await socket.close();
  });

  it('cannot be had twice', async () => {
    const { port } = await bound();
    await expect(bindUdpSocket('127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
