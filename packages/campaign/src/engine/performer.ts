import { mcSessionKeys } from '@airlift/applayer';
import {
  BugError,
  CallerError,
  type Clock,
  type DeviceTime,
  type Entropy,
  type Eui64,
  fromHex,
  type SteadyMs,
  steadyMs,
  toHex,
} from '@airlift/kernel';
import type { CampaignReporter } from '../campaign-reporter.ts';
import { quietMs } from '../device/set-up.ts';
import type { JobPlan } from '../job-plan.ts';
import type { DeviceLink, LinkNews, TicketEvent, UnicastDownlink, UplinkEvent } from '../link/device-link.ts';
import { buildChecksumAnswer, buildQuestion, type QuestionFrame } from '../questions.ts';
import { lateStart, planSession, type Start } from '../session/open-session.ts';
import type { SessionFormat } from '../session/session-format.ts';
import { baseOf, type GroupFrame, type SessionPlan, type SessionState } from '../session/session-state.ts';
import type { ImageStore } from '../stores.ts';
import type { ActiveJob } from './active-job.ts';
import type { CrcFinding } from './check-desk.ts';
import type { Command, Input } from './conduct.ts';
import { formatOf } from './contexts.ts';
import { type Checks, checksOf } from './material.ts';
import { pacingOf } from './pacing.ts';

/** Answers that fit into the receive windows of the uplink they belong to must leave at once. */
const ANSWER_BEFORE_MS = 30_000;
/** A question to a device that is late is sent by then. */
const LATE_ANSWER_MS = 3_000;
/** A device that is to let go of a group is told so after its next uplink, if that comes within a day. */
const RELEASE_BEFORE_MS = 86_400_000;

/** The group is told anew of its members when fewer than this share are left. */
const MEMBERS_KEPT = 0.9;

export interface PerformerPorts {
  readonly link: DeviceLink;
  readonly images: ImageStore;
  readonly clock: Clock;
  readonly deviceTime: DeviceTime;
  readonly entropy: Entropy;
  readonly reporter: CampaignReporter;
  /** Hands in what came of an action, as a step of its own. */
  readonly tell: (job: ActiveJob, inputs: readonly Input[]) => void;
}

/** Whom a downlink was for. */
export type Ticket =
  | { readonly kind: 'question'; readonly jobId: string; readonly devEui: Eui64 }
  /** The answer to a check value. */
  | { readonly kind: 'check'; readonly jobId: string; readonly devEui: Eui64 }
  | { readonly kind: 'frame'; readonly jobId: string; readonly session: number; readonly frame: GroupFrame };

interface OpenAnswer {
  readonly devEui: Eui64;
  readonly timeAnswer: { readonly fPort: number; readonly payload: Uint8Array; readonly replaces: boolean } | undefined;
  readonly fPort: number | undefined;
  downlink: UnicastDownlink | undefined;
}

/** Does what steps decide, and knows which downlink was for whom. */
export class Performer {
  readonly #ports: PerformerPorts;
  readonly #tickets = new Map<string, Ticket>();
  readonly #prefix: string;
  #count = 0;
  /** The uplink that is being dealt with: the first downlink to its device goes into its receive windows. */
  #answer: OpenAnswer | undefined;

  constructor(ports: PerformerPorts) {
    this.#ports = ports;
    this.#prefix = toHex(ports.entropy.octets(4));
  }

  async perform(job: ActiveJob, command: Exclude<Command, { kind: 'prepare' }>): Promise<void> {
    switch (command.kind) {
      case 'open-group':
        return this.#open(job, command.session, command.notBefore);
      case 'close-group':
        return this.#close(job, command.groupId);
      case 'send':
        return this.#send(job, command.session, command.frame);
      case 'ask':
        return this.#ask(job, command);
      case 'look-up':
        return this.#lookUp(job, command);
    }
  }

  // ---- tickets ------------------------------------------------------------------------------------------------------

  ticket(ticketId: string): Ticket | undefined {
    return this.#tickets.get(ticketId);
  }

