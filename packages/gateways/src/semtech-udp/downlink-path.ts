import type { SteadyMs } from '@airlift/kernel';
import type { ProtocolVersion } from './datagram.ts';
import type { UdpPeer } from './udp-socket.ts';

/** Who holds the way to a gateway. */
export interface PathOwner {
  readonly peer: UdpPeer;
  readonly version: ProtocolVersion;
  readonly pulledAt: SteadyMs;
  /** Of the last PULL_DATA or of a TX_ACK that was waited for. */
  readonly aliveAt: SteadyMs;
  /** Between two PULL_DATA, as observed; undefined before the second. */
  readonly intervalMs: number | undefined;
}

/** Somebody else who pulls in the name of the same gateway. */
export interface PathRival {
  readonly peer: UdpPeer;
  readonly pulledAt: SteadyMs;
  /** PULL_DATA of this one and nobody else since the owner was last heard. */
  readonly pulls: number;
}

/** All the PULL_DATA that were not given the way, together. */
export interface PathConflict {
  readonly count: number;
  readonly peer: UdpPeer;
  readonly at: SteadyMs;
}

interface Known {
  readonly conflict: PathConflict | undefined;
  /** The address whose receptions in this gateway's name proved genuine, and when the last one did. */
  readonly proof: { readonly address: string; readonly at: SteadyMs } | undefined;
  /** Who lost the way by being silent, and when. */
  readonly displaced: { readonly peer: UdpPeer; readonly at: SteadyMs } | undefined;
}

/**
 * The way that frames take to one gateway. Semtech's protocol has no authentication, so the way belongs to the first who
 * pulls, for as long as he goes on. Nothing but plain data, so that it can be stored.
 */
export type DownlinkPath =
  | (Known & { readonly kind: 'none' })
  | (Known & { readonly kind: 'owned'; readonly owner: PathOwner })
  | (Known & { readonly kind: 'contested'; readonly owner: PathOwner; readonly rival: PathRival });

export type PathEvent =
  | { readonly kind: 'pull'; readonly from: UdpPeer; readonly version: ProtocolVersion }
  /** A TX_ACK that was waited for, from where it was waited for. */
  | { readonly kind: 'ack'; readonly from: UdpPeer }
  /** A frame that came from the address passed all checks of the network server, and was new. */
  | { readonly kind: 'genuine'; readonly address: string };

export const NO_PATH: DownlinkPath = { kind: 'none', conflict: undefined, proof: undefined, displaced: undefined };

/** Whoever has been silent for so long cannot be reached any more: its address translation has expired. */
export const PATH_EXPIRES_MS = 90_000;
/** The way goes to another after so many PULL_DATA of the owner are missing ... */
const MISSED_PULLS = 3;
/** ... but not before so long, since datagrams get lost ... */
const LEAST_SILENCE_MS = 30_000;
/** ... or a little sooner to the same address: a forwarder that was restarted, or whose translated port has changed. */
const LEAST_SILENCE_SAME_ADDRESS_MS = 15_000;
/** Assumed until the owner's own interval was observed. */
const USUAL_INTERVAL_MS = 20_000;
/** A proof is not taken over by another address before so long: who owns a device can make genuine frames, too. */
const PROOF_LASTS_MS = 600_000;
/** An owner who was silent and comes back unchanged was cut off, not restarted: for so long it gets the way back at once. */
const RECLAIM_MS = 600_000;

/** What an event makes of the path. Pure: the same arguments give the same path. */
export function pathStep(path: DownlinkPath, event: PathEvent, now: SteadyMs): DownlinkPath {
  switch (event.kind) {
    case 'pull':
      return pulled(path, event.from, event.version, now);
    case 'ack':
      if (path.kind === 'none' || !samePeer(path.owner.peer, event.from)) return path;
      return heardOwner(path, { ...path.owner, aliveAt: now }, now);
    case 'genuine': {
      const { proof } = path;
      if (proof !== undefined && proof.address !== event.address && now - proof.at <= PROOF_LASTS_MS) return path;
      return { ...path, proof: { address: event.address, at: now } };
    }
  }
}

