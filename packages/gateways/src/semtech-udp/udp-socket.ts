import { createSocket, type Socket } from 'node:dgram';

/** The far end of a datagram. */
export interface UdpPeer {
  readonly address: string;
  readonly port: number;
}

/** A bound datagram socket. Sending never throws: a datagram that cannot leave is lost, as datagrams are. */
export interface UdpSocket {
  onDatagram(listener: (octets: Uint8Array, from: UdpPeer) => void): void;
  send(octets: Uint8Array, to: UdpPeer): void;
  /** The port it is bound to. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Binds a UDP socket; port 0 lets the system choose one. An IPv6 address also takes IPv4 where the system maps it.
 * @throws the system's error (`EADDRINUSE`, …) when it cannot be bound
 */
export async function bindUdpSocket(address: string, port: number): Promise<UdpSocket> {
  const socket: Socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, () => {
      socket.off('error', reject);
      resolve();
    });
  });
  // A receive error (an ICMP answer to something we sent) concerns one datagram, not the socket.
  socket.on('error', () => undefined);
  let closed: Promise<void> | undefined;
  return {
    onDatagram: (listener) => {
      socket.on('message', (message, from) => {
        listener(message, { address: from.address, port: from.port });
      });
    },
    send: (octets, to) => {
      try {
        socket.send(octets, to.port, to.address, () => undefined);
      } catch {
        // Thrown for a closed socket and for port 0, from which anyone can send us a datagram.
      }
    },
    port: socket.address().port,
    close: () => {
      closed ??= new Promise((resolve) => {
        socket.close(() => resolve());
      });
      return closed;
    },
  };
}