  /** To be called when the news of a ticket have been dealt with. */
  forget(news: LinkNews): void {
    if (news.kind === 'ticket') this.#tickets.delete(news.ticketId);
  }

  /** To be called when nothing that is still on its way matters any more. */
  forgetJob(jobId: string): void {
    for (const [ticketId, ticket] of this.#tickets) if (ticket.jobId === jobId) this.#tickets.delete(ticketId);
  }

  /** What news of a downlink mean for the job. */
  inputsOf(job: ActiveJob, ticket: Ticket, news: Exclude<LinkNews, { kind: 'joined' }>): readonly Input[] {
    if (ticket.kind === 'question') {
      return news.kind === 'waiting' ? [] : this.#questionInputs(job, ticket.devEui, isOnAir(news));
    }
    if (ticket.kind === 'check') {
      if (news.kind === 'waiting' || !isOnAir(news)) return [];
      return [{ to: 'device', devEui: ticket.devEui, event: { kind: 'check-answered' } }];
    }
    const { session, frame } = ticket;
    const at = this.#ports.clock.now();
    if (news.kind === 'waiting') {
      job.draft.addEvent(at, { kind: 'waits', session, cause: news.cause, until: news.until });
      return [{ to: 'session', session, event: { kind: 'frame-waits', cause: news.cause } }];
    }
    const { gateways, fCnt, airtimeMs } = news;
    if (isOnAir(news)) job.draft.addFrame({ ...frame, session, fCnt, at: news.at, airtimeMs, gateways });
    const error = news.error ?? news.fate;
    if (!isOnAir(news)) job.draft.addEvent(at, { kind: 'frame-refused', session, frame, error, gateways });
    const fate = isOnAir(news) ? 'on-air' : 'refused';
    return [{ to: 'session', session, event: { kind: 'frame', frame, fate, at: news.at, error: news.error } }];
  }

  #questionInputs(job: ActiveJob, devEui: Eui64, wasSent: boolean): readonly Input[] {
    const listensAlways = job.entries.get(devEui)?.listensAlways ?? false;
    return [{ to: 'device', devEui, event: { kind: 'question', fate: wasSent ? 'on-air' : 'lost', listensAlways } }];
  }

