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
  /** Each device draws its error from -driftPpm .. +driftPpm. */
  readonly driftPpm: number;
  /** Whether it asks for the time at all. */
  readonly asks: boolean;
  /** Seconds between requests until one answer says that the clock is right. */
  readonly retryS: number;
  /** Seconds between requests afterwards; null for never again. */
  readonly resyncS: number | null;
  /** Whether ForceDeviceResyncReq has an effect. */
  readonly honoursForceResync: boolean;
}

/** Remote multicast setup (TS005). */
export interface MulticastBehaviour {
  /** Whether McGroupStatusReq is answered; otherwise its mask octet is executed as the next command. */
  readonly answersGroupStatus: boolean;
  /** Whose TimeOut ends a session: the group's own, or always that of group 0. */
  readonly stopTimer: 'own-group' | 'group-0';
  /**
   * How maxMcFCnt is meant: `inclusive` also refuses everything above 0 when it is 0; `unlimited-zero` knows 0 as no
   * limit.
   */
  readonly maxFCnt: 'inclusive' | 'unlimited-zero';
  /** The first counter after a setup: its 16 bits as they are, or the next one not below minMcFCnt. */
  readonly firstFCnt: 'bare-16-bits' | 'from-minimum';
  /** Keeps quiet this long before a session that it knows of, so as not to miss it. */
  readonly quietBeforeS: number;
  /** Leaves the session as soon as the image is stored or dropped; otherwise stays, silent, until the time-out. */
  readonly leavesWhenDone: boolean;
  /** Whether commands on FPort 200 sent to the multicast address are executed. */
  readonly executesMulticastCommands: boolean;
}

/** Fragmentation (TS004-1.0.0). */
export interface FragmentationBehaviour {
  readonly maxFragments: number;
  readonly maxFragmentSize: number;
  readonly maxBlockOctets: number;
  /** Missing plain fragments that there is memory to repair. */
  readonly maxRedundancy: number;
  /** Whether McGroupBitMask decides which groups feed a session. */
  readonly checksGroupMask: boolean;
  /**
   * What FragSessionStatusAns tells: `last-number` the number of the last fragment heard and the plain losses modulo
   * 256, repaired or not; `counted` how many were heard and how many are missing, at most 255.
   */
  readonly status: 'last-number' | 'counted';
  /** Whether losses beyond `maxRedundancy` end in a wrong file that is taken for done; otherwise the block never ends. */
  readonly overflowIsDone: boolean;
  /** Whether answers that wait lie in the buffer that everything else that is sent overwrites. */
  readonly sharedAnswerBuffer: boolean;
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

/** What a device does wrong, for tests and demonstrations. Times are seconds since it booted. */
export interface Faults {
  /** Hears no fragment from this number on. */
  readonly deafFromFragment: number | null;
  /** Neither executes nor answers what comes on FPorts 200 and 201, except fragments. */
  readonly silentInSetup: boolean;
  /** Computes a wrong checksum. */
  readonly wrongCrc: boolean;
  /** Probability with which a package answer is not sent at all. */
  readonly answerLoss: number;
  /** Resets once, at this time: everything but DevNonce and JoinNonce is lost. */
  readonly rebootAtS: number | null;
  /** Sends an application uplink this often while a multicast session is open. */
  readonly sessionUplinkIntervalS: number | null;
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
  readonly faults: Faults;
}

/** Changes to a behaviour, section by section. */
export type BehaviourChanges = { readonly name?: string } & {
  readonly [Section in Exclude<keyof DeviceBehaviour, 'name' | 'integrity'>]?: Partial<DeviceBehaviour[Section]>;
} & { readonly integrity?: Partial<IntegrityBehaviour> | null };
