import { fromHex, toHex } from '@airlift/kernel';
import { type FCntCandidate, reconstructFCnt } from '@airlift/lorawan';
import type { MulticastBehaviour } from '../behaviour/device-behaviour.ts';
import { type NamedMulticastKeys, nameMulticastKeys } from '../mac/frame-cache.ts';

/** A multicast group that a device was given. */
export interface McGroup {
  readonly id: number;
  readonly mcAddr: number;
  readonly keys: NamedMulticastKeys;
  minFCnt: number;
  maxFCnt: number;
  /** The last counter accepted since the setup, or since the session began. */
  lastFCnt: number | undefined;
}

/** The form in which a group survives JSON. */
export interface SavedGroup {
  readonly id: number;
  readonly mcAddr: number;
  readonly mcNwkSKey: string;
  readonly mcAppSKey: string;
  readonly minFCnt: number;
  readonly maxFCnt: number;
  readonly lastFCnt: number | null;
}

export function saveGroup(group: McGroup): SavedGroup {
  const { id, mcAddr, keys, minFCnt, maxFCnt, lastFCnt } = group;
  return {
    id,
    mcAddr,
    mcNwkSKey: toHex(keys.keys.mcNwkSKey),
    mcAppSKey: toHex(keys.keys.mcAppSKey),
    minFCnt,
    maxFCnt,
    lastFCnt: lastFCnt ?? null,
  };
}

export function restoreGroup(saved: SavedGroup): McGroup {
  const { id, mcAddr, mcNwkSKey, mcAppSKey, minFCnt, maxFCnt, lastFCnt } = saved;
  const keys = nameMulticastKeys({ mcNwkSKey: fromHex(mcNwkSKey), mcAppSKey: fromHex(mcAppSKey) });
  return { id, mcAddr, keys, minFCnt, maxFCnt, lastFCnt: lastFCnt ?? undefined };
}

/**
 * The full counter of a multicast frame, to be verified by its integrity code; undefined for one to drop: a repeat, or
 * outside the range of the group. The first after a setup may be taken from its 16 bits alone, which is why ranges from
 * 65536 on never work with such stacks.
 */
export function multicastFCnt(group: McGroup, fCnt16: number, behaviour: MulticastBehaviour): number | undefined {
  const candidate = candidateOf(group, fCnt16, behaviour);
  if (candidate === undefined || candidate.kind === 'repeat' || candidate.fCnt < group.minFCnt) return undefined;
  const isUnlimited = behaviour.maxFCnt === 'unlimited-zero' && group.maxFCnt === 0;
  const limit = behaviour.maxFCnt === 'exclusive' ? group.maxFCnt - 1 : group.maxFCnt;
  return isUnlimited || candidate.fCnt <= limit ? candidate.fCnt : undefined;
}

function candidateOf(group: McGroup, fCnt16: number, behaviour: MulticastBehaviour): FCntCandidate | undefined {
  if (group.lastFCnt !== undefined) return reconstructFCnt(group.lastFCnt, fCnt16);
  if (behaviour.firstFCnt !== 'from-minimum') return { fCnt: fCnt16, kind: 'new', gap: 0 };
  const first = reconstructFCnt(group.minFCnt, fCnt16);
  // At the minimum itself it is the first frame, not a repeat of one.
  return first === undefined ? undefined : { ...first, kind: 'new' };
}
