import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { UdpSocket } from '../../src/gateway/udp-socket.ts';

it('exchanges datagrams with a server', async () => {
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  server.on('message', (message, from) => server.send(Buffer.concat([message, message]), from.port, from.address));
  const socket = new UdpSocket({ host: '127.0.0.1', port: server.address().port });
  const answers: Uint8Array[] = [];
  const answered = new Promise<void>((resolve) => {
    socket.onDatagram((datagram) => {
      answers.push(datagram);
      if (answers.length === 1) socket.send(Uint8Array.of(3));
      else resolve();
    });
  });
  socket.send(Uint8Array.of(1, 2));
  await answered;
  expect(answers).toEqual([Uint8Array.of(1, 2, 1, 2), Uint8Array.of(3, 3)]);
  socket.close();
  socket.close();
  server.close();
});

it('bears a server that is not there', async () => {
  const server = createSocket('udp4');
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  const socket = new UdpSocket({ host: '127.0.0.1', port });
  socket.onDatagram(() => {
    throw new Error('nobody can have answered');
  });
  for (let i = 0; i < 5; i++) {
    socket.send(Uint8Array.of(i));
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  const later = createSocket('udp4');
  later.bind(port, '127.0.0.1');
  await once(later, 'listening');
  const arrived = once(later, 'message');
  socket.send(Uint8Array.of(99));
  const [message] = (await arrived) as [Buffer];
  expect(message[0]).toBe(99);
  socket.close();
  later.close();
});
