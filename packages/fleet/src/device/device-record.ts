import type { SavedMac } from '../mac/mac.ts';
import type { FragSession } from '../packages/fragmentation.ts';
import type { SavedGroup } from '../packages/multicast-group.ts';
import type { McSession } from '../packages/multicast-setup.ts';

/** What a device finds in its non-volatile memory after a reset. */
export interface DeviceRecord {
  readonly version: 1;
  /** The last DevNonce used; 0 before the first join. */
  readonly devNonce: number;
  readonly joinNonce: number;
  /** Absent in memories that outlast a join only by its nonces. */
  readonly resume?: ResumeRecord;
}

/** What lets a device go on where it stopped. */
export interface ResumeRecord {
  readonly mac: SavedMac;
  readonly groups: readonly SavedGroup[];
  readonly session: McSession | null;
  readonly fragSessions: readonly FragSession[];
  /** How far its clock is ahead of the true one, kept by the battery of a real-time clock. Milliseconds. */
  readonly clockAheadMs: number;
  readonly clockSynchronised: boolean;
}

/** The record in a memory; an unreadable one counts as none. */
export function readRecord(stored: unknown): DeviceRecord {
  const record = stored as Partial<DeviceRecord> | undefined;
  return typeof record === 'object' && record !== null && record.version === 1
    ? (record as DeviceRecord)
    : { version: 1, devNonce: 0, joinNonce: 0 };
}
