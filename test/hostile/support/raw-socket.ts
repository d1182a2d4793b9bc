import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** The first octets of a TLS handshake, and no more. */
export const HALF_HELLO = Buffer.from('1603010200010001fc0303', 'hex');

/** A TCP connection from an address of this machine, on which nothing was said yet and nothing is read. */
export async function openFrom(address: string, port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: address });
  socket.on('error', () => undefined);
  await settled(socket, 'connect');
  return socket;
}

export function openMany(count: number, address: string, port: number): Promise<readonly Socket[]> {
  return Promise.all(Array.from({ length: count }, () => openFrom(address, port)));
}

/** Speaks TLS on a connection; the TLS socket is closed already when the server did not like that. */
export async function secured(raw: Socket): Promise<TLSSocket> {
  const secure = connectTls({ socket: raw, rejectUnauthorized: false });
  secure.on('error', () => undefined);
  // Over a socket that is closed already, TLS waits for ever.
  if (raw.destroyed) secure.destroy();
  await settled(secure, 'secureConnect');
  return secure;
}

/** Waits for the event, or for the end of the socket. */
function settled(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve) => {
    socket.once(event, resolve);
    socket.once('close', () => resolve());
  });
}
