import type { Eui64, SteadyMs, UtcMs } from '@airlift/kernel';
import type { Entries } from '../engine/entries.ts';
import type { Hold } from '../engine/occupancy.ts';
import { pacingOf } from '../engine/pacing.ts';
import type { JobPlan } from '../job-plan.ts';
import type { LinkFacts } from '../link/device-link.ts';
import type { ReasonCode } from '../reasons.ts';
import { plannedGoal, usualParity } from '../session/limits.ts';
import { gracePeriodMs, launchDelayMs, withinBudgetMs } from '../session/open-session.ts';
import type { SessionFormat } from '../session/session-format.ts';
import { groupOn } from '../traits.ts';
import type { JobWarning } from './job-warning.ts';

/** Share of the fragments lost on the way that the expected figures assume. */
export const ASSUMED_LOSS = 0.1;
/** A device that was not heard for so many of its uplinks may be off. */
const UPLINKS_UNHEARD = 5;

/** The earliest, the expected and the latest value of a time, seconds from the acceptance of the job. */
export interface Spread {
  readonly earliestS: number;
  readonly expectedS: number;
  readonly latestS: number;
}

/** One session as it would be opened. */
export interface SessionPreview {
  readonly format: SessionFormat;
  readonly devices: number;
  /** Frames to the group at the assumed loss. */
  readonly plainFrames: number;
  readonly parityFrames: number;
  readonly statusFrames: number;
  /** Of all frames to the group on one gateway. */
  readonly airtimeMs: number;
  /** Airtime in the busiest hour over what the band allows one gateway, 0 .. 1. */
  readonly dutyShare: number;
  readonly start: Spread;
  readonly end: Spread;
}

/** What would happen to a job if it were scheduled now. */
export interface JobPreview {
  readonly assumedLoss: number;
  readonly sessions: readonly SessionPreview[];
  readonly warnings: readonly JobWarning[];
  /** Devices that would not take part, and why. */
  readonly refused: readonly { readonly devEui: Eui64; readonly reason: ReasonCode }[];
}

/** What is known of a device when a job is looked at before its start. */
export interface PreviewDevice {
  readonly facts: LinkFacts | undefined;
  readonly hold: Hold | undefined;
  /** Its GenAppKey is all zeros, as anybody knows. */
  readonly hasZeroKey: boolean;
}

/** Works out what would happen to a job. Nothing is stored or sent. */
export function previewJob({
  plan,
  formats,
  entries,
  refused,
  devices,
  now,
  today,
}: {
  readonly plan: JobPlan;
  readonly formats: readonly SessionFormat[];
  readonly entries: Entries;
  readonly refused: ReadonlyMap<Eui64, ReasonCode>;
  readonly devices: ReadonlyMap<Eui64, PreviewDevice>;
  readonly now: SteadyMs;
  readonly today: UtcMs;
}): JobPreview {
  const waitS = Math.max(0, (plan.setupAt - today) / 1000);
  return {
    assumedLoss: ASSUMED_LOSS,
    sessions: formats.map((format) => previewSession(plan, format, entries, waitS)),
    warnings: [...entries].flatMap(([devEui, entry]) => {
      const format = formats.find(({ key }) => key === entry.formatKey);
      return warningsOf(devEui, { plan, format, entry, device: devices.get(devEui), now });
    }),
    refused: [...refused].map(([devEui, reason]) => ({ devEui, reason })),
  };
}

