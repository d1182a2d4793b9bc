import { PeerError } from '@airlift/kernel';

/**
 * Why octets cannot be read as commands:
 * - `unknown-cid`: no command of this direction and version has that identifier, so its length is unknown;
 * - `truncated`: the octets end inside a command;
 * - `trailing`: octets follow a command that nothing may follow;
 * - `out-of-range`: a field holds a value that its specification rules out.
 */
export type WireErrorCode = 'unknown-cid' | 'truncated' | 'trailing' | 'out-of-range';

/** The only error that decoding throws, whatever the octets are. */
export class WireError extends PeerError {
  override readonly code: WireErrorCode;
  /** Index of the octet at which reading failed. */
  readonly offset: number;

  constructor(code: WireErrorCode, message: string, offset: number) {
    super(code, message);
    this.name = 'WireError';
    this.code = code;
    this.offset = offset;
  }
}
