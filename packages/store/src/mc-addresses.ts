import type { McAddress, McAddrRequest } from '@airlift/network';
import type { ExpressionBuilder, Transaction } from 'kysely';
import type { Tables } from './schema.ts';

/** Gives out a multicast address; see `NetworkStore.allocateMcAddr`. */
export async function allocateMcAddr(trx: Transaction<Tables>, request: McAddrRequest): Promise<McAddress | undefined> {
  const { first, count, draw, leasedUntil } = request;
  const end = first + count;
  const unused = (await unusedWithin(trx, first + draw, end)) ?? (await unusedWithin(trx, first, first + draw));
  if (unused === undefined) return reuse(trx, request);
  await trx.insertInto('used_mc_addrs').values({ mc_addr: unused, next_f_cnt: 0, free_from: leasedUntil }).execute();
  return { mcAddr: unused, nextFCnt: 0 };
}

/** Takes the address out of use when its group is closed; a group that is closed already changes nothing. */
export async function freeMcAddr(trx: Transaction<Tables>, groupId: string, freeFrom: number): Promise<void> {
  const group = await trx
    .selectFrom('mc_groups')
    .select(['mc_addr', 'next_f_cnt'])
    .where('group_id', '=', groupId)
    .where('open', '=', 1)
    .executeTakeFirst();
  if (group === undefined) return;
  await trx
    .updateTable('used_mc_addrs')
    .set(({ eb, ref }) => ({
      free_from: freeFrom,
      next_f_cnt: eb
        .case()
        .when('next_f_cnt', '<', group.next_f_cnt)
        .then(group.next_f_cnt)
        .else(ref('next_f_cnt'))
        .end(),
    }))
    .where('mc_addr', '=', group.mc_addr)
    .execute();
}

/** The first address from `from` to before `end` that no group ever had and no device has. */
async function unusedWithin(trx: Transaction<Tables>, from: number, end: number): Promise<number | undefined> {
  for (let candidate = from; candidate < end; ) {
    const used = await trx
      .selectFrom('used_mc_addrs')
      .select('mc_addr')
      .where('mc_addr', '=', candidate)
      .executeTakeFirst();
    if (used !== undefined) {
      // Where the run of used ones ends.
      const last = await trx
        .selectFrom('used_mc_addrs as used')
        .select('used.mc_addr')
        .where('used.mc_addr', '>=', candidate)
        .where('used.mc_addr', '<', end)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('used_mc_addrs as next')
                .select('next.mc_addr')
                .where((eb) => eb('next.mc_addr', '=', eb('used.mc_addr', '+', 1))),
            ),
          ),
        )
        .orderBy('used.mc_addr')
        .limit(1)
        .executeTakeFirst();
      if (last === undefined) return undefined;
      candidate = last.mc_addr + 1;
      continue;
    }
    const device = await trx
      .selectFrom('device_sessions')
      .select('dev_addr')
      .where('dev_addr', '=', candidate)
      .executeTakeFirst();
    if (device === undefined) return candidate;
    candidate += 1;
  }
  return undefined;
}

/** The address that has been free for longest and has enough counters left. */
async function reuse(trx: Transaction<Tables>, request: McAddrRequest): Promise<McAddress | undefined> {
  const { first, count, now, leasedUntil, highestFirstFCnt } = request;
  const row = await trx
    .selectFrom('used_mc_addrs')
    .select(['mc_addr', 'next_f_cnt'])
    .where('mc_addr', '>=', first)
    .where('mc_addr', '<', first + count)
    .where('free_from', '<=', now)
    .where('next_f_cnt', '<=', highestFirstFCnt)
    .where(hasNobody)
    .orderBy('free_from')
    .orderBy('mc_addr')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  await trx.updateTable('used_mc_addrs').set({ free_from: leasedUntil }).where('mc_addr', '=', row.mc_addr).execute();
  return { mcAddr: row.mc_addr, nextFCnt: row.next_f_cnt };
}

function hasNobody({ and, not, exists, selectFrom }: ExpressionBuilder<Tables, 'used_mc_addrs'>) {
  return and([
    not(
      exists(
        selectFrom('mc_groups')
          .select('group_id')
          .whereRef('mc_groups.mc_addr', '=', 'used_mc_addrs.mc_addr')
          .where('open', '=', 1),
      ),
    ),
    not(
      exists(
        selectFrom('device_sessions')
          .select('dev_addr')
          .whereRef('device_sessions.dev_addr', '=', 'used_mc_addrs.mc_addr'),
      ),
    ),
  ]);
}
