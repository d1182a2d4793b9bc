/** Bounds on what clients may hold on to, for each listener. */
export interface ConnectionLimits {
  /** Connections of all clients. A newcomer beyond it takes the place of another one, see `giving-way.ts`. */
  readonly maxConnections: number;
  /** Connections of one address, or of one IPv6 network of 64 bits. Behind a proxy all clients have one address. */
  readonly maxConnectionsPerAddress: number;
  /** The TLS handshake has to be over by then. */
  readonly handshakeTimeoutMs: number;
  /** The head of a request has to be there by then. */
  readonly headersTimeoutMs: number;
  /** A whole request, upload included; the documentation recommends clients 600 s. */
  readonly requestTimeoutMs: number;
  /** A client has so long to read an answer. */
  readonly answerTimeoutMs: number;
  /** A connection on which nothing moves is closed. */
  readonly stallTimeoutMs: number;
  readonly keepAliveMs: number;
  /**
   * What is left of a request that was refused, and of a connection that is being closed, is waited for so long: cut off
   * at once, the client would see a reset in place of the answer.
   */
  readonly lingerMs: number;
  readonly maxHeaderOctets: number;
  /** Requests without an answer on one connection; more close it. */
  readonly maxPipelined: number;
}

export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  maxConnections: 1024,
  maxConnectionsPerAddress: 512,
  handshakeTimeoutMs: 10_000,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 660_000,
  answerTimeoutMs: 120_000,
  stallTimeoutMs: 60_000,
  keepAliveMs: 10_000,
  lingerMs: 5_000,
  maxHeaderOctets: 16 * 1024,
  maxPipelined: 16,
};