function previewSession(plan: JobPlan, format: SessionFormat, entries: Entries, waitS: number): SessionPreview {
  const own = [...entries.values()].filter(({ formatKey }) => formatKey === format.key);
  const invited = {
    count: own.length,
    waitForUplinks: own.some(({ listensAlways }) => !listensAlways),
    startSlackS: Math.max(0, ...own.map(({ traits }) => traits.profile.multicast.startSlackS)),
  };
  const delayMs = launchDelayMs(plan, invited);
  const graceMs = plan.launchDelayS === undefined ? gracePeriodMs(plan, invited, delayMs) : 0;
  const { plain, parity, most } = framesOf(plan, format);
  const status = format.kind === 'image' ? 1 : 0;
  const pacing = pacingOf(plan, format);
  const { airtimeMs, dutyCycle } = format.carrier;
  const spanMs = (parityFrames: number): number => {
    const pacedMs = plain * pacing.plainMs + parityFrames * pacing.parityMs;
    return withinBudgetMs(plain + parityFrames, pacing.plainMs, airtimeMs, dutyCycle, pacedMs);
  };
  const total = plain + parity + status;
  const expectedMs = spanMs(parity) + status * pacing.listenMs;
  const hours = Math.max(1, expectedMs / 3_600_000);
  const startS = waitS + delayMs / 1000 + invited.startSlackS;
  const start = { earliestS: startS, expectedS: startS, latestS: startS + graceMs / 1000 };
  return {
    format,
    devices: own.length,
    plainFrames: plain,
    parityFrames: parity,
    statusFrames: status,
    airtimeMs: total * airtimeMs,
    dutyShare: Math.min(1, (total * airtimeMs) / hours / (dutyCycle * 3_600_000)),
    start,
    end: {
      earliestS: start.earliestS + spanMs(0) / 1000,
      expectedS: start.expectedS + expectedMs / 1000,
      latestS: start.latestS + (spanMs(most) + status * pacing.listenMs) / 1000,
    },
  };
}

function framesOf(
  plan: JobPlan,
  format: SessionFormat,
): { readonly plain: number; readonly parity: number; readonly most: number } {
  if (plan.kind === 'Message' || format.kind === 'message') {
    return { plain: plan.kind === 'Message' ? plan.transmissions : 1, parity: 0, most: 0 };
  }
  const { nbFrag } = format;
  const parity = plan.parityFragments ?? usualParity(nbFrag);
  return { plain: nbFrag, parity, most: plan.parityFragments ?? plannedGoal(nbFrag) - nbFrag };
}

function warningsOf(
  devEui: Eui64,
  about: {
    readonly plan: JobPlan;
    readonly format: SessionFormat | undefined;
    readonly entry: Entries extends ReadonlyMap<Eui64, infer E> ? E : never;
    readonly device: PreviewDevice | undefined;
    readonly now: SteadyMs;
  },
): readonly JobWarning[] {
  const { plan, format, entry, device, now } = about;
  const { traits } = entry;
  const { fragmentation } = traits.profile;
  const found: JobWarning[] = [];
  const warn = (code: JobWarning['code'], detail?: string): void => {
    found.push({ code, devEui, detail });
  };
  if (device?.hasZeroKey === true && traits.profile.keys.scheme === 'ts005') warn('zero-key');
  const group = groupOn(traits, plan.multicastGroupId);
  if (group !== plan.multicastGroupId) warn('group-mapped', String(group));
  if (device?.hold !== undefined) warn('device-in-use', device.hold.by);
  const lastUplinkAt = device?.facts?.lastUplinkAt;
  if (device?.facts?.joinedAt === undefined) warn('never-joined');
  else if (lastUplinkAt === undefined || now - lastUplinkAt > UPLINKS_UNHEARD * plan.uplinkIntervalS * 1000) {
    warn('not-heard-lately');
  }
  if (format?.kind === 'image' && traits.isAssigned) {
    const { maxNbFrag, maxFragSize, maxLosses } = fragmentation;
    if (format.nbFrag > maxNbFrag) warn('fragments-beyond-profile', String(maxNbFrag));
    if (format.fragSize > maxFragSize) warn('fragment-size-beyond-profile', String(maxFragSize));
    const losses = Math.ceil(format.nbFrag * ASSUMED_LOSS);
    if (maxLosses !== undefined && losses > maxLosses) warn('losses-beyond-profile', String(maxLosses));
  }
  return found;
}
