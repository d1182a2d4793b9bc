import { ts003, ts004, ts005 } from '@airlift/applayer';
import { BugError, fromHex, littleEndian, type SteadyMs } from '@airlift/kernel';
import type { SetupStep } from './device-state.ts';
import { encryptedGroupKey } from './group-keys.ts';
import type { JobPlan } from './job-plan.ts';
import type { SessionPlan } from './job-state.ts';
import { type DeviceTraits, groupOn } from './traits.ts';

/** What a set-up question is made of. */
export interface QuestionContext {
  readonly plan: JobPlan;
  readonly session: SessionPlan;
  readonly traits: DeviceTraits;
  /** GenAppKey of the device, 16 octets. */
  readonly genAppKey: Uint8Array;
  readonly now: SteadyMs;
}

/** One downlink of the set-up conversation. */
export interface Question {
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
export function buildQuestion(steps: readonly SetupStep[], context: QuestionContext): Question {
  const { traits } = context;
  switch (steps[0]) {
    case 'clock':
      return {
        fPort: traits.ports.clock,
        payload: ts003.encode(1, 'down', [
          { name: 'ForceDeviceResyncReq', fields: { NbTransmissions: RESYNC_TRANSMISSIONS } },
        ]),
      };
    case 'fragmentation':
      return { fPort: traits.ports.fragmentation, payload: fragmentationSetup(context) };
    case 'group':
    case 'session':
      return { fPort: traits.ports.multicast, payload: multicastSetup(steps, context) };
    default:
      throw new BugError('a question without a step');
  }
}

function multicastSetup(steps: readonly SetupStep[], context: QuestionContext): Uint8Array {
  const { plan, session, traits, genAppKey, now } = context;
  const McGroupID = groupOn(traits, plan.multicastGroupId);
  return ts005.encode(
    1,
    'down',
    steps.map((step) =>
      step === 'group'
        ? {
            name: 'McGroupSetupReq' as const,
            fields: {
              McGroupID,
              McAddr: session.mcAddr,
              McKey_encrypted: encryptedGroupKey(fromHex(session.mcKey), genAppKey, traits.keyScheme),
              // One less than the first: 0 for an address that was never used, as gateways send it.
              minMcFCnt: Math.max(0, session.firstFCnt - 1),
              maxMcFCnt: traits.maxMcFCnt,
            },
          }
        : {
            name: 'McClassCSessionReq' as const,
            fields: {
              McGroupID,
              SessionTime: sessionTime(session, traits, now),
              TimeOut: session.timeOutExponent,
              DLFreq_Hz: plan.radio.frequencyHz,
              DR: plan.radio.dataRate,
            },
          },
    ),
  );
}

function sessionTime(session: SessionPlan, traits: DeviceTraits, now: SteadyMs): number {
  if (traits.sessionTime === 'gps') return session.sessionTimeGpsS % 0x1_0000_0000;
  return Math.max(0, Math.round((session.launchAt - now) / 1000));
}

function fragmentationSetup({ plan, traits }: QuestionContext): Uint8Array {
  if (plan.kind !== 'FOTA') throw new BugError('a message needs no fragmentation session');
  return ts004.encode(1, 'down', [
    {
      name: 'FragSessionSetupReq',
      fields: {
        FragIndex: FRAG_INDEX,
        McGroupBitMask: 1 << groupOn(traits, plan.multicastGroupId),
        NbFrag: plan.nbFrag,
        FragSize: plan.fragSize,
        BlockAckDelay: blockAckDelay(plan.devEuis.length),
        FragAlgo: 0,
        Padding: plan.padding,
        Descriptor: littleEndian(plan.descriptor, 4).reverse(),
      },
    },
  ]);
}

/** FragSessionStatusReq to the group; `everyone` also asks devices that miss nothing. */
export function buildStatusRequest(everyone: boolean): Uint8Array {
  return ts004.encode(1, 'down', [
    { name: 'FragSessionStatusReq', fields: { Participants: everyone, FragIndex: FRAG_INDEX } },
  ]);
}

/** One DataFragment; `number` counts from 1. */
export function buildFragment(number: number, data: Uint8Array, traits: DeviceTraits): Uint8Array {
  return ts004.encode(1, 'down', [
    { name: 'DataFragment', fields: { FragIndex: FRAG_INDEX, N: number - 1 + traits.fragIndexBase, data } },
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