  #newTicket(ticket: Ticket): string {
    const ticketId = this.#unheeded();
    this.#tickets.set(ticketId, ticket);
    return ticketId;
  }

  // ---- the answer to an uplink --------------------------------------------------------------------------------------

  beginAnswer(
    { devEui, fPort }: UplinkEvent,
    timeAnswer: { readonly payload: Uint8Array; readonly replacesDeviceTime: boolean } | undefined,
  ): void {
    const time =
      timeAnswer === undefined || fPort === undefined
        ? undefined
        : { fPort, payload: timeAnswer.payload, replaces: timeAnswer.replacesDeviceTime };
    this.#answer = { devEui, fPort, timeAnswer: time, downlink: undefined };
  }

  /** The downlink for the receive windows of the uplink that was dealt with: what the device waits for first, then time, then questions. */
  async endAnswer(
    job: ActiveJob | undefined,
    checkAnswer: CrcFinding | undefined,
    blockAnswer: QuestionFrame | undefined,
  ): Promise<UnicastDownlink | undefined> {
    const open = this.#answer;
    if (open === undefined) return undefined;
    this.#answer = undefined;
    const { devEui, fPort, timeAnswer, downlink } = open;
    const before = steadyMs(this.#ports.clock.now() + ANSWER_BEFORE_MS);
    const answers: UnicastDownlink[] = [];
    if (checkAnswer !== undefined && fPort !== undefined) {
      const payload = buildChecksumAnswer(checkAnswer.match !== undefined);
      const isOwn = job !== undefined && checkAnswer.verdict === 'match';
      const ticketId = isOwn ? this.#newTicket({ kind: 'check', jobId: job.plan.jobId, devEui }) : this.#unheeded();
      answers.push({ ticketId, fPort, payload, before });
    }
    if (blockAnswer !== undefined) answers.push({ ticketId: this.#unheeded(), ...blockAnswer, before });
    if (timeAnswer !== undefined) {
      const { payload, replaces } = timeAnswer;
      const ticketId = this.#unheeded();
      answers.push({ ticketId, fPort: timeAnswer.fPort, payload, before, replacesDeviceTime: replaces });
    }
    if (downlink !== undefined) answers.push(downlink);
    const [first, ...rest] = answers;
    for (const later of rest) await this.#ports.link.send(devEui, later);
    return first;
  }

  /** Whatever became of the uplink, what comes now belongs to another. */
  dropAnswer(): void {
    this.#answer = undefined;
  }

  /** A name for a downlink whose fate nobody waits for. */
  #unheeded(): string {
    this.#count += 1;
    return `${this.#prefix}-${this.#count}`;
  }

  // ---- questions ----------------------------------------------------------------------------------------------------

  async #ask(job: ActiveJob, { devEui, steps }: Extract<Command, { kind: 'ask' }>): Promise<void> {
    const entry = job.entries.get(devEui);
    const state = job.draft.devices.get(devEui);
    if (entry === undefined || state === undefined) throw new BugError('a device without an entry was asked');
    const format = formatOf(job.draft, entry.formatKey) ?? finishedFormat(job, entry.formatKey);
    const session = 'session' in state ? job.draft.sessions.get(state.session) : undefined;
    const plan = session !== undefined && 'plan' in session ? session.plan : undefined;
    try {
      if (format === undefined || job.material === undefined)
        throw new BugError('a job without material asked a device');
      const now = this.#ports.clock.now();
      const startGpsS = 'startGpsS' in state ? state.startGpsS : undefined;
      const question = buildQuestion(steps, {
        plan: job.plan,
        format,
        session: plan,
        start: plan === undefined ? undefined : startOf(plan, startGpsS),
        traits: entry.traits,
        genAppKey: entry.genAppKey,
        image: job.material.image,
        sessionCnt: 'heard' in state ? state.heard?.sessionCnt : undefined,
        now,
      });
      const ticketId = this.#newTicket({ kind: 'question', jobId: job.plan.jobId, devEui });
      const before = this.#questionLimit(
        session,
        steps[0] === 'release',
        entry.traits.profile.multicast.quietBeforeStartS,
      );
      const downlink = { ticketId, ...question, before };
      const open = this.#answer;
      if (open?.devEui === devEui && open.downlink === undefined) open.downlink = downlink;
      else await this.#ports.link.send(devEui, downlink);
    } catch (cause) {
      this.#ports.reporter.failure('a device could not be asked', { job: job.plan.filename, devEui }, cause);
      this.#ports.tell(job, this.#questionInputs(job, devEui, false));
    }
  }

  /** Until when a question may leave: before a start nothing may be provoked, and late starts are a matter of seconds. */
  #questionLimit(session: SessionState | undefined, isRelease: boolean, quietBeforeStartS: number): SteadyMs {
    const now = this.#ports.clock.now();
    if (isRelease) return steadyMs(now + RELEASE_BEFORE_MS);
    if (session === undefined || !('plan' in session) || session.kind === 'closing') {
      return steadyMs(now + ANSWER_BEFORE_MS);
    }
    const { launchAt } = session.plan;
    return steadyMs(now < launchAt ? launchAt - quietMs(quietBeforeStartS) : now + LATE_ANSWER_MS);
  }

  // ---- groups and frames --------------------------------------------------------------------------------------------

  async #open(job: ActiveJob, number: number, notBefore: SteadyMs): Promise<void> {
    const { link, clock, deviceTime, entropy } = this.#ports;
    const session = job.draft.sessions.get(number);
    const format = session === undefined ? undefined : formatOf(job.draft, session.formatKey);
    if (session?.kind !== 'opening' || format === undefined) return;
    let address: { readonly mcAddr: number; readonly nextFCnt: number };
    try {
      address = await link.allocateMcAddr();
    } catch (cause) {
      if (!(cause instanceof CallerError && cause.code === 'mc-addresses-exhausted')) {
        // The session asks again in a moment.
        this.#ports.reporter.failure('a session could not be opened', { job: job.plan.filename }, cause);
        return;
      }
      this.#ports.tell(job, [{ to: 'session', session: number, event: { kind: 'no-address' } }]);
      return;
    }
    // Devices in an earlier session keep silent until it is over, so that there is no reaching them before.
    const now = steadyMs(Math.max(clock.now(), notBefore));
    const plan = planSession({
      plan: job.plan,
      base: baseOf(session),
      format,
      pacing: pacingOf(job.plan, format),
      invited: invitedBy(job, session.formatKey),
      groupId: groupIdOf(job.plan, number),
      address,
      mcKey: toHex(entropy.octets(16)),
      now,
      gpsNowMs: deviceTime.gpsOf(now),
    });
    this.#ports.tell(job, [{ to: 'session', session: number, event: { kind: 'opened', plan } }]);
  }

  /** Opens the group of a session on the link. A failure is left for when the first frame is to be sent. */
  async openGroup(job: ActiveJob, session: SessionState): Promise<void> {
    if (!('plan' in session)) return;
    try {
      await this.#openOnLink(job, session, session.plan);
    } catch (cause) {
      this.#ports.reporter.failure('the group could not be opened', { job: job.plan.filename }, cause);
    }
  }

  async #openOnLink(job: ActiveJob, session: SessionState, plan: SessionPlan): Promise<void> {
    const format = formatOf(job.draft, session.formatKey);
    if (format === undefined) throw new BugError('a session of no format was opened');
    const { region, frequencyHz, dataRate } = format.carrier;
    const devEuis = membersOf(job, session);
    await this.#ports.link.openGroup({
      groupId: plan.groupId,
      mcAddr: plan.mcAddr,
      ...mcSessionKeys(fromHex(plan.mcKey), plan.mcAddr),
      region,
      frequencyHz,
      dataRate,
      firstFCnt: plan.firstFCnt,
      devEuis,
    });
    job.openGroups.set(plan.groupId, devEuis.length);
  }

  /** The gateways of a group follow its devices, of which some come late and some are done. */
  async #followMembers(job: ActiveJob, session: SessionState, plan: SessionPlan): Promise<void> {
    const { groupId } = plan;
    const known = job.openGroups.get(groupId);
    if (known === undefined) return this.#openOnLink(job, session, plan);
    const { total } = job.draft.counts(session.number);
    // Devices that are done need no gateway, but it does no harm to have it for a while.
    if (total <= known && total >= known * MEMBERS_KEPT) return;
    const devEuis = membersOf(job, session);
    await this.#ports.link.setMembers(groupId, devEuis);
    job.openGroups.set(groupId, devEuis.length);
  }

  async #send(job: ActiveJob, number: number, frame: GroupFrame): Promise<void> {
    const session = job.draft.sessions.get(number);
    if (session === undefined || !('plan' in session)) throw new BugError('a frame of no session was due');
    const { groupId } = session.plan;
    try {
      if (job.material === undefined) throw new BugError('a frame was due before its job was prepared');
      const { fPort, payload } = job.material.payload(session.formatKey, frame);
      await this.#followMembers(job, session, session.plan);
      const ticketId = this.#newTicket({ kind: 'frame', jobId: job.plan.jobId, session: number, frame });
      await this.#ports.link.sendToGroup(groupId, { ticketId, fPort, payload, notBefore: this.#ports.clock.now() });
    } catch (cause) {
      const fields = { job: job.plan.filename, number: frame.number };
      this.#ports.reporter.failure('a frame could not be sent', fields, cause);
      const at = this.#ports.clock.now();
      const event = { kind: 'frame', frame, fate: 'refused', at, error: 'internal' } as const;
      this.#ports.tell(job, [{ to: 'session', session: number, event }]);
    }
  }

  async #close(job: ActiveJob, groupId: string): Promise<void> {
    job.openGroups.delete(groupId);
    try {
      await this.#ports.link.flushGroup(groupId);
      await this.#ports.link.closeGroup(groupId);
    } catch (cause) {
      // A group that stays open does no harm; it is closed when the server starts again.
      this.#ports.reporter.failure('a group could not be closed', { job: job.plan.filename }, cause);
    }
  }

  /** Closes the groups of all sessions of a job that is over, since it may have ended before they were. */
  async closeGroups(job: ActiveJob): Promise<void> {
    for (const number of job.draft.sessions.keys()) {
      await this.#close(job, groupIdOf(job.plan, number));
    }
  }

  // ---- what is known ------------------------------------------------------------------------------------------------

  async #lookUp(job: ActiveJob, { devEuis, limit }: Extract<Command, { kind: 'look-up' }>): Promise<void> {
    const inputs: Input[] = [];
    for (const devEui of devEuis) {
      const hasJoined = await this.#hasJoined(devEui);
      const state = job.draft.devices.get(devEui);
      const session = state !== undefined && 'session' in state ? job.draft.sessions.get(state.session) : undefined;
      const neverSent = session?.sent === 0;
      inputs.push({ to: 'device', devEui, event: { kind: 'end', neverSent, hasJoined, limit } });
    }
    this.#ports.tell(job, inputs);
  }

  /** A device of which nothing can be known now has joined as far as anybody can tell. */
  async #hasJoined(devEui: Eui64): Promise<boolean> {
    try {
      const facts = await this.#ports.link.facts(devEui);
      return facts === undefined || facts.joinedAt !== undefined;
    } catch (cause) {
      this.#ports.reporter.failure('a device could not be looked up', { devEui }, cause);
      return true;
    }
  }

  /** The check values of a job that is over; undefined when its image is gone. */
  async checksOf(plan: JobPlan, formats: readonly SessionFormat[]): Promise<readonly Checks[] | undefined> {
    if (plan.kind !== 'FOTA') return undefined;
    try {
      const image = await this.#ports.images.load(plan.image.sha256);
      return formats.flatMap((format) => (format.kind === 'image' ? checksOf(image, format) : []));
    } catch {
      // Images go some time after their last job; nobody asks for their check value by then.
      return undefined;
    }
  }
}

