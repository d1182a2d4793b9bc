import type { Faults } from './faults.ts';

/** How a device speaks LoRaWAN. */
export interface MacBehaviour {
  readonly deviceClass: 'A' | 'C';
  /** Lets the network choose its data rate and power. */
  readonly adr: boolean;
  /** Data rate of its first uplinks; `fastest` is the highest of the 125 kHz channels. */
  readonly dataRate: number | 'fastest';
  /** Time on air it allows itself in an hour; then it is silent until the hour is over. Null for no limit. */
  readonly airtimePerHourMs: number | null;
  /** From the end of a received downlink to the uplink that answers it. */
  readonly answerDelayMs: number;
  /** Whether what is to be sent while an uplink is open waits for its end; otherwise it is lost. */
  readonly queuesWhileBusy: boolean;
}

/** The clock of a device and how it is set (TS003). */
export interface ClockBehaviour {
  readonly version: 1 | 2;
  /** Each device draws its error from -driftPpm .. +driftPpm. */
  readonly driftPpm: number;
  /** Whether it asks for the time at all. */
  readonly asks: boolean;
  /** Whether DeviceTimeReq rides in the same uplink as AppTimeReq. */
  readonly asksDeviceTime: boolean;
  /**
   * When it stops asking: at an answer with a correction of a second or less, or at any answer; then it also says
   * AnsRequired as long as it does not know the time.
   */
  readonly contentWith: 'small-correction' | 'any-answer';
  /** Seconds between requests until then. */
  readonly retryS: number;
  /** Seconds between requests afterwards; null for never again. */
  readonly resyncS: number | null;
  /** Whether ForceDeviceResyncReq has an effect. */
  readonly honoursForceResync: boolean;
  /** Whether DeviceAppTimePeriodicityReq sets `resyncS`; otherwise it is answered with NotSupported. */
  readonly settablePeriod: boolean;
}

/** Remote multicast setup (TS005). */
export interface MulticastBehaviour {
  readonly version: 1 | 2;
  /** How many groups it offers, from McGroupID 0 on. */
  readonly groups: number;
  /** Whether McGroupStatusReq is answered; otherwise its mask octet is executed as the next command. */
  readonly answersGroupStatus: boolean;
  /** How many groups McGroupStatusAns lists at most. */
  readonly listsGroups: number;
  /**
   * A session request for a group that was never set up: refused with its own bit and those of what else is wrong, or
   * with all three error bits of version 1.
   */
  readonly undefinedGroup: 'own-bit' | 'all-bits';
  /** A start in the past: refused with StartMissed (bit 5, in version 1 too) or with McGroupUndefined. */
  readonly startInThePast: 'start-missed' | 'group-undefined';
  /** Nothing is said about a session whose data rate and frequency are both wrong. */
  readonly silentOnTwoErrors: boolean;
  /**
   * What a device without time says about a session: a nonsense TimeToStart, or 0xFFFFFF. With `all-ones` the start
   * follows the clock when it is set.
   */
  readonly withoutTime: 'nonsense' | 'all-ones';
  /** The switch to class C is tried once, so that an open uplink costs the session, or until it works. */
  readonly startTries: 'once' | 'until-done';
  /** One start timer for all groups, so that a later request replaces an earlier one, or one for each group. */
  readonly startTimers: 'shared' | 'each-group';
  /** Whose TimeOut ends a session: the group's own, or always that of group 0. */
  readonly stopTimer: 'own-group' | 'group-0';
  /** Whether McGroupDeleteReq ends the group's session, also one that waits. */
  readonly deleteEndsSession: boolean;
  /**
   * How maxMcFCnt is meant: `inclusive` also refuses everything above 0 when it is 0; `unlimited-zero` knows 0 as no
   * limit; `exclusive` refuses maxMcFCnt itself, as the text has it.
   */
  readonly maxFCnt: 'inclusive' | 'unlimited-zero' | 'exclusive';
  /**
   * The first counter after a setup: its 16 bits as they are, or the next one not below minMcFCnt.
   * `bare-16-bits-each-session`: so at every session, and the range of the group ends with its first session.
   */
  readonly firstFCnt: 'bare-16-bits' | 'bare-16-bits-each-session' | 'from-minimum';
  /** Keeps quiet this long before a session that it knows of, so as not to miss it. */
  readonly quietBeforeS: number;
  /** Leaves the session as soon as the image is stored or dropped; otherwise stays, silent, until the time-out. */
  readonly leavesWhenDone: boolean;
  /** Whether commands on FPort 200 sent to the multicast address are executed. */
  readonly executesMulticastCommands: boolean;
}

/** How FragDataBlockReceivedReq is repeated (TS004-2.0.0). */
export interface BlockReceivedBehaviour {
  /** Milliseconds between requests; `spread` draws each wait as that of a status answer, at least 10 s. */
  readonly retryMs: number | 'spread';
  readonly maxRequests: number;
}

