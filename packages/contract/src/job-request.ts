import type { Eui64, UtcMs } from '@airlift/kernel';

/** The three roles, most powerful first. */
export type Role = 'admin' | 'user' | 'guest';

/** Pauses between transmissions, as the caller gave them; the campaign fills in what is missing. */
export interface RequestedPacing {
  readonly sleepMs: number | undefined;
  readonly shortSleepMs: number | undefined;
  readonly paritySleepMs: number | undefined;
}

/** One wave of devices after the other, in the caller's order. */
export interface RequestedWaves {
  /** Devices in each wave but the last, which takes the rest. */
  readonly sizes: readonly number[];
  /** Share of a wave, 0 .. 1, that must succeed for the next one to begin. */
  readonly leastSuccess: number;
  /** Somebody must allow each wave after the first. */
  readonly needsApproval: boolean;
}

interface JobRequestBase {
  /** Without repeats, in the caller's order; never empty. */
  readonly devEuis: readonly Eui64[];
  /** 0 .. 3 */
  readonly multicastGroupId: number;
  /** The multicast EUI the caller wants shown; undefined = assign one. */
  readonly multicastEui: Eui64 | undefined;
  /** The caller's instant, kept for the name and the list; undefined = now. */
  readonly scheduledAt: UtcMs | undefined;
  /** Seconds from the scheduled instant to set-up. */
  readonly setupDelayS: number;
  /** Seconds from set-up to launch; undefined = calculated. */
  readonly launchDelayS: number | undefined;
  readonly keepLog: boolean;
  readonly scheduleName: string | undefined;
  readonly scheduleSource: string;
  readonly pacing: RequestedPacing;
  /** Additive: devices are served in waves; undefined = all at once. */
  readonly waves: RequestedWaves | undefined;
}

/** A checked and normalised body of `POST /api/lora/fota`. */
export interface FotaRequest extends JobRequestBase {
  readonly kind: 'FOTA';
  /** undefined = the most recent upload */
  readonly fotaFile: string | undefined;
  /** 32-bit descriptor, sent most significant octet first; 0 when none was given. */
  readonly descriptor: number;
  readonly parityFragments: number | undefined;
  /** Largest application payload, octets. */
  readonly maxPacketSize: number | undefined;
}

/** A checked and normalised body of `POST /api/lora/mcm`. */
export interface MessageRequest extends JobRequestBase {
  readonly kind: 'Message';
  readonly payload:
    | { readonly from: 'body'; readonly octets: Uint8Array }
    | { readonly from: 'file'; readonly name: string };
  /** FPort, 1 .. 220 */
  readonly messagePort: number;
  /** Exponent: the session lasts 2^n seconds, n 0 .. 15; undefined = as long as the message needs. */
  readonly sessionTimeoutExponent: number | undefined;
  /** Additive: how often the message goes on the air. */
  readonly transmissions: number;
  /** Additive: FPort of the uplink with which devices confirm the message; undefined = reception stays unknown. */
  readonly confirmPort: number | undefined;
}

export type JobRequest = FotaRequest | MessageRequest;

/** A device as `/api/loraNetwork/whitelist/devices` takes and shows it; keys are 16 octets as lower-case hexadecimal. */
export interface WhitelistDevice {
  readonly devEui: Eui64;
  readonly name: string;
  readonly appEui: Eui64;
  readonly appKey: string;
  readonly genAppKey: string | undefined;
  readonly deviceClass: 'A' | 'B' | 'C';
  readonly deviceProfileId: string | undefined;
  readonly networkProfileId: string | undefined;
  /** Additive: the FUOTA device profile to use; undefined = the server's default. */
  readonly fuotaProfile: string | undefined;
}
