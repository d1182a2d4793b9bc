import { type Eui64, isEui64Text, parseEui64, utcMs } from '@airlift/kernel';
import { z } from 'zod';
import { contractError } from './error-table.ts';
import { integer, memberError, optional, optionalEui, optionalText, worded } from './fields.ts';
import { isScheduleName } from './safe-name.ts';

/** Bounds that a server sets itself. */
export interface JobLimits {
  /** How many devices one job may address. */
  readonly maxDevices: number;
}

export const DEFAULT_JOB_LIMITS: JobLimits = { maxDevices: 10_000 };

/** Later than this, the caller has sent milliseconds. */
const LATEST_EPOCH_S = 100_000_000_000;
const LONGEST_DELAY_S = 100_000_000;
const LONGEST_PAUSE_MS = 600_000;

const deviceEuis = z
  .array(z.unknown(), worded('must be an array of device EUIs'))
  .min(1, { error: 'must name at least one device' })
  .transform((texts, context): readonly Eui64[] => {
    // A set keeps the caller's order and drops repeats. The first bad text ends the walk: a body may hold many.
    const euis = new Set<Eui64>();
    for (const text of texts) {
      if (typeof text !== 'string' || !isEui64Text(text)) {
        context.addIssue({ code: 'custom', message: 'must be EUIs', params: { errorCode: 'eui-invalid' } });
        return z.NEVER;
      }
      euis.add(parseEui64(text));
    }
    return [...euis];
  });

const pause = optional(integer(0, LONGEST_PAUSE_MS));

const MOST_WAVES = 1_000;
const MOST_IN_WAVE = 1_000_000;
const waveSizes = worded(`must be a list of 1 to ${MOST_WAVES} numbers of devices`);
const share = worded('must be a number from 0 to 1');

const waves = z
  .object(
    {
      sizes: z.array(integer(1, MOST_IN_WAVE), waveSizes).min(1, waveSizes).max(MOST_WAVES, waveSizes),
      least_success: optional(z.number(share).gte(0, share).lte(1, share)),
      approval: optional(z.boolean(worded('must be true or false'))),
    },
    worded('must be an object with a list named sizes'),
  )
  .transform(({ sizes, least_success, approval }) => ({
    sizes,
    leastSuccess: least_success ?? 0,
    needsApproval: approval ?? false,
  }));

/** The members that both kinds of job have; everything else in a body is ignored. */
export const JOB_MEMBERS = {
  endDeviceDeveuis: deviceEuis,
  multicastGroupID: optional(integer(0, 3)),
  multicastDeveui: optionalEui,
  scheduledTimeSinceUnixEpoch: optional(integer(0, LATEST_EPOCH_S)),
  setupTimeFromScheduledTime: optional(integer(0, LONGEST_DELAY_S)),
  launchTimeFromSetupTime: optional(integer(0, LONGEST_DELAY_S)),
  keep_log: optional(z.boolean(worded('must be true or false'))),
  schedule_filename: optionalText(128),
  schedule_source: optionalText(64),
  sleep_time: pause,
  ssleep_time: pause,
  psleep_time: pause,
  waves: optional(waves),
};

type JobMembers = z.output<z.ZodObject<typeof JOB_MEMBERS>>;

/**
 * The common part of a request, normalised.
 * @throws CallerError `multicast-group-invalid` | `parameters-invalid`
 */
export function commonPart(members: JobMembers, limits: JobLimits) {
  if (members.endDeviceDeveuis.length > limits.maxDevices) {
    throw memberError('endDeviceDeveuis', `must name at most ${limits.maxDevices} devices`);
  }
  const { multicastDeveui, schedule_filename, scheduledTimeSinceUnixEpoch } = members;
  // The web page of a gateway names the multicast EUI instead of the group; it then means group 0.
  const multicastGroupId = members.multicastGroupID ?? (multicastDeveui === undefined ? undefined : 0);
  if (multicastGroupId === undefined) throw contractError('multicast-group-invalid');
  if (schedule_filename !== undefined && !isScheduleName(schedule_filename)) {
    throw memberError('schedule_filename', 'must be 1 to 128 letters, digits, ".", "_" or "-", without ".."');
  }
  return {
    devEuis: members.endDeviceDeveuis,
    multicastGroupId,
    multicastEui: multicastDeveui,
    scheduledAt: scheduledTimeSinceUnixEpoch === undefined ? undefined : utcMs(scheduledTimeSinceUnixEpoch * 1000),
    setupDelayS: members.setupTimeFromScheduledTime ?? 0,
    launchDelayS: members.launchTimeFromSetupTime,
    keepLog: members.keep_log ?? true,
    scheduleName: schedule_filename,
    scheduleSource: members.schedule_source ?? 'API',
    pacing: { sleepMs: members.sleep_time, shortSleepMs: members.ssleep_time, paritySleepMs: members.psleep_time },
    waves: members.waves,
  };
}
