import type { Eui64, SteadyMs } from '@airlift/kernel';
import type { Entry } from '../engine/entries.ts';
import type { Hold } from '../engine/occupancy.ts';
import type { JobPlan } from '../job-plan.ts';
import type { LinkFacts } from '../link/device-link.ts';
import type { SessionFormat } from '../session/session-format.ts';
import { groupOn } from '../traits.ts';
import type { JobWarning } from './job-warning.ts';

/** A device that was not heard for so many of its uplinks may be off. */
const UPLINKS_UNHEARD = 5;

/** What may go wrong with one device of a job. `assumedLoss`: share of the fragments that it does not hear. */
export function deviceWarnings({
  devEui,
  plan,
  entry,
  format,
  facts,
  hold,
  now,
  assumedLoss,
}: {
  readonly devEui: Eui64;
  readonly plan: JobPlan;
  readonly entry: Entry;
  readonly format: SessionFormat | undefined;
  readonly facts: LinkFacts | undefined;
  readonly hold: Hold | undefined;
  readonly now: SteadyMs;
  readonly assumedLoss: number;
}): readonly JobWarning[] {
  const { traits, genAppKey } = entry;
  const { fragmentation, keys } = traits.profile;
  const found: JobWarning[] = [];
  const warn = (code: JobWarning['code'], detail?: string, until?: SteadyMs): void => {
    found.push({ code, devEui, detail, until });
  };
  if (keys.scheme === 'ts005' && genAppKey.every((octet) => octet === 0)) warn('zero-key');
  const group = groupOn(traits, plan.multicastGroupId);
  if (group !== plan.multicastGroupId) warn('group-mapped', String(group));
  if (hold !== undefined) warn('device-in-use', hold.by, hold.until);
  if (facts?.joinedAt === undefined) warn('never-joined');
  else if (isUnheard(facts, plan, now)) warn('not-heard-lately');
  // Limits of a profile that nobody chose say nothing of the device.
  if (format?.kind === 'image' && traits.isAssigned) {
    const { maxNbFrag, maxFragSize, maxLosses } = fragmentation;
    if (format.nbFrag > maxNbFrag) warn('fragments-beyond-profile', String(maxNbFrag));
    if (format.fragSize > maxFragSize) warn('fragment-size-beyond-profile', String(maxFragSize));
    const losses = Math.ceil(format.nbFrag * assumedLoss);
    if (maxLosses !== undefined && losses > maxLosses) warn('losses-beyond-profile', String(maxLosses));
  }
  return found;
}

function isUnheard({ lastUplinkAt }: LinkFacts, plan: JobPlan, now: SteadyMs): boolean {
  return lastUplinkAt === undefined || now - lastUplinkAt > UPLINKS_UNHEARD * plan.uplinkIntervalS * 1000;
}
