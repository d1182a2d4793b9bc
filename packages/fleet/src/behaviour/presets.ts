import type { BehaviourChanges, DeviceBehaviour, Faults, IntegrityBehaviour } from './device-behaviour.ts';

const FAULTLESS: Faults = {
  deafFromFragment: null,
  silentInSetup: false,
  wrongCrc: false,
  answerLoss: 0,
  rebootAtS: null,
  sessionUplinkIntervalS: null,
};

/** MultiTech's exchange as the Dots of today speak it. */
const MULTITECH_INTEGRITY: IntegrityBehaviour = {
  form: 'indexed',
  octetOrder: 'little',
  covers: 'block',
  firstDelayMs: 3_000,
  retryMs: 5_000,
  retryJitterMs: 1_500,
  maxRequests: 10,
};

/** A MultiTech Dot: TS003, TS004 and TS005 in version 1, and the checksum exchange. */
const MULTITECH_DOT: DeviceBehaviour = {
  name: 'multitech-dot',
  mac: {
    deviceClass: 'A',
    adr: true,
    dataRate: 'fastest',
    airtimePerHourMs: null,
    answerDelayMs: 100,
    queuesWhileBusy: true,
  },
  clock: { driftPpm: 20, asks: true, retryS: 20, resyncS: 43_200, honoursForceResync: true },
  multicast: {
    answersGroupStatus: true,
    stopTimer: 'own-group',
    maxFCnt: 'unlimited-zero',
    firstFCnt: 'from-minimum',
    quietBeforeS: 5,
    leavesWhenDone: true,
    executesMulticastCommands: true,
  },
  fragmentation: {
    maxFragments: 16_383,
    maxFragmentSize: 242,
    maxBlockOctets: 4 * 1024 * 1024,
    maxRedundancy: 2_048,
    checksGroupMask: true,
    status: 'counted',
    overflowIsDone: false,
    sharedAnswerBuffer: true,
  },
  integrity: MULTITECH_INTEGRITY,
  faults: FAULTLESS,
};

/** The reference stack LoRaMac-node 4.7 with limits raised to those of a real product. */
const LORAMAC_NODE: DeviceBehaviour = {
  name: 'loramac-node',
  mac: { ...MULTITECH_DOT.mac, queuesWhileBusy: false },
  clock: { driftPpm: 20, asks: true, retryS: 20, resyncS: null, honoursForceResync: false },
  multicast: {
    answersGroupStatus: false,
    stopTimer: 'group-0',
    maxFCnt: 'inclusive',
    firstFCnt: 'bare-16-bits',
    quietBeforeS: 0,
    leavesWhenDone: false,
    executesMulticastCommands: true,
  },
  fragmentation: {
    ...MULTITECH_DOT.fragmentation,
    maxRedundancy: 256,
    checksGroupMask: false,
    status: 'last-number',
    overflowIsDone: true,
  },
  integrity: null,
  faults: FAULTLESS,
};

/** The behaviours known by name. */
export const BEHAVIOURS = { 'multitech-dot': MULTITECH_DOT, 'loramac-node': LORAMAC_NODE } as const;

export type BehaviourName = keyof typeof BEHAVIOURS;

/** A named behaviour with changes to single points of it. */
export function behaviour(name: BehaviourName, changes: BehaviourChanges = {}): DeviceBehaviour {
  const base: DeviceBehaviour = BEHAVIOURS[name];
  const { integrity } = changes;
  return {
    name: changes.name ?? base.name,
    mac: { ...base.mac, ...changes.mac },
    clock: { ...base.clock, ...changes.clock },
    multicast: { ...base.multicast, ...changes.multicast },
    fragmentation: { ...base.fragmentation, ...changes.fragmentation },
    integrity:
      integrity === undefined
        ? base.integrity
        : integrity === null
          ? null
          : { ...(base.integrity ?? MULTITECH_INTEGRITY), ...integrity },
    faults: { ...base.faults, ...changes.faults },
  };
}
