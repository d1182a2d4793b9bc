import type { Eui64, SteadyMs, UtcMs } from '@airlift/kernel';
import type { Entry } from '../engine/entries.ts';
import type { Hold } from '../engine/occupancy.ts';
import type { Survey } from '../engine/prepare.ts';
import { waveSizes } from '../engine/waves.ts';
import type { JobPlan } from '../job-plan.ts';
import type { ReasonCode } from '../reasons.ts';
import { deviceWarnings } from './device-warnings.ts';
import type { JobWarning } from './job-warning.ts';
import { previewSession, type SessionPreview, type Spread } from './preview-session.ts';

/** Share of the fragments lost on the way that the expected figures assume; `usualParity` sends for the same. */
export const ASSUMED_LOSS = 0.1;
/** Instants come in whole seconds, and take a moment to arrive. */
const STILL_NOW_MS = 2_000;

/** What would happen to a job if it were scheduled now. */
export interface JobPreview {
  readonly assumedLoss: number;
  /** By wave; those of one wave run side by side. */
  readonly sessions: readonly SessionPreview[];
  readonly warnings: readonly JobWarning[];
  /** Devices that would not take part, and why. */
  readonly refused: readonly { readonly devEui: Eui64; readonly reason: ReasonCode }[];
}

/**
 * Works out what would happen to a job. Nothing is stored or sent. Waves follow each other without the time that somebody
 * takes to allow them.
 * @param about.wantedAt the start as the caller wished it
 */
export function previewJob(about: {
  readonly plan: JobPlan;
  readonly survey: Pick<Survey, 'formats' | 'entries' | 'refused' | 'facts'>;
  readonly holdOf: (devEui: Eui64) => Hold | undefined;
  readonly now: SteadyMs;
  readonly today: UtcMs;
  readonly wantedAt: UtcMs | undefined;
}): JobPreview {
  const { plan, survey, holdOf, now, today, wantedAt } = about;
  const { formats, entries, refused, facts } = survey;
  const isPast = wantedAt !== undefined && wantedAt < today - STILL_NOW_MS;
  const formatOf = ({ formatKey }: Entry) => formats.find(({ key }) => key === formatKey);
  return {
    assumedLoss: ASSUMED_LOSS,
    sessions: sessionsOf(about),
    warnings: [
      ...(isPast ? [{ code: 'start-in-past', devEui: undefined, detail: undefined, until: undefined } as const] : []),
      ...[...entries]
        .filter(([devEui]) => !refused.has(devEui))
        .flatMap(([devEui, entry]) =>
          deviceWarnings({
            devEui,
            plan,
            entry,
            format: formatOf(entry),
            facts: facts.get(devEui),
            hold: holdOf(devEui),
            now,
            assumedLoss: ASSUMED_LOSS,
          }),
        ),
    ],
    refused: [...refused].map(([devEui, reason]) => ({ devEui, reason })),
  };
}

function sessionsOf({
  plan,
  survey: { formats, entries },
  today,
}: {
  readonly plan: JobPlan;
  readonly survey: Pick<Survey, 'formats' | 'entries'>;
  readonly today: UtcMs;
}): readonly SessionPreview[] {
  const waitS = Math.max(0, (plan.setupAt - today) / 1000);
  let from: Spread = { earliestS: waitS, expectedS: waitS, latestS: waitS };
  const sessions: SessionPreview[] = [];
  let place = 0;
  for (const [wave, size] of waveSizes(plan).entries()) {
    const own = plan.devEuis.slice(place, place + size).flatMap((devEui) => entries.get(devEui) ?? []);
    place += size;
    const ofWave = formats.flatMap((format) => {
      const devices = own.filter(({ formatKey }) => formatKey === format.key);
      return devices.length === 0 ? [] : [previewSession({ plan, format, wave: wave + 1, devices, from })];
    });
    sessions.push(...ofWave);
    if (ofWave.length > 0) from = latestOf(ofWave.map(({ end }) => end));
  }
  return sessions;
}

/** When all of them are over. */
function latestOf(ends: readonly Spread[]): Spread {
  return {
    earliestS: Math.max(...ends.map(({ earliestS }) => earliestS)),
    expectedS: Math.max(...ends.map(({ expectedS }) => expectedS)),
    latestS: Math.max(...ends.map(({ latestS }) => latestS)),
  };
}
