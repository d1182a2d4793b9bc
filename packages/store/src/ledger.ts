import type { LedgerFrame, LedgerTotals } from '@airlift/campaign';
import { steadyMs } from '@airlift/kernel';
import type { ExpressionBuilder, Selectable, Transaction } from 'kysely';
import { requireGatewayFates } from './job-shapes/require-shapes.ts';
import { parts } from './parts.ts';
import { readJson, requireShape } from './record-shape.ts';
import { JOB_FRAME_ROW } from './row-shapes.ts';
import type { JobFramesTable, JobsTable, Tables } from './schema.ts';

type FrameCounts = Pick<Selectable<JobsTable>, (typeof FRAME_COUNTS)[number]>;
type Totals = FrameCounts & Pick<Selectable<JobsTable>, 'airtime_ms' | 'first_frame_at' | 'last_frame_at'>;

/** The columns that count frames. */
export const FRAME_COUNTS = ['plain_frames', 'parity_frames', 'status_frames', 'message_frames'] as const;

/** What the frames add to the totals of a job. */
export function addedTotals(eb: ExpressionBuilder<Tables, 'jobs'>, frames: readonly LedgerFrame[]) {
  if (frames.length === 0) return {};
  const count = (kind: LedgerFrame['kind']): number => frames.filter((frame) => frame.kind === kind).length;
  const airtimeMs = frames.reduce((sum, frame) => sum + frame.airtimeMs, 0);
  const firstAt = frames.reduce((first, frame) => Math.min(first, frame.at), Number.POSITIVE_INFINITY);
  const lastAt = frames.reduce((last, frame) => Math.max(last, frame.at), Number.NEGATIVE_INFINITY);
  return {
    plain_frames: eb('plain_frames', '+', count('plain')),
    parity_frames: eb('parity_frames', '+', count('parity')),
    status_frames: eb('status_frames', '+', count('status')),
    message_frames: eb('message_frames', '+', count('message')),
    airtime_ms: eb('airtime_ms', '+', airtimeMs),
    first_frame_at: eb.case().when('first_frame_at', '<', firstAt).then(eb.ref('first_frame_at')).else(firstAt).end(),
    last_frame_at: eb.case().when('last_frame_at', '>', lastAt).then(eb.ref('last_frame_at')).else(lastAt).end(),
  };
}

/** Adds frames to the ledger of a job; `totals` are those of its row with the frames already added. */
export async function addFrames(
  trx: Transaction<Tables>,
  jobId: string,
  frames: readonly LedgerFrame[],
  totals: FrameCounts,
): Promise<void> {
  const first =
    totals.plain_frames + totals.parity_frames + totals.status_frames + totals.message_frames - frames.length;
  const rows = frames.map((frame, index) => ({
    job_id: jobId,
    position: first + index,
    kind: frame.kind,
    number: frame.number,
    f_cnt: frame.fCnt,
    sent_at: frame.at,
    airtime_ms: frame.airtimeMs,
    session: frame.session,
    gateways: JSON.stringify(frame.gateways),
  }));
  for (const part of parts(rows)) await trx.insertInto('job_frames').values(part).execute();
}

/** The frame of a row. @throws DamagedRecord */
export function frameOf(row: Selectable<JobFramesTable>): LedgerFrame {
  requireShape(JOB_FRAME_ROW, row);
  return {
    kind: row.kind as LedgerFrame['kind'],
    number: row.number,
    session: row.session,
    fCnt: row.f_cnt,
    at: steadyMs(row.sent_at),
    airtimeMs: row.airtime_ms,
    gateways: requireGatewayFates(readJson(row.gateways, 'gateways')),
  };
}

/** The totals of a job's row, none without a row. */
export function totalsOf(row: Totals | undefined): LedgerTotals {
  const firstAt = row?.first_frame_at ?? undefined;
  const lastAt = row?.last_frame_at ?? undefined;
  return {
    plain: row?.plain_frames ?? 0,
    parity: row?.parity_frames ?? 0,
    status: row?.status_frames ?? 0,
    message: row?.message_frames ?? 0,
    airtimeMs: row?.airtime_ms ?? 0,
    firstAt: firstAt === undefined ? undefined : steadyMs(firstAt),
    lastAt: lastAt === undefined ? undefined : steadyMs(lastAt),
  };
}
