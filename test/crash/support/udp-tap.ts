import { createSocket, type Socket } from 'node:dgram';

/** One direction of the traffic between gateways and their network server. */
export type Direction = 'to-server' | 'to-gateway';

/**
 * Stands between one gateway and the network server and shows every datagram that passes. The gateway knows the tap's
 * address only, so it notices of the server's deaths what a real one would: silence.
 */
export class UdpTap {
  /** Port to which the gateway sends. */
  readonly port: number;
  /** Port of the server, which may change with every start. */
  serverPort = 0;
  readonly #gatewaySide: Socket;
  readonly #serverSide: Socket;
  #gatewayPort: number | undefined;

  private constructor(
    gatewaySide: Socket,
    serverSide: Socket,
    show: (direction: Direction, octets: Uint8Array) => void,
  ) {
    this.#gatewaySide = gatewaySide;
    this.#serverSide = serverSide;
    this.port = gatewaySide.address().port;
    gatewaySide.on('message', (octets, from) => {
      this.#gatewayPort = from.port;
      show('to-server', octets);
      if (this.serverPort !== 0) serverSide.send(octets, this.serverPort, '127.0.0.1', () => undefined);
    });
    serverSide.on('message', (octets) => {
      show('to-gateway', octets);
      if (this.#gatewayPort !== undefined) gatewaySide.send(octets, this.#gatewayPort, '127.0.0.1', () => undefined);
    });
  }

  static async open(show: (direction: Direction, octets: Uint8Array) => void): Promise<UdpTap> {
    return new UdpTap(await boundSocket(), await boundSocket(), show);
  }

  close(): void {
    this.#gatewaySide.close();
    this.#serverSide.close();
  }
}

/** A UDP socket on loopback, on a port that the system chose. */
export async function boundSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', resolve);
  });
  // What nobody listens to is lost, as on any network.
  socket.on('error', () => undefined);
  return socket;
}
