import { byTheBookV1 } from '@airlift/applayer';
import type { Eui64, GpsMs, SteadyMs } from '@airlift/kernel';
import type { AirContext, DeviceContext, SessionContext as DeviceSession } from '../device/device-event.ts';
import { type DeviceState, isSettled } from '../device/device-state.ts';
import { MOST_SINGLE_QUESTIONS } from '../device/device-step.ts';
import { wantsAnother } from '../device/ending.ts';
import { isHelpable } from '../device/reception.ts';
import type { FormatView, JobView } from '../job/job-step.ts';
import type { ParityDevice } from '../parity/index.ts';
import { lateStart } from '../session/open-session.ts';
import type { Members, SessionContext } from '../session/session-context.ts';
import { nbFragOf, type SessionFormat } from '../session/session-format.ts';
import { type SessionState, sentAtMost, sessionEnd } from '../session/session-state.ts';
import { type DeviceTraits, groupOn } from '../traits.ts';
import type { Entries } from './entries.ts';
import type { JobDraft } from './job-draft.ts';
import { pacingOf } from './pacing.ts';
import { waveOf, waveSizes } from './waves.ts';

/** What time it is, in the two ways that a step must know. */
export interface StepTime {
  readonly now: SteadyMs;
  readonly gpsNowMs: GpsMs;
}

/** A device that is told its start now answers, and listens in its receive windows, before it. */
const LATE_START_S = 8;
/** Later than so long before the end of a session nobody is taken in. */
const LAST_ENTRY_MS = 30_000;
/** A device that gives no sign of being in the session is believed absent sooner. */
const UNCONFIRMED_WEIGHT = 4;
const NOWHERE: AirContext = { sent: 0, sentAtMost: 0, repeats: 0, askedAt: undefined };
/** For devices of which nothing was looked up: they are refused, held or ended, whatever their profile. */
const NO_TRAITS: DeviceTraits = { profile: byTheBookV1, isAssigned: false };

export function deviceContext(
  draft: JobDraft,
  entries: Entries,
  devEui: Eui64,
  state: DeviceState,
  number: number | undefined,
  time: StepTime,
): DeviceContext {
  const { plan } = draft;
  const entry = entries.get(devEui);
  const traits = entry?.traits ?? NO_TRAITS;
  const session = number === undefined ? undefined : draft.sessions.get(number);
  const format = session === undefined ? undefined : formatOf(draft, session.formatKey);
  return {
    now: time.now,
    kind: plan.kind,
    traits,
    listensAlways: entry?.listensAlways ?? false,
    nbFrag: nbFragOf(format),
    hasOldNumbers: entry?.hasOldNumbers ?? true,
    mcGroupId: groupOn(traits, plan.multicastGroupId),
    waitsForUplink: plan.kind === 'Message' && plan.confirmPort !== undefined,
    air: session === undefined ? NOWHERE : airOf(session),
    checkFrom: checkFrom(devEui, session, draft.devices.size, nbFragOf(format)),
    session: session === undefined ? undefined : sessionOf(session, format, state, traits, time),
  };
}

/** After so many fragments in a session it is seen who hears them. */
const CHECK_AFTER = 20;

/** Devices are spread over the first part of the broadcast, as their number needs and their addresses happen to be. */
function checkFrom(devEui: Eui64, session: SessionState | undefined, devices: number, nbFrag: number): number {
  const share = Number.parseInt(devEui.slice(-4), 16) / 0x1_0000;
  return (session?.began.sent ?? 0) + CHECK_AFTER + Math.floor(share * Math.min(devices, nbFrag / 3));
}

function airOf(session: SessionState): AirContext {
  return {
    sent: session.sent,
    sentAtMost: sentAtMost(session),
    repeats: session.repeats,
    askedAt: session.askedAt,
  };
}

function sessionOf(
  session: SessionState,
  format: SessionFormat | undefined,
  state: DeviceState,
  { profile }: DeviceTraits,
  { now, gpsNowMs }: StepTime,
): DeviceSession | undefined {
  if (!('plan' in session)) return undefined;
  const { plan } = session;
  const isLaunched = session.kind !== 'setup' || session.isLaunched;
  // A message is gone before a device listens that comes while it is sent.
  const isJoinable = session.kind === 'setup' || (session.kind === 'broadcasting' && format?.kind !== 'message');
  const isOpen = isJoinable && isLaunched && now < sessionEnd(plan) - LAST_ENTRY_MS;
  const startS = Math.max(LATE_START_S, profile.multicast.quietBeforeStartS + 2);
  const told = 'startGpsS' in state ? state.startGpsS : undefined;
  return {
    number: session.number,
    launchAt: plan.launchAt,
    sessionTimeGpsS: plan.sessionTimeGpsS,
    endsAt: sessionEnd(told === undefined ? plan : lateStart(plan, told)),
    isLaunched,
    lateStartGpsS: isOpen ? Math.ceil(gpsNowMs / 1000) + startS : undefined,
  };
}

export function formatOf({ state }: JobDraft, key: string): SessionFormat | undefined {
  return state.kind === 'running' ? state.formats.find((format) => format.key === key) : undefined;
}

