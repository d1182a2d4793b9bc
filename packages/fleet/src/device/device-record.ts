import { createHash } from 'node:crypto';
import type { DeviceIdentity, SavedMac } from '../mac/mac-parts.ts';
import type { WaitingImage } from '../packages/firmware-management.ts';
import type { FragSession } from '../packages/frag-session.ts';
import type { SavedGroup } from '../packages/multicast-group.ts';
import type { McSession } from '../packages/multicast-setup.ts';

/** What a device finds in its non-volatile memory after a reset. */
export interface DeviceRecord {
  readonly version: 1;
  /** The last DevNonce used; 0 before the first join. */
  readonly devNonce: number;
  readonly joinNonce: number;
  /** What no reset takes: absent as long as nothing was noted. */
  readonly lasting?: LastingRecord;
  /** Of the keys and the region that `lasting` and `resume` were saved with. */
  readonly fingerprint?: string;
  /** Absent in memories that outlast a join only by its nonces. */
  readonly resume?: ResumeRecord;
}

/** What a device keeps through every reset besides the nonces. */
export interface LastingRecord {
  /** The last SessionCnt of a session that heard a fragment, by FragIndex. */
  readonly sessionCnts?: Readonly<Record<string, number>>;
  readonly firmwareVersion?: number;
  readonly image?: WaitingImage | null;
}

/** What lets a device go on where it stopped. */
export interface ResumeRecord {
  readonly mac: SavedMac;
  readonly groups: readonly SavedGroup[];
  readonly sessions: readonly McSession[];
  readonly fragSessions: readonly FragSession[];
  /** How far its clock is ahead of the true one, kept by the battery of a real-time clock. Milliseconds. */
  readonly clockAheadMs: number;
  readonly clockSynchronised: boolean;
}

/**
 * The record in a memory; an unreadable one counts as none, and what was saved with other keys or in another region is
 * left out.
 */
export function readRecord(stored: unknown, fingerprint: string): DeviceRecord {
  const record = stored as Partial<DeviceRecord> | null | undefined;
  const devNonce = record?.devNonce;
  const joinNonce = record?.joinNonce;
  if (record?.version !== 1 || typeof devNonce !== 'number' || typeof joinNonce !== 'number') {
    return { version: 1, devNonce: 0, joinNonce: 0 };
  }
  if (record.fingerprint !== fingerprint) return { version: 1, devNonce, joinNonce };
  const { resume, lasting } = record;
  return {
    version: 1,
    devNonce,
    joinNonce,
    fingerprint,
    ...(lasting === undefined ? {} : { lasting }),
    ...(Array.isArray(resume?.sessions) ? { resume } : {}),
  };
}

/** What tells whether a saved session can be this device's. */
export function fingerprintOf(identity: DeviceIdentity, region: string): string {
  return createHash('sha256')
    .update(identity.appKey)
    .update(identity.genAppKey)
    .update(region)
    .digest('hex')
    .slice(0, 16);
}
