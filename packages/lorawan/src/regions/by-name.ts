import { CallerError } from '@airlift/kernel';
import { AS923_1, AS923_2, AS923_3, AS923_4 } from './as923.ts';
import { AU915 } from './au915.ts';
import { EU868 } from './eu868.ts';
import { IN865 } from './in865.ts';
import { KR920 } from './kr920.ts';
import { REGION_NAMES, type Region, type RegionName } from './region.ts';
import { RU864 } from './ru864.ts';
import { US915 } from './us915.ts';

const REGIONS: Readonly<Record<RegionName, Region>> = {
  EU868,
  US915,
  AU915,
  'AS923-1': AS923_1,
  'AS923-2': AS923_2,
  'AS923-3': AS923_3,
  'AS923-4': AS923_4,
  IN865,
  KR920,
  RU864,
};

/** The region of that name. */
export function region(name: RegionName): Region {
  return REGIONS[name];
}

/** Whether the text names a region known here, exactly as in `REGION_NAMES`. */
export function isRegionName(text: string): text is RegionName {
  return (REGION_NAMES as readonly string[]).includes(text);
}

/**
 * The region of a name that came from a configuration; case does not matter, and `AS923` means group 1.
 * @throws CallerError `region-unknown`
 */
export function parseRegion(text: string): Region {
  const upper = text.toUpperCase();
  const name = upper === 'AS923' ? 'AS923-1' : upper;
  if (!isRegionName(name))
    throw new CallerError('region-unknown', `the region must be one of ${REGION_NAMES.join(', ')}`);
  return REGIONS[name];
}
