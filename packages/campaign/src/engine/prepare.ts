import { CallerError, type Eui64 } from '@airlift/kernel';
import type { CampaignReporter } from '../campaign-reporter.ts';
import type { DeviceDirectory, DirectoryEntry } from '../device-directory.ts';
import type { JobPlan } from '../job-plan.ts';
import type { DeviceLink, LinkFacts } from '../link/device-link.ts';
import type { Provisioning } from '../provisioning.ts';
import type { ReasonCode } from '../reasons.ts';
import { chooseFormats, type FormatDraft, FRAGMENT_HEAD_OCTETS } from '../session/choose-formats.ts';
import type { SessionFormat } from '../session/session-format.ts';
import type { ImageStore } from '../stores.ts';
import { type DeviceTraits, isSecondVersion, mayBeStale } from '../traits.ts';
import type { Entry } from './entries.ts';
import { Material } from './material.ts';

export interface Sources {
  readonly link: DeviceLink;
  readonly directory: DeviceDirectory;
  readonly provisioning: Pick<Provisioning, 'reserveSessionCnt'>;
  readonly images: ImageStore;
  readonly reporter: CampaignReporter;
}

/** How a job is cut for its devices, and which of them can take part. */
export interface Survey {
  readonly formats: readonly SessionFormat[];
  /** The devices that can take part. */
  readonly entries: Map<Eui64, Entry>;
  readonly refused: Map<Eui64, ReasonCode>;
  /** Of all devices that the network server knows. */
  readonly facts: ReadonlyMap<Eui64, LinkFacts>;
}

/** Everything that a job needs beside what is stored of it. */
export interface Preparation extends Survey {
  /** Undefined when the image is gone. */
  readonly material: Material | undefined;
}

/** Devices that are looked up side by side. */
const BATCH = 64;
/** A job may use so many values of SessionCnt on one device. */
const SESSION_CNTS = 64;

/**
 * Looks up what a job needs. `formats`: those with which it began, when it goes on after a restart.
 * @throws what the stores and the network server throw, except for a single device
 */
export async function prepareJob(
  plan: JobPlan,
  formats: readonly SessionFormat[] | undefined,
  sources: Sources,
): Promise<Preparation> {
  const survey = await surveyJob(plan, formats, sources);
  const material = await load(plan, survey.formats, sources);
  if (material === undefined) for (const devEui of survey.entries.keys()) survey.refused.set(devEui, 'image-missing');
  return { ...survey, material };
}

/** As `prepareJob`, without the content of the job. */
export async function surveyJob(
  plan: JobPlan,
  formats: readonly SessionFormat[] | undefined,
  sources: Omit<Sources, 'images'>,
): Promise<Survey> {
  const refused = new Map<Eui64, ReasonCode>();
  const found = new Map<Eui64, { readonly entry: DirectoryEntry; readonly facts: LinkFacts | undefined }>();
  for (let start = 0; start < plan.devEuis.length; start += BATCH) {
    const batch = plan.devEuis.slice(start, start + BATCH);
    const looked = await Promise.all(batch.map(async (devEui) => ({ devEui, ...(await lookUp(devEui, sources)) })));
    for (const { devEui, entry, facts } of looked) {
      if (entry === undefined) refused.set(devEui, 'unknown-device');
      else found.set(devEui, { entry, facts });
    }
  }
  const traits = new Map([...found].map(([devEui, { entry }]) => [devEui, entry.traits]));
  const region = [...found.values()].find(({ facts }) => facts !== undefined)?.facts?.region ?? '';
  const { frequencyHz, dataRate } = plan.radio;
  const empty = await timing(sources.link, region, frequencyHz, dataRate, 0);
  const choice = chooseFormats(plan, traits, empty.maxPayloadOctets);
  for (const [devEui, reason] of choice.refused) refused.set(devEui, reason);
  const own = formats ?? (await Promise.all(choice.formats.map((draft) => carried(draft, plan, region, sources.link))));
  const known = new Set(own.map(({ key }) => key));
  const entries = new Map<Eui64, Entry>();
  for (const [devEui, formatKey] of choice.keys) {
    const one = found.get(devEui);
    if (one === undefined) continue;
    if (!known.has(formatKey)) {
      refused.set(devEui, 'profile-mismatch');
      continue;
    }
    const before = await sessionsBefore(one.entry.traits, devEui, plan, formats !== undefined, sources);
    if (before === 'exhausted') {
      refused.set(devEui, 'session-cnt-exhausted');
      continue;
    }
    entries.set(devEui, {
      ...one.entry,
      formatKey,
      listensAlways: one.facts?.deviceClass === 'C',
      ...before,
    });
  }
  const facts = new Map([...found].flatMap(([devEui, one]) => (one.facts === undefined ? [] : [[devEui, one.facts]])));
  return { formats: own, entries, refused, facts };
}

