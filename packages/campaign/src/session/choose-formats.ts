import type { Eui64 } from '@airlift/kernel';
import { hasUnluckyRows } from '../evidence/index.ts';
import type { FotaPlan, JobPlan } from '../job-plan.ts';
import type { ReasonCode } from '../reasons.ts';
import { type DeviceTraits, isServed, portOf } from '../traits.ts';
import { HIGHEST_NUMBER, usualParity } from './limits.ts';
import type { ImageFormat, MessageFormat } from './session-format.ts';

/** CID and Index&N of a DataFragment. */
export const FRAGMENT_HEAD_OCTETS = 3;
/** FragSize is one octet, and so is Padding. */
const LARGEST_FRAGMENT = 255;
/** How far FragSize is lowered for a number of fragments whose rows are better. */
const MOST_TRIES = 8;

/** A format before its time on air is known. */
export type FormatDraft = Omit<ImageFormat, 'carrier'> | Omit<MessageFormat, 'carrier'>;

export interface FormatChoice {
  readonly formats: readonly FormatDraft[];
  /** Key of the format of every device that can take part. */
  readonly keys: ReadonlyMap<Eui64, string>;
  readonly refused: ReadonlyMap<Eui64, ReasonCode>;
}

/**
 * Cuts the content of a job for the devices that are to have it: one format for all that understand the same frames.
 * @param packetOctets largest application payload that the data rate carries
 */
export function chooseFormats(
  plan: JobPlan,
  devices: ReadonlyMap<Eui64, DeviceTraits>,
  packetOctets: number,
): FormatChoice {
  const refused = new Map<Eui64, ReasonCode>();
  const served = new Map<Eui64, DeviceTraits>();
  for (const [devEui, traits] of devices) {
    if (isServed(traits.profile)) served.set(devEui, traits);
    else refused.set(devEui, 'profile-not-served');
  }
  if (plan.kind === 'Message') {
    const keys = new Map([...served.keys()].map((devEui) => [devEui, 'message']));
    return { formats: [{ kind: 'message', key: 'message', fPort: plan.messagePort }], keys, refused };
  }
  const formats: FormatDraft[] = [];
  const keys = new Map<Eui64, string>();
  for (const alike of byFrames(served).values()) {
    for (const batch of bySize(alike, Math.min(packetOctets, plan.maxPacketOctets))) {
      const format = cut(plan, batch);
      if (typeof format === 'string') {
        for (const { devEui } of batch) refused.set(devEui, format);
        continue;
      }
      formats.push(format);
      for (const { devEui } of batch) keys.set(devEui, format.key);
    }
  }
  return { formats, keys, refused };
}

interface Candidate {
  readonly devEui: Eui64;
  readonly traits: DeviceTraits;
  /** Largest FragSize that the device takes here, 0 for none. */
  readonly fragSize: number;
}

/** Devices that understand the same frames, whatever their length. */
function byFrames(devices: ReadonlyMap<Eui64, DeviceTraits>): ReadonlyMap<string, ReadonlyMap<Eui64, DeviceTraits>> {
  const groups = new Map<string, Map<Eui64, DeviceTraits>>();
  for (const [devEui, traits] of devices) {
    const key = framesKey(traits);
    const group = groups.get(key) ?? new Map<Eui64, DeviceTraits>();
    group.set(devEui, traits);
    groups.set(key, group);
  }
  return groups;
}

function framesKey(traits: DeviceTraits): string {
  const { rowRule, firstIndex } = traits.profile.fragmentation;
  return `${rowRule}/${firstIndex}/${portOf(traits, 'fragmentation')}`;
}

function bySize(alike: ReadonlyMap<Eui64, DeviceTraits>, packetOctets: number): readonly (readonly Candidate[])[] {
  const candidates = [...alike]
    .map(([devEui, traits]): Candidate => ({ devEui, traits, fragSize: largestFragment(traits, packetOctets) }))
    .sort((a, b) => a.fragSize - b.fragSize);
  const batches: Candidate[][] = [];
  for (const candidate of candidates) {
    const smallest = batches.at(-1)?.[0]?.fragSize ?? 0;
    const fits = smallest > 0 && takes(candidate.traits, smallest);
    if (fits) batches.at(-1)?.push(candidate);
    else batches.push([candidate]);
  }
  return batches;
}

/** Limits of length are set by each build, so that what a profile says of the largest fragment is not held against it. */
function largestFragment({ profile }: DeviceTraits, packetOctets: number): number {
  const { minFragSize, fragSizeMultiple } = profile.fragmentation;
  const most = Math.min(packetOctets - FRAGMENT_HEAD_OCTETS, LARGEST_FRAGMENT);
  const fragSize = Math.floor(most / fragSizeMultiple) * fragSizeMultiple;
  return fragSize >= minFragSize ? Math.max(0, fragSize) : 0;
}

function takes({ profile }: DeviceTraits, fragSize: number): boolean {
  const { minFragSize, fragSizeMultiple } = profile.fragmentation;
  return fragSize >= minFragSize && fragSize % fragSizeMultiple === 0;
}

function cut(plan: FotaPlan, batch: readonly Candidate[]): FormatDraft | ReasonCode {
  const [first] = batch;
  if (first === undefined || first.fragSize < 1) return 'data-rate-unusable';
  const fragSize = luckySize(plan.image.sizeBytes, first.fragSize, (size) =>
    batch.every(({ traits }) => takes(traits, size)),
  );
  const nbFrag = Math.ceil(plan.image.sizeBytes / fragSize);
  if (nbFrag + (plan.parityFragments ?? usualParity(nbFrag)) > HIGHEST_NUMBER) return 'fragments-too-many';
  const { rowRule, firstIndex } = first.traits.profile.fragmentation;
  return {
    kind: 'image',
    key: `${framesKey(first.traits)}/${fragSize}`,
    fPort: portOf(first.traits, 'fragmentation'),
    fragIndexBase: firstIndex,
    codeRule: rowRule,
    fragSize,
    nbFrag,
    padding: nbFrag * fragSize - plan.image.sizeBytes,
  };
}

/** A FragSize a little smaller than the largest, when that gives a number of fragments with better rows. */
function luckySize(sizeBytes: number, largest: number, isTaken: (fragSize: number) => boolean): number {
  for (let fragSize = largest; fragSize > Math.max(0, largest - MOST_TRIES); fragSize--) {
    if (isTaken(fragSize) && !hasUnluckyRows(Math.ceil(sizeBytes / fragSize))) return fragSize;
  }
  return largest;
}
