import type { JobChange, RecordedEvent } from '@airlift/campaign';
import { steadyMs } from '@airlift/kernel';
import type { Selectable, Transaction } from 'kysely';
import { requireEvent } from './job-shapes/require-shapes.ts';
import { parts } from './parts.ts';
import { DamagedRecord, readJson, requireShape } from './record-shape.ts';
import { JOB_EVENT_ROW } from './row-shapes.ts';
import type { JobEventsTable, Tables } from './schema.ts';

/** Adds events to those of a job, whose last one then has the number `last`. */
export async function addEvents(
  trx: Transaction<Tables>,
  jobId: string,
  events: JobChange['events'],
  last: number,
): Promise<void> {
  const rows = events.map(({ at, event: { kind, ...body } }, index) => ({
    job_id: jobId,
    sequence: last - events.length + 1 + index,
    at,
    kind,
    body: JSON.stringify(body),
  }));
  for (const part of parts(rows)) await trx.insertInto('job_events').values(part).execute();
}

/** The event of a row. @throws DamagedRecord */
export function eventOf(row: Selectable<JobEventsTable>): RecordedEvent {
  requireShape(JOB_EVENT_ROW, row);
  const body = readJson(row.body, 'body');
  if (typeof body !== 'object' || body === null) throw new DamagedRecord('body: not an object');
  return { sequence: row.sequence, at: steadyMs(row.at), event: requireEvent({ ...body, kind: row.kind }) };
}
