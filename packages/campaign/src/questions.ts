import { dataBlockIntKey, dataBlockMic, ts003, ts004, ts005 } from '@airlift/applayer';
import { BugError, fromHex, littleEndian, type SteadyMs } from '@airlift/kernel';
import type { AskStep } from './device/device-event.ts';
import { encryptedGroupKey } from './group-keys.ts';
import type { JobPlan } from './job-plan.ts';
import type { Start } from './session/open-session.ts';
import type { SessionFormat } from './session/session-format.ts';
import type { SessionPlan } from './session/session-state.ts';
import { type DeviceTraits, groupOn, isSecondVersion, portOf } from './traits.ts';

/** What a question to one device is made of. */
export interface QuestionContext {
  readonly plan: JobPlan;
  readonly format: SessionFormat;
  /** Undefined between sessions. */
  readonly session: SessionPlan | undefined;
  /** As the device is told it. */
  readonly start: Start | undefined;
  readonly traits: DeviceTraits;
  /** GenAppKey of the device, 16 octets. */
  readonly genAppKey: Uint8Array;
  /** The image without padding. */
  readonly image: Uint8Array;
  /** Version 2 only. */
  readonly sessionCnt: number | undefined;
  readonly now: SteadyMs;
}

/** One downlink to a device. */
export interface QuestionFrame {
  readonly fPort: number;
  readonly payload: Uint8Array;
}

/** Fragments always travel in this session of the device: stacks hold one decoder behind all four. */
export const FRAG_INDEX = 0;
/** How many times a device asks for the time until it is answered. */
const RESYNC_TRANSMISSIONS = 3;
/** Devices answering within one span without treading on each other too much. */
const ANSWERS_PER_16_S = 50;

/**
 * The downlink that asks for the steps, which are one step or group and session together. Octets as in the documented
 * traces of the gateways that this server follows.
 */
export function buildQuestion(steps: readonly AskStep[], context: QuestionContext): QuestionFrame {
  const { traits } = context;
  const [first] = steps;
  if (first === undefined) throw new BugError('a question without a step');
  switch (first) {
    case 'clock':
      return { fPort: portOf(traits, 'clock'), payload: resync(traits) };
    case 'fragmentation':
      return { fPort: portOf(traits, 'fragmentation'), payload: fragmentationSetup(context) };
    case 'group':
    case 'session':
      return { fPort: portOf(traits, 'multicast'), payload: multicastSetup(steps, context) };
    case 'status':
      return { fPort: portOf(traits, 'fragmentation'), payload: buildStatusRequest(true) };
    case 'block-received':
      return buildBlockReceivedAnswer(traits);
    case 'release':
      return { fPort: portOf(traits, 'multicast'), payload: release(context) };
  }
}

function resync({ profile }: DeviceTraits): Uint8Array {
  const fields = { NbTransmissions: RESYNC_TRANSMISSIONS };
  return profile.packages.clock?.version === 2
    ? ts003.encode(2, 'down', [{ name: 'ForceDeviceResyncCmd', fields }])
    : ts003.encode(1, 'down', [{ name: 'ForceDeviceResyncReq', fields }]);
}

function multicastSetup(steps: readonly AskStep[], context: QuestionContext): Uint8Array {
  const { plan, format, session, start, traits, genAppKey, now } = context;
  if (session === undefined || start === undefined) throw new BugError('a device was asked into no session');
  const McGroupID = groupOn(traits, plan.multicastGroupId);
  const { multicast, keys } = traits.profile;
  return ts005.encode(
    traits.profile.packages.multicast?.version ?? 1,
    'down',
    steps.map((step) =>
      step === 'group'
        ? {
            name: 'McGroupSetupReq' as const,
            fields: {
              McGroupID,
              McAddr: session.mcAddr,
              McKey_encrypted: encryptedGroupKey(fromHex(session.mcKey), genAppKey, keys.scheme),
              // One less than the first: 0 for an address that was never used, as gateways send it.
              minMcFCnt: Math.max(0, session.firstFCnt - 1),
              maxMcFCnt: multicast.maxMcFCnt,
            },
          }
        : {
            name: 'McClassCSessionReq' as const,
            fields: {
              McGroupID,
              SessionTime: sessionTime(start, traits, now),
              TimeOut: start.timeOutExponent,
              DLFreq_Hz: format.carrier.frequencyHz,
              DR: format.carrier.dataRate,
            },
          },
    ),
  );
}

