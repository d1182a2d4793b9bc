/** A socket that speaks with one peer. Datagrams may be lost and change order, as on any network. */
export interface DatagramSocket {
  send(datagram: Uint8Array): void;
  /** Sets the one listener; without it datagrams are dropped. */
  onDatagram(listener: (datagram: Uint8Array) => void): void;
  close(): void;
}

class MemorySocket implements DatagramSocket {
  #listener: ((datagram: Uint8Array) => void) | undefined;
  #closed = false;
  peer: MemorySocket | undefined;

  send(datagram: Uint8Array): void {
    const { peer } = this;
    if (this.#closed || peer === undefined) return;
    const copy = Uint8Array.from(datagram);
    // Never inside `send`: neither side can be re-entered in the middle of its own work.
    queueMicrotask(() => peer.#receive(copy));
  }

  onDatagram(listener: (datagram: Uint8Array) => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#closed = true;
  }

  #receive(datagram: Uint8Array): void {
    if (!this.#closed) this.#listener?.(datagram);
  }
}

/** Two connected sockets without a network: for tests and for compositions that run in virtual time. */
export function memorySocketPair(): { readonly gatewaySide: DatagramSocket; readonly serverSide: DatagramSocket } {
  const gatewaySide = new MemorySocket();
  const serverSide = new MemorySocket();
  gatewaySide.peer = serverSide;
  serverSide.peer = gatewaySide;
  return { gatewaySide, serverSide };
}