/** Share of the devices with which an image is worth a launch before all are there. */
const LAUNCH_SHARE = 0.98;

export function sessionContext(
  draft: JobDraft,
  session: SessionState,
  format: SessionFormat,
  isDeciding: boolean,
  { now }: StepTime,
): SessionContext {
  const { plan } = draft;
  const members: Members = {
    ...draft.counts(session.number),
    launchShare: LAUNCH_SHARE,
    devices: isDeciding ? parityDevices(draft, session, format) : [],
  };
  return { now, plan, format, pacing: pacingOf(plan, format), members, firstGoal: firstGoal(draft, session, format) };
}

/** Up to where a session sends before the policy is asked. */
function firstGoal({ plan }: JobDraft, session: SessionState, format: SessionFormat): number {
  if (plan.kind === 'Message' || format.kind === 'message') return plan.kind === 'Message' ? plan.transmissions : 1;
  if (plan.parityFragments !== undefined) return format.nbFrag + plan.parityFragments;
  return Math.max(format.nbFrag, session.sent + session.repeats);
}

/** The devices in the session without a verdict, as the parity policy sees them. */
function parityDevices(draft: JobDraft, session: SessionState, format: SessionFormat): readonly ParityDevice[] {
  const devices: ParityDevice[] = [];
  for (const [devEui, state] of draft.devices) {
    if (state.kind !== 'receiving' || state.session !== session.number) continue;
    const { heard, silentFor, isAlive, isUnconfirmed, asked } = state;
    // Whatever it would need, no answer of it will tell.
    if (heard.found?.kind === 'undecided' && !isHelpable(heard)) continue;
    const isLate = heard.from > 1 && !isUnconfirmed;
    devices.push({
      id: devEui,
      found: heard.found ?? (isLate ? heardNothingBefore(heard.from, format) : undefined),
      missedAnswers: isUnconfirmed ? silentFor * UNCONFIRMED_WEIGHT : silentFor,
      // One that does not answer when it is asked by itself either will not answer the group.
      heardSince: isAlive && !isUnconfirmed && asked < MOST_SINGLE_QUESTIONS,
    });
  }
  return devices;
}

/** What is known of a device that came late: everything that was sent before is missing. */
function heardNothingBefore(from: number, format: SessionFormat): ParityDevice['found'] {
  const nbFrag = nbFragOf(format);
  const missing = { atLeast: nbFrag, likely: nbFrag, atMost: nbFrag };
  const reception = { at: from - 1, missing, heardAtLeast: 0, lossRate: undefined };
  return { kind: 'incomplete', reception, memory: 'enough' };
}

export function jobView(draft: JobDraft, entries: Entries, { now }: StepTime): JobView {
  const { plan, state } = draft;
  const wave = state.kind === 'running' ? state.wave : 0;
  const sizes = waveSizes(plan);
  const formats = state.kind === 'running' ? state.formats : [];
  const views = new Map(formats.map((format) => [format.key, freshView(draft, format, now)]));
  let waveDevices = 0;
  let succeeded = 0;
  let freeAt: number = now;
  let index = 0;
  for (const [devEui, device] of draft.devices) {
    const own = waveOf(index++, sizes);
    if ('freeAt' in device && device.freeAt !== undefined) freeAt = Math.max(freeAt, device.freeAt);
    if (own === wave) {
      waveDevices += 1;
      if (device.kind === 'done') succeeded += 1;
    }
    const view = views.get(entries.get(devEui)?.formatKey ?? '');
    if (view === undefined || own > wave || isSettled(device)) continue;
    look(view, device);
  }
  return {
    devices: draft.devices.size,
    formats: [...views.values()] as readonly FormatView[],
    wave: { devices: waveDevices, succeeded },
    isLastWave: wave >= sizes.length - 1,
    freeAt: freeAt as SteadyMs,
  };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function freshView(draft: JobDraft, format: SessionFormat, now: SteadyMs): Writable<FormatView> {
  const own = [...draft.sessions.values()].filter(({ formatKey }) => formatKey === format.key);
  const last = own.at(-1);
  return {
    format,
    isOpen: own.some(({ kind }) => kind !== 'ended'),
    hasNoAddress: last?.kind === 'ended' && last.why === 'no-address',
    isUnsent: last?.kind === 'ended' && last.why === 'unsent',
    rounds: own.length,
    sent: Math.max(0, ...own.map(({ sent }) => sent)),
    unsettled: 0,
    held: 0,
    wantEverything: 0,
    wantParity: 0,
    reachableAt: now,
  };
}

function look(view: Writable<FormatView>, device: DeviceState): void {
  view.unsettled += 1;
  if (device.kind === 'held') view.held += 1;
  const wants = device.kind === 'pending' ? 'everything' : wantsAnother(device, nbFragOf(view.format));
  if (wants === 'no') return;
  if (wants === 'everything') view.wantEverything += 1;
  else view.wantParity += 1;
  if (device.kind === 'between' && device.freeAt > view.reachableAt) view.reachableAt = device.freeAt;
}
