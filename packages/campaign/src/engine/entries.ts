import type { Eui64 } from '@airlift/kernel';
import type { DirectoryEntry } from '../device-directory.ts';

/** A device of a job with what was looked up of it when the job began. */
export interface Entry extends DirectoryEntry {
  readonly formatKey: string;
  /** It hears downlinks at once, not after its own uplinks only. */
  readonly listensAlways: boolean;
  /** SessionCnt values from there on are reserved for the job; undefined for version 1. */
  readonly sessionCnt: number | undefined;
  /** The device may still report numbers of an earlier fragmentation session. */
  readonly hasOldNumbers: boolean;
}

export type Entries = ReadonlyMap<Eui64, Entry>;
