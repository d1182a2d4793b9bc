import type { Eui64 } from '@airlift/kernel';
import { type ActiveJob, prepareImage } from './active-job.ts';
import type { CampaignReporter } from './campaign-reporter.ts';
import type { DeviceDirectory, DirectoryEntry } from './device-directory.ts';
import type { ReasonCode } from './reasons.ts';
import type { ImageStore } from './stores.ts';
import { broadcastKey } from './traits.ts';

interface Sources {
  readonly directory: DeviceDirectory;
  readonly images: ImageStore;
  readonly reporter: CampaignReporter;
}

/** Loads what the job needs into its `material`; returns the devices that cannot take part, and why. Never rejects. */
export async function prepareJob(job: ActiveJob, sources: Sources): Promise<ReadonlyMap<Eui64, ReasonCode>> {
  const refused = new Map<Eui64, ReasonCode>();
  const entries = new Map<Eui64, DirectoryEntry>();
  for (const devEui of job.devices.keys()) {
    const entry = await find(devEui, sources);
    if (entry === undefined) refused.set(devEui, 'unknown-device');
    else entries.set(devEui, entry);
  }
  // A session under way goes on as it began, whatever has become of the profiles meanwhile.
  const begun = 'session' in job.state ? job.state.session.broadcastKey : undefined;
  const all = [...entries.values()].map((entry) => entry.traits);
  const traits = all.find((one) => begun === undefined || broadcastKey(one) === begun) ?? all[0];
  if (traits === undefined) return refused;
  const key = begun ?? broadcastKey(traits);
  for (const [devEui, entry] of entries) {
    if (broadcastKey(entry.traits) === key) continue;
    entries.delete(devEui);
    refused.set(devEui, 'profile-mismatch');
  }
  try {
    const image = await sources.images.load(job.plan.image.sha256);
    job.material = { image, entries, traits, ...prepareImage(job.plan, image, traits) };
  } catch (cause) {
    sources.reporter.failure('the image of a job is gone', { job: job.plan.filename }, cause);
    for (const devEui of entries.keys()) refused.set(devEui, 'image-missing');
  }
  return refused;
}

/** A device whose entry cannot be read has none. */
async function find(devEui: Eui64, { directory, reporter }: Sources): Promise<DirectoryEntry | undefined> {
  try {
    return await directory.find(devEui);
  } catch (cause) {
    reporter.failure('a device could not be looked up', { devEui }, cause);
    return undefined;
  }
}