async function lookUp(
  devEui: Eui64,
  { directory, link, reporter }: Omit<Sources, 'images'>,
): Promise<{ readonly entry: DirectoryEntry | undefined; readonly facts: LinkFacts | undefined }> {
  try {
    return { entry: await directory.find(devEui), facts: await link.facts(devEui) };
  } catch (cause) {
    // A device whose entry cannot be read has none.
    reporter.failure('a device could not be looked up', { devEui }, cause);
    return { entry: undefined, facts: undefined };
  }
}

/** What there was before on the device, as far as it matters for its kind. */
async function sessionsBefore(
  traits: DeviceTraits,
  devEui: Eui64,
  plan: JobPlan,
  isUnderWay: boolean,
  { provisioning }: Omit<Sources, 'images'>,
): Promise<Pick<Entry, 'sessionCnt' | 'hasOldNumbers'> | 'exhausted'> {
  const isSecond = isSecondVersion(traits);
  if (plan.kind !== 'FOTA' || !(isSecond || mayBeStale(traits))) return { sessionCnt: undefined, hasOldNumbers: false };
  try {
    // The counter counts sessions of version 1 as well, though it does not go on the air there.
    if (isSecond) {
      const sessionCnt = await provisioning.reserveSessionCnt(devEui, SESSION_CNTS);
      return { sessionCnt, hasOldNumbers: mayBeStale(traits) && sessionCnt > (isUnderWay ? SESSION_CNTS : 0) };
    }
    const own = isUnderWay ? 1 : 0;
    const count = await provisioning.reserveSessionCnt(devEui, 1 - own);
    return { sessionCnt: undefined, hasOldNumbers: count > own };
  } catch (cause) {
    if (!(cause instanceof CallerError && cause.code === 'session-cnt-exhausted')) throw cause;
    return isSecond ? 'exhausted' : { sessionCnt: undefined, hasOldNumbers: true };
  }
}

async function timing(
  link: DeviceLink,
  region: string,
  frequencyHz: number,
  dataRate: number,
  octets: number,
): Promise<{ readonly airtimeMs: number; readonly dutyCycle: number; readonly maxPayloadOctets: number }> {
  // Without a single device that the network server knows there is nothing to time.
  if (region === '') return { airtimeMs: 0, dutyCycle: 1, maxPayloadOctets: 0 };
  return link.groupTiming(region, frequencyHz, dataRate, octets);
}

async function carried(draft: FormatDraft, plan: JobPlan, region: string, link: DeviceLink): Promise<SessionFormat> {
  const { frequencyHz, dataRate } = plan.radio;
  const octets = draft.kind === 'image' ? draft.fragSize + FRAGMENT_HEAD_OCTETS : plan.image.sizeBytes;
  const { airtimeMs, dutyCycle } = await timing(link, region, frequencyHz, dataRate, octets);
  return { ...draft, carrier: { region, frequencyHz, dataRate, airtimeMs, dutyCycle } };
}

async function load(
  plan: JobPlan,
  formats: readonly SessionFormat[],
  { images, reporter }: Sources,
): Promise<Material | undefined> {
  try {
    return new Material(await images.load(plan.image.sha256), formats);
  } catch (cause) {
    reporter.failure('the image of a job is gone', { job: plan.filename }, cause);
    return undefined;
  }
}
