import type { OpenedFrame } from '../mac/frame-cache.ts';

/** Fragments that would change nothing which anybody could see from outside before the last of them. */
export interface UnseenFragments {
  readonly fragIndex: number;
  readonly count: number;
  /** Plain ones only go up to this number; with `codedToo` those above it count as well. */
  readonly plain: number;
  readonly codedToo: boolean;
}

const FRAGMENTATION_PORT = 201;
const DATA_FRAGMENT_CID = 0x08;
/** More of them are no faster. */
const MOST_FRAMES = 64;

/**
 * Fragments that a device has heard and not looked at yet. Of ten thousand devices that hear a frame each would have to
 * fetch all it remembers, and that takes longer than the work itself; so they do the work for many frames at once. Only
 * frames are put off that show no effect, and whatever else happens to the device waits until they are dealt with.
 */
export class FragmentBacklog {
  readonly #frames: OpenedFrame[] = [];
  #room = 0;
  #group = '';
  #unseen: UnseenFragments | undefined;

  /** From now on such fragments to a group are put off; undefined for none. */
  allow(group: string, unseen: UnseenFragments | undefined): void {
    this.#group = group;
    this.#unseen = unseen;
    this.#room = Math.min(MOST_FRAMES, unseen?.count ?? 0);
  }

  /** Puts a frame off, if that makes no difference. */
  takes(opened: OpenedFrame): boolean {
    const unseen = this.#unseen;
    if (unseen === undefined || this.#room < 1 || opened.group !== this.#group) return false;
    const { frame, payload } = opened;
    if (frame.fPort !== FRAGMENTATION_PORT || payload[0] !== DATA_FRAGMENT_CID || payload.length < 3) return false;
    // Index&N: FragIndex in the upper two bits.
    const indexAndN = ((payload[2] ?? 0) << 8) | (payload[1] ?? 0);
    if (indexAndN >> 14 !== unseen.fragIndex || (indexAndN % 0x4000 > unseen.plain && !unseen.codedToo)) return false;
    this.#room -= 1;
    this.#frames.push(opened);
    return true;
  }

  /** Hands out what was put off, in its order. */
  empty(look: (opened: OpenedFrame) => void): void {
    const frames = this.#frames;
    if (frames.length === 0) return;
    this.#unseen = undefined;
    for (const frame of frames) look(frame);
    frames.length = 0;
  }
}
