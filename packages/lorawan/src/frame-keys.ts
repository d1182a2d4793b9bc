/** Session keys of LoRaWAN 1.0.x, also of a 1.1 device whose server did not negotiate (OptNeg 0). 16 octets each. */
export interface SessionKeys10 {
  readonly macVersion: '1.0';
  readonly nwkSKey: Uint8Array;
  readonly appSKey: Uint8Array;
}

/** Session keys of LoRaWAN 1.1 with OptNeg 1. 16 octets each. */
export interface SessionKeys11 {
  readonly macVersion: '1.1';
  /** Forwarding network server: half of the uplink integrity code. */
  readonly fNwkSIntKey: Uint8Array;
  /** Serving network server: the other half, and all of the downlink code. */
  readonly sNwkSIntKey: Uint8Array;
  /** Encrypts MAC commands. */
  readonly nwkSEncKey: Uint8Array;
  readonly appSKey: Uint8Array;
}

/** The keys of a session; `macVersion` decides which rules of integrity and encryption apply. */
export type SessionKeys = SessionKeys10 | SessionKeys11;
