import type { Kysely } from 'kysely';
import { parts } from '../parts.ts';
import type { Tables } from '../schema.ts';
import { convertedDevice, convertedPlan, type Json, jsonObject } from './m0006-shapes.ts';

/** Until when devices may listen to a group that was opened at the latest when its job was taken up. */
const QUARANTINE_MS = 2 * 86_400_000;

const SCHEDULED = JSON.stringify({ kind: 'scheduled' });
const PENDING = JSON.stringify({ kind: 'pending' });

/** What cannot be read is left as it is: it is found, told and set aside when somebody reads it. */
export async function convertJobs(db: Kysely<Tables>): Promise<void> {
  for (const { job_id, plan } of await db.selectFrom('job_plans').selectAll().execute()) {
    const converted = convertedPlan(plan);
    if (converted === undefined) continue;
    await db.updateTable('job_plans').set({ plan: converted }).where('job_id', '=', job_id).execute();
  }
  for (const { job_id, state } of await db.selectFrom('jobs').select(['job_id', 'state']).execute()) {
    await convertJob(db, job_id, jsonObject(state));
  }
}

async function convertJob(db: Kysely<Tables>, jobId: string, state: Json | undefined): Promise<void> {
  switch (state?.kind) {
    case 'complete': {
      const ended = { ...state, outcome: 'served', freeAt: state.completedAt, formats: [] };
      await db
        .updateTable('jobs')
        .set({ state: JSON.stringify(ended) })
        .where('job_id', '=', jobId)
        .execute();
      return convertDevices(db, jobId);
    }
    case 'cancelled':
      return convertDevices(db, jobId);
    case 'setup':
    case 'broadcasting':
    case 'teardown':
      await closeGroup(db, state);
      await db.updateTable('jobs').set({ phase: 'scheduled', state: SCHEDULED }).where('job_id', '=', jobId).execute();
      await db.updateTable('job_devices').set({ state: PENDING }).where('job_id', '=', jobId).execute();
  }
}

async function convertDevices(db: Kysely<Tables>, jobId: string): Promise<void> {
  const rows = await db.selectFrom('job_devices').selectAll().where('job_id', '=', jobId).execute();
  const changed = rows.flatMap((row) => {
    const state = convertedDevice(row.state);
    return state === undefined ? [] : [{ ...row, state }];
  });
  for (const part of parts(changed)) {
    await db
      .insertInto('job_devices')
      .values(part)
      .onConflict((conflict) =>
        conflict.columns(['job_id', 'dev_eui']).doUpdateSet((eb) => ({ state: eb.ref('excluded.state') })),
      )
      .execute();
  }
}

/** As the network server does it: its keys are erased, its counters remembered, its address rests. */
async function closeGroup(db: Kysely<Tables>, state: Json): Promise<void> {
  const { session } = state;
  const groupId = typeof session === 'object' && session !== null && 'groupId' in session ? session.groupId : undefined;
  if (typeof groupId !== 'string') return;
  const group = await db
    .selectFrom('mc_groups')
    .select(['mc_addr', 'next_f_cnt', 'created_at'])
    .where('group_id', '=', groupId)
    .where('open', '=', 1)
    .executeTakeFirst();
  if (group === undefined) return;
  await db
    .updateTable('used_mc_addrs')
    .set(({ eb, ref }) => ({
      free_from: group.created_at + QUARANTINE_MS,
      next_f_cnt: eb
        .case()
        .when('next_f_cnt', '<', group.next_f_cnt)
        .then(group.next_f_cnt)
        .else(ref('next_f_cnt'))
        .end(),
    }))
    .where('mc_addr', '=', group.mc_addr)
    .execute();
  await db
    .updateTable('mc_groups')
    .set({ open: 0, mc_nwk_s_key_sealed: null, mc_app_s_key_sealed: null })
    .where('group_id', '=', groupId)
    .execute();
}
