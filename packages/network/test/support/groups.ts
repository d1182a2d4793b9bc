import { fromHex } from '@airlift/kernel';
import { openMulticastFrame, parsePhyPayload } from '@airlift/lorawan';
import type { GroupOpening, TransmitRequest } from '../../src/index.ts';
import type { Bench } from './bench.ts';

const KEYS = { mcNwkSKey: '303132333435363738393a3b3c3d3e3f', mcAppSKey: '404142434445464748494a4b4c4d4e4f' };
export const OPENING: GroupOpening = {
  groupId: 'group-1',
  mcAddr: 0xf0da_0001,
  ...KEYS,
  frequencyHz: 869_525_000,
  dataRate: 5,
  firstFCnt: 0,
  devEuis: [],
};
/** Where there is no duty cycle. */
export const US = { frequencyHz: 923_300_000, dataRate: 10 };

/** Full counter and payload of a group frame, as its members read it near an expected counter. */
export function read({ phyPayload }: TransmitRequest, near = 0): { fCnt: number; fPort: number; payload: Uint8Array } {
  const frame = parsePhyPayload(phyPayload);
  if (frame.type !== 'data' || frame.fPort === undefined) throw new Error('not a group frame');
  if (frame.devAddr !== OPENING.mcAddr) throw new Error('to another address');
  const fCnt = Math.floor(near / 0x1_0000) * 0x1_0000 + frame.fCnt16;
  const keys = { mcNwkSKey: fromHex(KEYS.mcNwkSKey), mcAppSKey: fromHex(KEYS.mcAppSKey) };
  const payload = openMulticastFrame(frame, keys, fCnt);
  if (payload === undefined) throw new Error('members would drop the frame');
  return { fCnt, fPort: frame.fPort, payload };
}

export const counters = (bench: Bench): number[] => bench.requests.map((request) => read(request).fCnt);