function isOnAir({ fate }: TicketEvent): boolean {
  // Where the network server does not tell, frames are taken to have gone out: the devices' answers show the rest.
  return fate === 'on-air' || fate === 'unknown';
}

function startOf(plan: SessionPlan, startGpsS: number | undefined): Start {
  return startGpsS === undefined ? plan : lateStart(plan, startGpsS);
}

/** The groups of one job differ, so that a device does not mistake one for the other. */
function groupIdOf({ jobId }: JobPlan, session: number): string {
  return session === 1 ? jobId : `${jobId}-${session}`;
}

function finishedFormat({ draft }: ActiveJob, key: string): ReturnType<typeof formatOf> {
  const { state } = draft;
  return state.kind === 'complete' ? state.formats.find((format) => format.key === key) : undefined;
}

function membersOf({ draft }: ActiveJob, { number }: SessionState): readonly Eui64[] {
  return [...draft.devices].flatMap(([devEui, state]) =>
    'session' in state && state.session === number ? [devEui] : [],
  );
}

function invitedBy(
  { draft, entries }: ActiveJob,
  formatKey: string,
): { count: number; waitForUplinks: boolean; startSlackS: number } {
  let count = 0;
  let waitForUplinks = false;
  let startSlackS = 0;
  for (const [devEui, state] of draft.devices) {
    const entry = entries.get(devEui);
    const isOut = state.kind === 'done' || state.kind === 'failed' || state.kind === 'skipped' || state.kind === 'held';
    if (entry === undefined || entry.formatKey !== formatKey || isOut) continue;
    count += 1;
    waitForUplinks ||= !entry.listensAlways;
    startSlackS = Math.max(startSlackS, entry.traits.profile.multicast.startSlackS);
  }
  return { count, waitForUplinks, startSlackS };
}