/** Fragmentation (TS004). */
export interface FragmentationBehaviour {
  /** `2-v1-status`: version 2 with the octets of status answers in the order of version 1. */
  readonly version: 1 | 2 | '2-v1-status';
  /** How coded fragments are made: see `DecoderRowRule`. */
  readonly rowRule: 'v1' | 'v2r' | 'v2a';
  /** Which plain fragments are taken: see `PlainOrder`. */
  readonly plainOrder: 'ascending' | 'until-coded' | 'any';
  readonly maxFragments: number;
  readonly maxFragmentSize: number;
  readonly maxBlockOctets: number;
  /** Missing plain fragments that there is memory to repair. */
  readonly maxRedundancy: number;
  /**
   * `one-decoder`: one behind all four FragIndex values, and another session ends what the first had gathered;
   * `one-at-a-time`: a second session is refused while one is open; `own-decoders`: four sessions.
   */
  readonly sessions: 'one-decoder' | 'one-at-a-time' | 'own-decoders';
  /** Whether McGroupBitMask decides which groups feed a session. */
  readonly checksGroupMask: boolean;
  /** A fragment of fewer octets: what an earlier frame left in the buffer makes up the rest, or it is dropped. */
  readonly shortFragment: 'stale-octets' | 'dropped';
  /** A command that is not known is skipped octet by octet, or no answer is sent at all. */
  readonly unknownCommand: 'skipped' | 'drops-answer';
  /**
   * What FragSessionStatusAns tells: `counted`: how many were heard and how many are missing, at most 255, while the
   * session lasts; `last-number`: the number of the last fragment heard and the plain losses modulo 256, repaired or not;
   * `last-number-minus-lost`: that number less the plain losses, and what is missing, but 1 after a lossless reception;
   * `every-fragment`: all DataFragments of any session, repeats and those after completion too, and NbFrag less that.
   */
  readonly status: 'counted' | 'last-number' | 'last-number-minus-lost' | 'every-fragment';
  /**
   * Losses beyond `maxRedundancy`: `taken-for-done`: a wrong file that counts as received; `given-up`: the session is
   * over; `never-ends`: the block is just never complete.
   */
  readonly overflow: 'taken-for-done' | 'given-up' | 'never-ends';
  /** The memory bit of status answers: until the next session, until the next reset, or not known. */
  readonly memoryBit: 'session' | 'until-reset' | 'never';
  /** Whether answers that wait lie in the buffer that everything else that is sent overwrites. */
  readonly sharedAnswerBuffer: boolean;
  /** Version 2: whether the last SessionCnt outlasts a reset. */
  readonly keepsSessionCnt: boolean;
  /** Version 2: whether status answers of a session that does not exist have all four octets. */
  readonly longStatusWithoutSession: boolean;
  /** Version 2. */
  readonly blockReceived: BlockReceivedBehaviour;
}

/** MultiTech's checksum exchange on FPort 201. */
export interface IntegrityBehaviour {
  /** `80 <FragIndex> <CRC>`, or `80 <CRC>` as older firmware sends it. */
  readonly form: 'indexed' | 'bare';
  readonly octetOrder: 'little' | 'big';
  readonly covers: 'block' | 'padded-block';
  /** Between completion and the first request, drawn from 0..this. */
  readonly firstDelayMs: number;
  readonly retryMs: number;
  /** Each wait is lengthened by 0..this. */
  readonly retryJitterMs: number;
  readonly maxRequests: number;
}

/** Firmware management (TS006) and the list of packages (TS007). */
export interface FirmwareBehaviour {
  /** Whether TS006 is offered, on FPort 203. */
  readonly managed: boolean;
  /** Whether TS007 is offered, on FPort 225. */
  readonly listsPackages: boolean;
  /** FWversion until an image is installed. */
  readonly version: number;
  readonly hardwareVersion: number;
  /**
   * Version of a received image: the Descriptor of its session, least significant octet first, or one more than the
   * version that runs; the latter also where the Descriptor is 0.
   */
  readonly imageVersion: 'descriptor' | 'next';
}

/** All that tells one kind of device from another. Plain data: it survives JSON. */
export interface DeviceBehaviour {
  readonly name: string;
  readonly mac: MacBehaviour;
  readonly clock: ClockBehaviour;
  readonly multicast: MulticastBehaviour;
  readonly fragmentation: FragmentationBehaviour;
  /** Null: the device has no such exchange and takes a complete block for good. */
  readonly integrity: IntegrityBehaviour | null;
  readonly firmware: FirmwareBehaviour;
  readonly faults: Faults;
}

/** Changes to a behaviour, section by section. */
export type BehaviourChanges = { readonly name?: string } & {
  readonly [Section in Exclude<keyof DeviceBehaviour, 'name' | 'integrity'>]?: Partial<DeviceBehaviour[Section]>;
} & { readonly integrity?: Partial<IntegrityBehaviour> | null };
