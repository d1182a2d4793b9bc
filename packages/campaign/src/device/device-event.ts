import type { GpsMs, SteadyMs } from '@airlift/kernel';
import type { CrcVerdict, DeviceAnswer } from '../answers.ts';
import type { ReasonCode } from '../reasons.ts';
import type { DeviceTraits } from '../traits.ts';
import type { DeviceState, SetupStep } from './device-state.ts';

/** The session in which the machine of a device takes part. */
export interface SessionContext {
  /** Its number in the job, from 1. */
  readonly number: number;
  readonly launchAt: SteadyMs;
  readonly sessionTimeGpsS: number;
  /** Devices that listen go back to their own class then. */
  readonly endsAt: SteadyMs;
  /** The session has begun: whoever is still being set up joins it late. */
  readonly isLaunched: boolean;
  /** A SessionTime a few seconds ahead, for devices that are late; undefined when it is too late for that too. */
  readonly lateStartGpsS: number | undefined;
}

/** How far the frames have come that the device hears. */
export interface AirContext {
  /** The last fragment number that is known to have gone on the air. */
  readonly sent: number;
  /** As `sent`, with the fragment whose fate is not known. */
  readonly sentAtMost: number;
  /** How often the only fragment of a block was sent again. */
  readonly repeats: number;
  /** `sent` before the last question; undefined before the first. */
  readonly askedAt: number | undefined;
}

/** Why no further session comes for a device. */
export type VerdictLimit = 'none' | 'fragments' | 'sessions' | 'parity-fixed' | 'no-address';

/** What the machine of one device must know of the job around it. */
export interface DeviceContext {
  readonly now: SteadyMs;
  readonly kind: 'FOTA' | 'Message';
  readonly traits: DeviceTraits;
  /** It hears downlinks at once, not after its own uplinks only. */
  readonly listensAlways: boolean;
  /** Of the image as the device gets it; 1 for messages. */
  readonly nbFrag: number;
  /** The device may still report numbers of an earlier fragmentation session. */
  readonly hasOldNumbers: boolean;
  /** McGroupID of the job on the device. */
  readonly mcGroupId: number;
  readonly air: AirContext;
  /** Fragment number from which on a device that is heard is asked whether it hears the session; they take turns. */
  readonly checkFrom: number;
  /** Messages: devices are to confirm with an uplink of their own. */
  readonly waitsForUplink: boolean;
  /** Undefined between sessions and before the first. */
  readonly session: SessionContext | undefined;
}

export type DeviceEvent =
  /** A session has been opened for the device. `sessionCnt` for version 2: none from there on was used. */
  | { readonly kind: 'begin'; readonly sessionCnt: number | undefined }
  | { readonly kind: 'hold'; readonly by: string; readonly until: SteadyMs | undefined }
  /** The device was told on the air that its check value is right. */
  | { readonly kind: 'check-answered' }
  /** No other job has the device any more. */
  | { readonly kind: 'free' }
  | { readonly kind: 'refuse'; readonly reason: ReasonCode }
  | {
      readonly kind: 'uplink';
      readonly answers: readonly DeviceAnswer[];
      readonly fPort: number | undefined;
      readonly receivedGps: GpsMs;
      /** The device is being told the time in answer to this uplink. */
      readonly getsTime: boolean;
      /** Verdict on the CRC-64 among the answers, if there is one. */
      readonly crc64: CrcVerdict | undefined;
      /** As `crc64`, on a file report. */
      readonly crc32: CrcVerdict | undefined;
      /** Messages: the uplink came on the port that the caller named for confirmations. */
      readonly confirms: boolean;
    }
  | {
      readonly kind: 'question';
      readonly fate: 'on-air' | 'lost';
      /** A device of class C hears a question at once; one of class A after its own uplinks only. */
      readonly listensAlways: boolean;
    }
  | { readonly kind: 'ask-again' }
  | { readonly kind: 'joined' }
  | { readonly kind: 'launch' }
  | { readonly kind: 'status-requested' }
  /** Nothing more is sent in the session. */
  | { readonly kind: 'broadcast-over' }
  /** A further session begins for those that this one did not serve; `fresh` when the image is sent from its beginning. */
  | { readonly kind: 'again'; readonly fresh: boolean }
  /** No session will come any more. `neverSent`: no frame went on the air; `hasJoined`: the network. */
  | {
      readonly kind: 'end';
      readonly neverSent: boolean;
      readonly hasJoined: boolean;
      /** Why no further session comes, for devices that one could have served. */
      readonly limit: VerdictLimit;
    }
  | { readonly kind: 'abort'; readonly reason: 'aborted' | 'halted' }
  | { readonly kind: 'server-restarted' };

/** What a downlink to one device asks for or tells. */
export type AskStep = SetupStep | 'status' | 'block-received' | 'release';

export interface DeviceStep {
  readonly state: DeviceState;
  /** What to ask for in one downlink; empty = nothing to send. */
  readonly ask: readonly AskStep[];
}
