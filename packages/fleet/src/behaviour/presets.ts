import type { BehaviourChanges, DeviceBehaviour, IntegrityBehaviour, MulticastBehaviour } from './device-behaviour.ts';
import { FAULTLESS } from './faults.ts';

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
  clock: {
    version: 1,
    driftPpm: 20,
    asks: true,
    asksDeviceTime: true,
    contentWith: 'small-correction',
    retryS: 20,
    resyncS: 43_200,
    honoursForceResync: true,
    settablePeriod: false,
  },
  multicast: {
    version: 1,
    groups: 4,
    answersGroupStatus: true,
    listsGroups: 4,
    undefinedGroup: 'all-bits',
    startInThePast: 'group-undefined',
    silentOnTwoErrors: false,
    withoutTime: 'nonsense',
    startTries: 'once',
    startTimers: 'shared',
    stopTimer: 'own-group',
    deleteEndsSession: false,
    maxFCnt: 'unlimited-zero',
    firstFCnt: 'from-minimum',
    quietBeforeS: 5,
    leavesWhenDone: true,
    executesMulticastCommands: true,
  },
  fragmentation: {
    version: 1,
    rowRule: 'v1',
    plainOrder: 'ascending',
    maxFragments: 16_383,
    maxFragmentSize: 242,
    maxBlockOctets: 4 * 1024 * 1024,
    maxRedundancy: 2_048,
    sessions: 'one-decoder',
    checksGroupMask: true,
    shortFragment: 'stale-octets',
    unknownCommand: 'skipped',
    status: 'counted',
    overflow: 'never-ends',
    memoryBit: 'session',
    sharedAnswerBuffer: true,
    keepsSessionCnt: true,
    longStatusWithoutSession: false,
    blockReceived: { retryMs: 'spread', maxRequests: 50 },
  },
  integrity: MULTITECH_INTEGRITY,
  firmware: {
    managed: false,
    listsPackages: false,
    version: 0x0100_0000,
    hardwareVersion: 0x0000_0001,
    imageVersion: 'descriptor',
  },
  faults: FAULTLESS,
};

/** The reference stack LoRaMac-node 4.7 with limits raised to those of a real product. */
const LORAMAC_NODE: DeviceBehaviour = {
  ...MULTITECH_DOT,
  name: 'loramac-node',
  mac: { ...MULTITECH_DOT.mac, queuesWhileBusy: false },
  clock: { ...MULTITECH_DOT.clock, resyncS: null, honoursForceResync: false },
  multicast: {
    ...MULTITECH_DOT.multicast,
    answersGroupStatus: false,
    stopTimer: 'group-0',
    maxFCnt: 'inclusive',
    firstFCnt: 'bare-16-bits',
    quietBeforeS: 0,
    leavesWhenDone: false,
  },
  fragmentation: {
    ...MULTITECH_DOT.fragmentation,
    maxRedundancy: 256,
    checksGroupMask: false,
    status: 'last-number',
    overflow: 'taken-for-done',
    memoryBit: 'until-reset',
  },
  integrity: null,
};

/** STM32CubeWL, which descends from LoRaMac-node: it heeds McGroupBitMask. */
const STM32CUBEWL: DeviceBehaviour = {
  ...LORAMAC_NODE,
  name: 'stm32cubewl',
  fragmentation: { ...LORAMAC_NODE.fragmentation, maxFragments: 2_039, maxFragmentSize: 239, checksGroupMask: true },
};

/** Its version 2 packages: status answers keep the order of version 1, the last SessionCnt is forgotten at a reset. */
const STM32CUBEWL_V2: DeviceBehaviour = {
  ...STM32CUBEWL,
  name: 'stm32cubewl-v2',
  clock: { ...STM32CUBEWL.clock, version: 2 },
  multicast: { ...STM32CUBEWL.multicast, version: 2 },
  fragmentation: {
    ...STM32CUBEWL.fragmentation,
    version: '2-v1-status',
    rowRule: 'v2r',
    keepsSessionCnt: false,
    blockReceived: { retryMs: 1_500, maxRequests: 1_000 },
  },
  firmware: { ...STM32CUBEWL.firmware, managed: true },
};

/** What TS005 says, and no more. */
const MULTICAST_BY_THE_BOOK: MulticastBehaviour = {
  ...MULTITECH_DOT.multicast,
  undefinedGroup: 'own-bit',
  startInThePast: 'start-missed',
  withoutTime: 'all-ones',
  startTries: 'until-done',
  startTimers: 'each-group',
  deleteEndsSession: true,
  maxFCnt: 'exclusive',
  executesMulticastCommands: false,
};

