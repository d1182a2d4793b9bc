import { command, flag, octets, remaining, rfu, u8, when } from '@airlift/wire';

const MULTITECH = ['multitech'] as const;

/** Uplink 0x80: the device asks whether the checksum of what it received is right. */
export const ChecksumReq = command({
  name: 'ChecksumReq',
  cid: 0x80,
  direction: 'up',
  versions: MULTITECH,
  section: 'MultiTech, private',
  doc: 'Asks whether the CRC-64 of the received block is right. Older firmware leaves FragIndex out. Repeated until answered; without an answer the device deletes the block.',
  alone: true,
  parts: [
    when(remaining(9), [u8('FragIndex', 'Which of the four sessions')]),
    octets('CRC64', 8, 'CRC-64 of the block, octet order and padding not documented: see `matchCrc64`'),
  ],
});

/** Downlink 0x80: the answer to `ChecksumReq`. */
export const ChecksumAns = command({
  name: 'ChecksumAns',
  cid: 0x80,
  direction: 'down',
  versions: MULTITECH,
  section: 'MultiTech, private',
  doc: 'Says whether the checksum is right; on a wrong one the device discards the block.',
  parts: [flag('Match', 'The block is right'), rfu(7)],
});

/** Uplink 0x90: the device is done and about to install. */
export const FragSessionComplete = command({
  name: 'FragSessionComplete',
  cid: 0x90,
  direction: 'up',
  versions: MULTITECH,
  section: 'MultiTech, private',
  doc: 'The session is complete; the device resets and installs next.',
  parts: [u8('FragIndex', 'Which of the four sessions')],
});
