import { MAX_FRAGMENT_INDEX } from '@airlift/applayer';
import { maxPayloadOctets, subBandAt } from '@airlift/lorawan';
import { InputError, UsageError } from '../tool-error.ts';
import { airtimeUs, FRAME_HEAD_OCTETS } from './airtime-of.ts';
import type { AirtimeOptions } from './airtime-options.ts';
import type { Link } from './link.ts';
import { parityFor } from './parity-estimate.ts';

/** CID and Index&N of a DataFragment. */
const FRAGMENT_HEAD_OCTETS = 3;
const LARGEST_FRAGMENT = 255;
const LARGEST_FRAME = 255;
const DEFAULT_LOSS = 0.1;
const DEFAULT_SLEEP_MS = 1500;
const DEFAULT_PARITY_SLEEP_MS = 3000;
/** Below, parity rows have so few coefficients that random-code theory says little. */
const FEWEST_FOR_THEORY = 8;

/** What sending an image to many devices takes. Times in the unit of the name. */
export interface CampaignEstimate {
  readonly imageOctets: number;
  readonly fragSize: number;
  readonly nbFrag: number;
  readonly padding: number;
  readonly parity: number;
  /** Whether `parity` was asked for or estimated from `loss` and `devices`. */
  readonly parityFrom: 'option' | 'estimate';
  readonly loss: number;
  readonly devices: number;
  readonly fragments: number;
  readonly phyOctets: number;
  readonly airtimeMs: number;
  readonly frequencyHz?: number;
  readonly dutyCycle?: number;
  /** Shortest time from fragment to fragment that the duty cycle allows in the long run. */
  readonly dutyCyclePeriodMs?: number;
  readonly totalAirtimeMs: number;
  readonly durationMs: number;
  readonly note?: string;
}

/**
 * Estimates a campaign over that link.
 * @throws InputError when the image does not fit, or cannot be brought across; UsageError without FragSize and region
 */
export function estimateCampaign(link: Link, imageOctets: number, options: AirtimeOptions): CampaignEstimate {
  const { loss = DEFAULT_LOSS, devices = 1, sleep = DEFAULT_SLEEP_MS } = options;
  const fragSize = options.fragSize ?? largestFragment(link);
  const phyOctets = FRAME_HEAD_OCTETS + FRAGMENT_HEAD_OCTETS + fragSize;
  if (phyOctets > LARGEST_FRAME) throw new UsageError(`--frag-size ${fragSize} makes a frame of ${phyOctets} octets`);
  const nbFrag = Math.ceil(imageOctets / fragSize);
  const room = MAX_FRAGMENT_INDEX - nbFrag;
  const parity = options.parity ?? (room < 0 ? undefined : parityFor(nbFrag, loss, devices, room));
  if (parity === undefined || parity > room) {
    throw new InputError(`${nbFrag} fragments of ${fragSize} octets and their parity exceed ${MAX_FRAGMENT_INDEX}`);
  }
  const us = airtimeUs(link, phyOctets);
  const duty = dutyOf(link, us, options.frequency);
  const shortestMs = Math.max(us / 1000, duty.dutyCyclePeriodMs ?? 0);
  const paritySleep = options.paritySleep ?? options.sleep ?? DEFAULT_PARITY_SLEEP_MS;
  return {
    imageOctets,
    fragSize,
    nbFrag,
    padding: nbFrag * fragSize - imageOctets,
    parity,
    parityFrom: options.parity === undefined ? 'estimate' : 'option',
    loss,
    devices,
    fragments: nbFrag + parity,
    phyOctets,
    airtimeMs: us / 1000,
    ...duty,
    totalAirtimeMs: ((nbFrag + parity) * us) / 1000,
    durationMs: rounded(nbFrag * Math.max(sleep, shortestMs) + parity * Math.max(paritySleep, shortestMs)),
    ...(nbFrag < FEWEST_FOR_THEORY ? { note: 'parity helps little with so few fragments' } : {}),
  };
}

function largestFragment({ region, dataRate }: Link): number {
  const most = region === undefined || dataRate === undefined ? undefined : maxPayloadOctets(region, dataRate);
  if (most === undefined) throw new UsageError('--frag-size is needed without a region');
  const fragSize = Math.min(most - FRAGMENT_HEAD_OCTETS, LARGEST_FRAGMENT);
  if (fragSize < 1) throw new InputError('frames of this data rate have no room for fragments');
  return fragSize;
}

function dutyOf(
  { region }: Link,
  us: number,
  frequency: number | undefined,
): Pick<CampaignEstimate, 'frequencyHz' | 'dutyCycle' | 'dutyCyclePeriodMs'> {
  if (region === undefined) {
    if (frequency !== undefined) throw new UsageError('--frequency needs a --region');
    return {};
  }
  const frequencyHz = frequency ?? region.multicast.frequencyHz;
  const dutyCycle = subBandAt(region, frequencyHz)?.dutyCycle;
  if (dutyCycle === undefined) throw new InputError(`${frequencyHz} Hz lies outside the bands of ${region.name}`);
  return { frequencyHz, dutyCycle, dutyCyclePeriodMs: rounded(us / 1000 / dutyCycle) };
}

/** Whole microseconds. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
