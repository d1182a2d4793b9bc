import { type Eui64, parseEui64 } from '@airlift/kernel';
import { z } from 'zod';
import { notSet, optional, optionalEui, optionalText, readBody, worded } from './fields.ts';
import type { WhitelistDevice } from './job-request.ts';

const KEY = /^[0-9a-fA-F]{2}([-:.]?)(?:[0-9a-fA-F]{2}\1){14}[0-9a-fA-F]{2}$/;
const NO_APP_EUI: Eui64 = parseEui64('0000000000000000');

/** 16 octets as 32 hexadecimal digits, octets joined by nothing or by one of `-`, `:`, `.`. */
const key = z
  .string(worded('must be 16 octets in hexadecimal'))
  .regex(KEY, { error: 'must be 16 octets in hexadecimal' })
  .transform((text) => text.replace(/[-:.]/g, '').toLowerCase());

/** Profiles are named by texts, or by numbers in older lists. */
const profile = z
  .union([z.string().max(128), z.int()], worded('must be a name'))
  .nullish()
  .transform((value) => (value === undefined || value === null ? undefined : String(value)));

const WHITELIST_DEVICE = z.object({
  deveui: optionalEui,
  name: optional(z.string(worded('must be a text')).max(128, { error: 'must have at most 128 characters' })),
  appeui: optionalEui,
  joineui: optionalEui,
  appkey: optional(key),
  // An empty text takes the key away.
  genappkey: optional(z.union([z.literal(''), key], worded('must be 16 octets in hexadecimal'))),
  class: optional(z.enum(['A', 'B', 'C'], worded('must be "A", "B" or "C"'))),
  device_profile_id: profile,
  network_profile_id: profile,
  fuota_profile: optionalText(128),
});

/**
 * Reads a device of the whitelist (contract section 2.8). What the body leaves out stays as in `current`, the device
 * being changed; a new device needs `deveui` and `appkey`.
 * @throws CallerError `parameters-invalid` | `eui-invalid`
 */
export function parseWhitelistDevice(body: unknown, current?: WhitelistDevice): WhitelistDevice {
  const members = readBody(WHITELIST_DEVICE, body);
  const devEui = members.deveui ?? current?.devEui;
  if (devEui === undefined) throw notSet('deveui');
  const appKey = members.appkey ?? current?.appKey;
  if (appKey === undefined) throw notSet('appkey');
  const genAppKey = members.genappkey ?? current?.genAppKey;
  return {
    devEui,
    name: members.name ?? current?.name ?? '',
    appEui: members.appeui ?? members.joineui ?? current?.appEui ?? NO_APP_EUI,
    appKey,
    genAppKey: genAppKey === '' ? undefined : genAppKey,
    deviceClass: members.class ?? current?.deviceClass ?? 'A',
    deviceProfileId: members.device_profile_id ?? current?.deviceProfileId,
    networkProfileId: members.network_profile_id ?? current?.networkProfileId,
    fuotaProfile: members.fuota_profile ?? current?.fuotaProfile,
  };
}
