import { mcSessionKeys } from '@airlift/applayer';
import { BugError, fromHex } from '@airlift/kernel';
import type { JobMaterial } from './active-job.ts';
import type { DeviceLink, GroupSpec } from './device-link.ts';
import type { JobPacing } from './job-machine.ts';
import type { JobPlan } from './job-plan.ts';
import type { GroupFrame, SessionPlan } from './job-state.ts';
import { answerSpanMs, buildFragment, buildStatusRequest } from './questions.ts';

/** Room between two frames of one transmitter. */
const FRAME_GAP_MS = 100;
/** CID and Index&N of a DataFragment. */
const FRAGMENT_HEAD_OCTETS = 3;

/** The groups of one job differ, so that a device does not mistake one for the other. Rounds count from 1. */
export function groupIdOf(plan: JobPlan, round: number): string {
  return round === 1 ? plan.jobId : `${plan.jobId}-${round}`;
}

/** The group of a session as the link opens it. */
export function groupOf(plan: JobPlan, session: SessionPlan): GroupSpec {
  return {
    groupId: session.groupId,
    mcAddr: session.mcAddr,
    ...mcSessionKeys(fromHex(session.mcKey), session.mcAddr),
    frequencyHz: plan.radio.frequencyHz,
    dataRate: plan.radio.dataRate,
    firstFCnt: session.firstFCnt,
    devEuis: plan.devEuis,
  };
}

/** The pauses of a job on the link. */
export function pacingOf(plan: JobPlan, link: Pick<DeviceLink, 'groupTiming'>): JobPacing {
  const { radio, pacing, devEuis } = plan;
  const octets = plan.kind === 'FOTA' ? plan.fragSize + FRAGMENT_HEAD_OCTETS : plan.image.sizeBytes;
  const { airtimeMs, dutyCycle } = link.groupTiming(radio.frequencyHz, radio.dataRate, octets);
  const shortestMs = airtimeMs + FRAME_GAP_MS;
  return {
    plainMs: Math.max(pacing.sleepMs, shortestMs),
    parityMs: Math.max(pacing.paritySleepMs, shortestMs),
    shortMs: Math.max(pacing.shortSleepMs, shortestMs),
    listenMs: answerSpanMs(devEuis.length),
    sustainedMs: airtimeMs / dutyCycle,
  };
}

/** What a frame to the group carries. @throws BugError when the job is not prepared for it */
export function framePayload(
  plan: JobPlan,
  material: JobMaterial | undefined,
  frame: GroupFrame,
): { readonly fPort: number; readonly payload: Uint8Array } {
  if (material === undefined) throw new BugError('a frame was due before its job was prepared');
  if (plan.kind === 'Message') return { fPort: plan.messagePort, payload: material.image };
  const fPort = material.traits.ports.fragmentation;
  if (frame.kind === 'status') return { fPort, payload: buildStatusRequest(true) };
  if (material.encoder === undefined) throw new BugError('an image job without an encoder');
  const number = plan.nbFrag === 1 ? 1 : frame.number;
  return { fPort, payload: buildFragment(number, material.encoder.fragment(number), material.traits) };
}