/** Does what version 2 of the packages says, and has TS006 and TS007. */
const BY_THE_BOOK_V2: DeviceBehaviour = {
  ...MULTITECH_DOT,
  name: 'by-the-book-v2',
  clock: {
    ...MULTITECH_DOT.clock,
    version: 2,
    asksDeviceTime: false,
    contentWith: 'any-answer',
    settablePeriod: true,
  },
  multicast: { ...MULTICAST_BY_THE_BOOK, version: 2 },
  fragmentation: {
    ...MULTITECH_DOT.fragmentation,
    version: 2,
    rowRule: 'v2r',
    plainOrder: 'any',
    sessions: 'own-decoders',
    shortFragment: 'dropped',
    sharedAnswerBuffer: false,
  },
  integrity: null,
  firmware: { ...MULTITECH_DOT.firmware, managed: true, listsPackages: true },
};

/** Semtech's LoRa Basics Modem with version 1 packages and limits raised to those of a real product. */
const BASICS_MODEM: DeviceBehaviour = {
  ...MULTITECH_DOT,
  name: 'basics-modem',
  clock: { ...BY_THE_BOOK_V2.clock, version: 1, resyncS: 129_600 },
  multicast: {
    ...MULTICAST_BY_THE_BOOK,
    version: 1,
    listsGroups: 2,
    maxFCnt: 'inclusive',
    firstFCnt: 'bare-16-bits-each-session',
    leavesWhenDone: false,
  },
  fragmentation: {
    ...MULTITECH_DOT.fragmentation,
    maxRedundancy: 256,
    unknownCommand: 'drops-answer',
    status: 'last-number-minus-lost',
    overflow: 'given-up',
    memoryBit: 'until-reset',
    sharedAnswerBuffer: false,
  },
  integrity: null,
  firmware: { ...MULTITECH_DOT.firmware, managed: true, listsPackages: true },
};

/** Its version 2 packages: the MIC shows in status answers only when nothing is missing, the last SessionCnt is forgotten. */
const BASICS_MODEM_V2: DeviceBehaviour = {
  ...BASICS_MODEM,
  name: 'basics-modem-v2',
  clock: { ...BASICS_MODEM.clock, version: 2 },
  multicast: { ...BASICS_MODEM.multicast, version: 2 },
  fragmentation: {
    ...BASICS_MODEM.fragmentation,
    version: 2,
    rowRule: 'v2r',
    keepsSessionCnt: false,
    longStatusWithoutSession: true,
    blockReceived: { retryMs: 'spread', maxRequests: 3 },
  },
};

/** The LoRaWAN services of Zephyr with a flash for 4,096 fragments, of which it can repair a fifth. */
const ZEPHYR: DeviceBehaviour = {
  ...MULTITECH_DOT,
  name: 'zephyr',
  clock: { ...BY_THE_BOOK_V2.clock },
  multicast: {
    ...MULTITECH_DOT.multicast,
    answersGroupStatus: false,
    undefinedGroup: 'own-bit',
    startInThePast: 'start-missed',
    silentOnTwoErrors: true,
    startTimers: 'each-group',
    maxFCnt: 'inclusive',
    firstFCnt: 'bare-16-bits',
    leavesWhenDone: false,
  },
  fragmentation: {
    ...MULTITECH_DOT.fragmentation,
    plainOrder: 'until-coded',
    maxFragments: 4_096,
    maxFragmentSize: 232,
    maxRedundancy: 819,
    sessions: 'one-at-a-time',
    checksGroupMask: false,
    shortFragment: 'dropped',
    status: 'every-fragment',
    memoryBit: 'never',
    sharedAnswerBuffer: false,
  },
  integrity: null,
};

/** The behaviours known by name. */
export const BEHAVIOURS = {
  'multitech-dot': MULTITECH_DOT,
  'loramac-node': LORAMAC_NODE,
  'basics-modem': BASICS_MODEM,
  'basics-modem-v2': BASICS_MODEM_V2,
  stm32cubewl: STM32CUBEWL,
  'stm32cubewl-v2': STM32CUBEWL_V2,
  zephyr: ZEPHYR,
  'by-the-book-v2': BY_THE_BOOK_V2,
} as const;

export type BehaviourName = keyof typeof BEHAVIOURS;

/** The device profile of the applayer package that describes each behaviour; its limits may be narrower. */
export const PROFILE_OF_BEHAVIOUR: Readonly<Record<BehaviourName, string>> = {
  'multitech-dot': 'multitech-dot-4',
  'loramac-node': 'loramac-node',
  'basics-modem': 'basics-modem-v1',
  'basics-modem-v2': 'basics-modem-v2',
  stm32cubewl: 'stm32cubewl-v1',
  'stm32cubewl-v2': 'stm32cubewl-v2',
  zephyr: 'zephyr',
  'by-the-book-v2': 'by-the-book-v2',
};

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
    firmware: { ...base.firmware, ...changes.firmware },
    faults: { ...base.faults, ...changes.faults },
  };
}