/** Where a frame for the gateway has to go now; undefined when it cannot be reached. */
export function reachableOwner(path: DownlinkPath, now: SteadyMs): PathOwner | undefined {
  return path.kind !== 'none' && now - path.owner.aliveAt <= PATH_EXPIRES_MS ? path.owner : undefined;
}

/**
 * Whether what comes from there in the gateway's name may be somebody else's invention. Forwarders push from another port
 * than they pull from, so only the address counts.
 */
export function isDoubtful(path: DownlinkPath, from: UdpPeer, now: SteadyMs): boolean {
  const owner = reachableOwner(path, now);
  return owner !== undefined && owner.peer.address !== from.address;
}

export function samePeer(one: UdpPeer, other: UdpPeer): boolean {
  return one.port === other.port && one.address === other.address;
}

function pulled(path: DownlinkPath, from: UdpPeer, version: ProtocolVersion, now: SteadyMs): DownlinkPath {
  const { conflict, proof, displaced } = path;
  const newOwner: PathOwner = { peer: from, version, pulledAt: now, aliveAt: now, intervalMs: undefined };
  const ownedByNew = { kind: 'owned', owner: newOwner, conflict, proof } as const;
  if (path.kind === 'none') return { ...ownedByNew, displaced };
  const { owner } = path;
  if (samePeer(owner.peer, from)) {
    const intervalMs = nextInterval(owner.intervalMs, now - owner.pulledAt);
    return heardOwner(path, { ...owner, version, pulledAt: now, aliveAt: now, intervalMs }, now);
  }
  const before = path.kind === 'contested' && samePeer(path.rival.peer, from) ? path.rival.pulls : 0;
  const rival: PathRival = { peer: from, pulledAt: now, pulls: before + 1 };
  if (mayReclaim(path, owner, from, now)) return { ...ownedByNew, displaced: undefined };
  if (isSilent(owner, rival, now)) return { ...ownedByNew, displaced: { peer: owner.peer, at: now } };
  return {
    kind: 'contested',
    owner,
    rival,
    conflict: { count: (conflict?.count ?? 0) + 1, peer: from, at: now },
    proof,
    displaced,
  };
}

function heardOwner(path: DownlinkPath, owner: PathOwner, now: SteadyMs): DownlinkPath {
  const { conflict, proof, displaced } = path;
  if (path.kind === 'contested' && now - path.rival.pulledAt <= PATH_EXPIRES_MS) {
    return { kind: 'contested', owner, rival: { ...path.rival, pulls: 0 }, conflict, proof, displaced };
  }
  return { kind: 'owned', owner, conflict, proof, displaced };
}

/** Whether somebody has a better right to the way than an owner who is there. */
function mayReclaim({ proof, displaced }: DownlinkPath, owner: PathOwner, from: UdpPeer, now: SteadyMs): boolean {
  const proved = proof !== undefined && now - proof.at <= PROOF_LASTS_MS ? proof.address : undefined;
  if (proved !== undefined && from.address !== owner.peer.address) {
    // Whoever was quicker to pull than the gateway whose frames are genuine has to give way, and nobody displaces that one.
    if (proved === from.address) return true;
    if (proved === owner.peer.address) return false;
  }
  return displaced !== undefined && now - displaced.at <= RECLAIM_MS && samePeer(displaced.peer, from);
}

/** Whether the owner has been silent for so long that the rival may have the way. */
function isSilent(owner: PathOwner, rival: PathRival, now: SteadyMs): boolean {
  const alone = owner.peer.address === rival.peer.address && rival.pulls >= MISSED_PULLS;
  const least = alone ? LEAST_SILENCE_SAME_ADDRESS_MS : LEAST_SILENCE_MS;
  const missed = MISSED_PULLS * (owner.intervalMs ?? USUAL_INTERVAL_MS);
  return now - owner.aliveAt > Math.min(PATH_EXPIRES_MS, Math.max(least, missed));
}

/** Grows at once and shrinks slowly: a few quick PULL_DATA, as at a start, must not make us impatient. */
function nextInterval(before: number | undefined, gapMs: number): number {
  return before === undefined ? gapMs : Math.max(gapMs, (3 * before + gapMs) / 4);
}
