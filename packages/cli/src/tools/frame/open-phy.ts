import { toHex } from '@airlift/kernel';
import { parsePhyPayload } from '@airlift/lorawan';
import type { DecodeOptions } from './frame-options.ts';
import { openDataFrameWith } from './open-data-frame.ts';
import { openJoinAcceptWith, openJoinRequestWith, openRejoinRequestWith } from './open-join.ts';
import type { PhyFinding } from './phy-finding.ts';

/**
 * Reads a whole PHYPayload with the keys that were given.
 * @throws PeerError `phy-…`, UsageError, InputError
 */
export function openPhy(octets: Uint8Array, options: DecodeOptions): PhyFinding {
  const frame = parsePhyPayload(octets);
  switch (frame.type) {
    case 'data':
      return openDataFrameWith(frame, options);
    case 'join-request':
      return openJoinRequestWith(frame, options);
    case 'join-accept':
      return openJoinAcceptWith(frame, options);
    case 'rejoin-request':
      return openRejoinRequestWith(frame, options);
    case 'proprietary':
      return { shown: { mType: 'Proprietary', octets: toHex(frame.octets) } };
  }
}
