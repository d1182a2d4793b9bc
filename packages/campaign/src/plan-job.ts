import { BugError, CallerError, type Eui64, later, type SteadyMs, type UtcMs, utcMs } from '@airlift/kernel';
import type { FotaPlan, JobPlan, MessagePlan, Pacing, RadioPlan, WavePlan } from './job-plan.ts';
import { HIGHEST_NUMBER, usualParity } from './session/limits.ts';

/** What a caller wants, checked for form already. */
interface WishBase {
  readonly devEuis: readonly Eui64[];
  readonly multicastGroupId: number;
  readonly multicastEui: Eui64;
  readonly scheduledAt: UtcMs | undefined;
  readonly setupDelayS: number;
  readonly launchDelayS: number | undefined;
  readonly keepLog: boolean;
  readonly filename: string;
  readonly scheduleSource: string;
  readonly sleepMs: number | undefined;
  readonly shortSleepMs: number | undefined;
  readonly paritySleepMs: number | undefined;
  readonly waves: WavePlan | undefined;
  readonly image: { readonly sha256: string; readonly sizeBytes: number; readonly name: string };
}

export interface FotaWish extends WishBase {
  readonly kind: 'FOTA';
  readonly descriptor: number;
  readonly parityFragments: number | undefined;
  readonly maxPacketSize: number | undefined;
}

export interface MessageWish extends WishBase {
  readonly kind: 'Message';
  readonly messagePort: number;
  readonly sessionTimeoutExponent: number | undefined;
  readonly transmissions: number;
  readonly confirmPort: number | undefined;
}

export type JobWish = FotaWish | MessageWish;

/** What the server brings to a plan. */
export interface PlanSettings {
  readonly jobId: string;
  readonly now: SteadyMs;
  /** The date of `now`. */
  readonly today: UtcMs;
  readonly radio: RadioPlan;
  /** Largest application payload at the data rate of the session, octets. */
  readonly maxPayload: number;
  /** How often devices of class A are expected to send; several must fit between set-up and launch. */
  readonly expectedUplinkIntervalS: number;
}

/** CID and Index&N of a DataFragment. */
const FRAGMENT_HEAD_OCTETS = 3;
/** FragSize is one octet, and so is Padding. */
const LARGEST_FRAGMENT = 255;
const DEFAULT_PACING: Pacing = { sleepMs: 1500, paritySleepMs: 3000, shortSleepMs: 1000 };

/**
 * Fixes everything about a job. A scheduled instant in the past becomes now.
 * @throws CallerError `payload-too-long` for a message, `image-too-large` | `packet-size-too-small` for an image
 */
export function planJob(wish: JobWish, settings: PlanSettings): JobPlan {
  const scheduledAt = utcMs(Math.max(wish.scheduledAt ?? settings.today, settings.today));
  const base = {
    jobId: settings.jobId,
    filename: wish.filename,
    createdAt: settings.now,
    scheduledAt,
    setupAt: later(scheduledAt, wish.setupDelayS * 1000),
    launchDelayS: wish.launchDelayS,
    uplinkIntervalS: settings.expectedUplinkIntervalS,
    devEuis: wish.devEuis,
    multicastGroupId: wish.multicastGroupId,
    multicastEui: wish.multicastEui,
    scheduleSource: wish.scheduleSource,
    keepLog: wish.keepLog,
    radio: settings.radio,
    pacing: {
      sleepMs: wish.sleepMs ?? DEFAULT_PACING.sleepMs,
      paritySleepMs: wish.paritySleepMs ?? DEFAULT_PACING.paritySleepMs,
      shortSleepMs: wish.shortSleepMs ?? DEFAULT_PACING.shortSleepMs,
    },
    waves: wish.waves,
    image: wish.image,
  };
  return wish.kind === 'FOTA' ? planFota(wish, base, settings) : planMessage(wish, base, settings);
}

type Base = Omit<MessagePlan, 'kind' | 'messagePort' | 'sessionTimeoutExponent' | 'transmissions' | 'confirmPort'>;

function planFota(wish: FotaWish, base: Base, settings: PlanSettings): FotaPlan {
  const packet = Math.min(wish.maxPacketSize ?? settings.maxPayload, settings.maxPayload);
  const fragSize = Math.min(packet - FRAGMENT_HEAD_OCTETS, LARGEST_FRAGMENT);
  if (fragSize < 1) throw new CallerError('packet-size-too-small', 'The packet size leaves no room for data');
  if (wish.image.sizeBytes < 1) throw new BugError('an empty image was accepted');
  const nbFrag = Math.ceil(wish.image.sizeBytes / fragSize);
  if (nbFrag + (wish.parityFragments ?? usualParity(nbFrag)) > HIGHEST_NUMBER) {
    throw new CallerError('image-too-large', `The file needs more than ${HIGHEST_NUMBER} fragments`);
  }
  return {
    ...base,
    kind: 'FOTA',
    descriptor: wish.descriptor,
    maxPacketOctets: packet,
    parityFragments: wish.parityFragments,
  };
}

function planMessage(wish: MessageWish, base: Base, settings: PlanSettings): MessagePlan {
  if (wish.image.sizeBytes > settings.maxPayload) {
    throw new CallerError('payload-too-long', `The message is longer than ${settings.maxPayload} octets`);
  }
  return {
    ...base,
    kind: 'Message',
    messagePort: wish.messagePort,
    sessionTimeoutExponent: wish.sessionTimeoutExponent,
    transmissions: wish.transmissions,
    confirmPort: wish.confirmPort,
  };
}
