import type { Finding } from './finding.ts';

/** FragDataBlockReceivedReq (TS004 version 2). @param fragIndex of the session that is judged */
export function judgeBlockReceived(said: { fragIndex: number; micError: boolean }, fragIndex: number): Finding {
  if (said.fragIndex !== fragIndex) return { kind: 'impossible', why: 'other-index' };
  if (said.micError) return { kind: 'corrupt', by: 'block-mic' };
  return { kind: 'complete', proof: 'block-mic', errorRate: 2 ** -32 };
}

/** MultiTech's checksum request, compared with the image. */
export function judgeCrc64(verdict: 'match' | 'mismatch'): Finding {
  return verdict === 'match'
    ? // Four readings of the octets are accepted.
      { kind: 'complete', proof: 'crc64', errorRate: 2 ** -62 }
    : { kind: 'corrupt', by: 'crc64' };
}