function sessionTime(start: Start, { profile }: DeviceTraits, now: SteadyMs): number {
  if (profile.multicast.sessionTime === 'gps') return start.sessionTimeGpsS % 0x1_0000_0000;
  return Math.max(0, Math.round((start.launchAt - now) / 1000));
}

function fragmentationSetup(context: QuestionContext): Uint8Array {
  const { plan, format, traits, sessionCnt } = context;
  if (plan.kind !== 'FOTA' || format.kind !== 'image') throw new BugError('a message needs no fragmentation session');
  const descriptor = littleEndian(plan.descriptor, 4).reverse();
  const fields = {
    FragIndex: FRAG_INDEX,
    McGroupBitMask: 1 << groupOn(traits, plan.multicastGroupId),
    NbFrag: format.nbFrag,
    FragSize: format.fragSize,
    BlockAckDelay: blockAckDelay(plan.devEuis.length),
    FragAlgo: 0,
    Padding: format.padding,
    Descriptor: descriptor,
  };
  if (!isSecondVersion(traits)) return ts004.encode(1, 'down', [{ name: 'FragSessionSetupReq', fields }]);
  if (sessionCnt === undefined) throw new BugError('a device of version 2 without a SessionCnt');
  const MIC = dataBlockMic(dataBlockIntKey(context.genAppKey), {
    sessionCnt,
    fragIndex: FRAG_INDEX,
    descriptor,
    block: context.image,
  });
  const { ackReception } = traits.profile.fragmentation;
  return ts004.encode(2, 'down', [
    { name: 'FragSessionSetupReq', fields: { ...fields, AckReception: ackReception, SessionCnt: sessionCnt, MIC } },
  ]);
}

/** Ends the reports of a device of version 2 that it has the block. */
export function buildBlockReceivedAnswer(traits: DeviceTraits): QuestionFrame {
  const payload = ts004.encode(2, 'down', [{ name: 'FragDataBlockReceivedAns', fields: { FragIndex: FRAG_INDEX } }]);
  return { fPort: portOf(traits, 'fragmentation'), payload };
}

/** Frees the group; with it goes the session. The fragments that the device holds are overwritten by the next job. */
function release({ plan, traits }: QuestionContext): Uint8Array {
  return ts005.encode(traits.profile.packages.multicast?.version ?? 1, 'down', [
    { name: 'McGroupDeleteReq', fields: { McGroupID: groupOn(traits, plan.multicastGroupId) } },
  ]);
}

/** FragSessionStatusReq; `everyone` also asks devices that miss nothing. */
export function buildStatusRequest(everyone: boolean): Uint8Array {
  return ts004.encode(1, 'down', [
    { name: 'FragSessionStatusReq', fields: { Participants: everyone, FragIndex: FRAG_INDEX } },
  ]);
}

/** One DataFragment; `number` counts from 1. */
export function buildFragment(number: number, data: Uint8Array, fragIndexBase: 0 | 1): Uint8Array {
  return ts004.encode(1, 'down', [
    { name: 'DataFragment', fields: { FragIndex: FRAG_INDEX, N: number - 1 + fragIndexBase, data } },
  ]);
}

/** MultiTech's answer to a device's check value. */
export function buildChecksumAnswer(match: boolean): Uint8Array {
  return ts004.encode('multitech', 'down', [{ name: 'ChecksumAns', fields: { Match: match } }]);
}

/** BlockAckDelay for so many devices: answers are spread over 2^(n+4) seconds. */
export function blockAckDelay(deviceCount: number): number {
  return Math.min(7, Math.max(0, Math.ceil(Math.log2(deviceCount / ANSWERS_PER_16_S))));
}

/** How long to wait for the answers to a status request: the random delay, and an uplink that is sent twice. */
export function answerSpanMs(deviceCount: number): number {
  return 1000 * 2 ** (blockAckDelay(deviceCount) + 4) + 4_000;
}
