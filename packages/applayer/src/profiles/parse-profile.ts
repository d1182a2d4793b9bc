import { CallerError } from '@airlift/kernel';
import { MAX_FRAG_SIZE, MAX_FRAGMENT_INDEX, ROW_RULES } from '../fec/limits.ts';
import { ts003 } from '../packages/ts003.ts';
import { ts004 } from '../packages/ts004.ts';
import { ts005 } from '../packages/ts005.ts';
import { ts006 } from '../packages/ts006.ts';
import { ts007 } from '../packages/ts007.ts';
import type {
  ClockHabits,
  DeviceProfile,
  FragmentationHabits,
  KeyHabits,
  MulticastHabits,
  OfferedPackage,
  OfferedPackages,
  StatusHabits,
} from './device-profile.ts';
import {
  integerIn,
  isRecord,
  listOf,
  numberIn,
  objectOf,
  oneOf,
  optional,
  type Shape,
  textLike,
  truth,
} from './shape.ts';

const fPort = integerIn(1, 225);
const anyText = textLike(/\S/, 'text');
const seconds = numberIn(0, 3600);

function offered<V extends string | number>(versions: readonly V[]): Shape<OfferedPackage<V>> {
  const members = { version: oneOf(...versions), fPort };
  return objectOf(members as Parameters<typeof objectOf<OfferedPackage<V>>>[0]);
}

const profileShape = objectOf<DeviceProfile>({
  id: textLike(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'lower-case words joined by dashes'),
  title: anyText,
  notes: listOf(anyText),
  packages: objectOf<OfferedPackages>({
    clock: optional(offered(ts003.versions)),
    multicast: optional(offered(ts005.versions)),
    fragmentation: optional(offered(ts004.versions)),
    firmware: optional(offered(ts006.versions)),
    multiPackage: optional(offered(ts007.versions)),
  }),
  commandsPerDownlink: oneOf('one', 'several'),
  clock: objectOf<ClockHabits>({ asksDeviceTimeToo: truth, wantsZeroCorrection: truth, settablePeriod: truth }),
  multicast: objectOf<MulticastHabits>({
    groups: listOf(integerIn(0, 3), 1),
    classes: listOf(oneOf('B', 'C'), 1),
    sessionTime: oneOf('gps', 'countdown'),
    firstMcFCnt: integerIn(0, 0xffff),
    maxMcFCnt: integerIn(0, 0xffff_ffff),
    statusReqSafe: truth,
    hopping: truth,
    startSlackS: seconds,
    quietBeforeStartS: seconds,
    silentInSession: truth,
  }),
  fragmentation: objectOf<FragmentationHabits>({
    rowRule: oneOf(...ROW_RULES),
    firstIndex: oneOf(0, 1),
    sessions: integerIn(1, 4),
    maxNbFrag: integerIn(1, MAX_FRAGMENT_INDEX),
    minFragSize: integerIn(1, MAX_FRAG_SIZE),
    maxFragSize: integerIn(1, MAX_FRAG_SIZE),
    fragSizeMultiple: integerIn(1, MAX_FRAG_SIZE),
    maxLosses: optional(integerIn(0, MAX_FRAGMENT_INDEX)),
    setupSettleS: seconds,
    integrity: oneOf('mts-crc64', 'ts004-v2-mic', 'none'),
    ackReception: truth,
    status: objectOf<StatusHabits>({
      received: oneOf('count', 'last-number', 'last-number-minus-lost'),
      missing: oneOf('missing', 'plain-losses', 'missing-or-one', 'at-least'),
      overflow: oneOf('saturates', 'modulo-256'),
    }),
  }),
  keys: objectOf<KeyHabits>({
    scheme: oneOf('ts005', 'kek-zero'),
    defaultRootKey: optional(textLike(/^[0-9a-f]{32}$/i, '32 hexadecimal digits')),
  }),
});

/**
 * Checks a profile that a user wrote as JSON. With `"extends": "<id>"` it is read as changes to a known profile:
 * objects are merged member by member, lists and values replaced, and `null` leaves an optional member out.
 * @param known finds the profile named by `extends`; throws for unknown names
 * @throws CallerError `profile-invalid` with the path of the first problem
 */
export function parseProfile(json: unknown, known: (id: string) => DeviceProfile): DeviceProfile {
  if (!isRecord(json)) throw new CallerError('profile-invalid', 'a profile must be an object');
  const { extends: base, ...own } = json;
  if (base !== undefined && typeof base !== 'string') {
    throw new CallerError('profile-invalid', 'extends must be the id of a profile');
  }
  const profile = profileShape(base === undefined ? own : merged(known(base), own), '');
  checkTogether(profile);
  return profile;
}

/** What each member allows alone but not together. */
function checkTogether({ packages, fragmentation }: DeviceProfile): void {
  const complain = (text: string): never => {
    throw new CallerError('profile-invalid', text);
  };
  if (fragmentation.minFragSize > fragmentation.maxFragSize) {
    complain('fragmentation.minFragSize must not exceed fragmentation.maxFragSize');
  }
  const version = packages.fragmentation?.version;
  if (version === undefined) return;
  const isSecond = version === 2 || version === '2-v1-status';
  if (fragmentation.integrity === 'ts004-v2-mic' && !isSecond) {
    complain('fragmentation.integrity ts004-v2-mic needs version 2 of packages.fragmentation');
  }
  if (fragmentation.integrity === 'mts-crc64' && version !== 'multitech') {
    complain('fragmentation.integrity mts-crc64 needs version multitech of packages.fragmentation');
  }
  if (fragmentation.ackReception && !isSecond) {
    complain('fragmentation.ackReception needs version 2 of packages.fragmentation');
  }
}

function merged(base: unknown, changes: unknown): unknown {
  if (!isRecord(base) || !isRecord(changes)) return changes;
  const members = new Map<string, unknown>(Object.entries(base));
  for (const [name, change] of Object.entries(changes)) {
    if (change === null) members.delete(name);
    else members.set(name, merged(members.get(name), change));
  }
  return Object.fromEntries(members);
}
