import { decryptMcKey, mcSessionKeys, type PackageMessage, ts005 } from '@airlift/applayer';
import type { Timer } from '@airlift/kernel';
import { isDownlinkFrequency, type RadioSetting, type Region } from '@airlift/lorawan';
import type { MulticastBehaviour } from '../behaviour/device-behaviour.ts';
import type { AnswerLie } from '../behaviour/faults.ts';
import { type DeviceClock, signed } from '../device/device-clock.ts';
import { nameMulticastKeys } from '../mac/frame-cache.ts';
import { type McGroup, restoreGroup, type SavedGroup, saveGroup } from './multicast-group.ts';
import { readCommands } from './read-commands.ts';

type Command = PackageMessage<(typeof ts005.commands)[number], 1 | 2, 'down'>;
type Answer = PackageMessage<(typeof ts005.commands)[number], 1 | 2, 'up'>;
type Fields<Name extends Command['name']> = Extract<Command, { name: Name }>['fields'];
type SessionError = 'DRError' | 'FreqError' | 'McGroupUndefined' | 'StartMissed';

/** What a device was told about a session. */
export interface McSession {
  readonly groupId: number;
  /** GPS seconds modulo 2^32. */
  readonly sessionTime: number;
  /** Seconds from the start to the end. */
  readonly durationS: number;
  readonly setting: RadioSetting;
}

/** How the package reaches the rest of the device. */
export interface MulticastHost {
  readonly region: Region;
  readonly clock: DeviceClock;
  /** McKEKey. */
  readonly keyEncryptionKey: Uint8Array;
  readonly lies: readonly AnswerLie[];
  /** Whether the clock was ever set. */
  knowsTime(): boolean;
  /** Tries to switch to class C; false when an uplink is open. */
  startSession(session: McSession): boolean;
  /** The start fell into an open uplink and is not tried again. */
  sessionMissed(): void;
  endSession(): void;
  changed(): void;
}

/** A session that is to start, and what will start it. */
interface WaitingSession {
  readonly session: McSession;
  readonly timer: Timer | undefined;
}

const GROUP_IDS = 4;
const GROUP_STATUS_CID = 0x01;
const ALL_ONES = 0xff_ffff;
const START_RETRY_MS = 500;
const MAX_U32 = 0xffff_ffff;

/** TS005, device side: groups, and class C sessions that begin by the device's own clock. */
export class MulticastSetup {
  readonly #host: MulticastHost;
  readonly #behaviour: MulticastBehaviour;
  readonly #groups = new Map<number, McGroup>();
  /** TimeOut of each group's last session request, in seconds: stacks keep it with the group. */
  readonly #durations = new Map<number, number>();
  /** By McGroupID, or all under 0 where one timer serves all groups. */
  readonly #waiting = new Map<number, WaitingSession>();
  #open: McSession | undefined;
  #stopTimer: Timer | undefined;

  constructor(host: MulticastHost, behaviour: MulticastBehaviour) {
    this.#host = host;
    this.#behaviour = behaviour;
  }

  /** The group with that address. */
  groupAt(mcAddr: number): McGroup | undefined {
    for (const group of this.#groups.values()) if (group.mcAddr === mcAddr) return group;
    return undefined;
  }

  get groupCount(): number {
    return this.#groups.size;
  }

  /** The session that is open, or undefined. */
  get openSession(): McSession | undefined {
    return this.#open;
  }

  /** The session that is to start next, or undefined. */
  get waitingSession(): McSession | undefined {
    const now = this.#host.clock.seconds();
    const inS = (session: McSession): number => signed(session.sessionTime - now);
    return [...this.#waiting.values()].map(({ session }) => session).sort((a, b) => inS(a) - inS(b))[0];
  }

  /** Executes the commands of a downlink on FPort 200. Returns the answers, possibly empty. */
  receive(octets: Uint8Array): Uint8Array {
    // Where McGroupStatusReq is missing, its CID is passed over alone and its mask becomes the next command.
    const isHole = (cid: number): boolean => cid === GROUP_STATUS_CID && !this.#behaviour.answersGroupStatus;
    const { version } = this.#behaviour;
    const commands = readCommands(octets, (all, range) => ts005.read(version, 'down', all, range), isHole);
    const answers = commands.flatMap((command) => this.#execute(command) ?? []);
    return ts005.encode(
      version,
      'up',
      answers.map((answer) => this.#lie(answer)),
    );
  }

  /** The clock was moved: sessions that are to start by it are counted anew. */
  clockSet(): void {
    if (this.#behaviour.withoutTime !== 'all-ones') return;
    for (const { session } of [...this.#waiting.values()]) this.#await(session);
  }

  /** What survives a restart. A session is resumed by the clock: see `restore`. */
  save(): { groups: readonly SavedGroup[]; sessions: readonly McSession[] } {
    return {
      groups: [...this.#groups.values()].map(saveGroup),
      sessions: [
        ...(this.#open === undefined ? [] : [this.#open]),
        ...[...this.#waiting.values()].map(({ session }) => session),
      ],
    };
  }

  /** Takes up what `save` gave; a session under way is entered at once for the rest of its time. */
  restore(saved: { readonly groups: readonly SavedGroup[]; readonly sessions: readonly McSession[] }): void {
    for (const group of saved.groups) this.#groups.set(group.id, restoreGroup(group));
    for (const session of saved.sessions) {
      this.#durations.set(session.groupId, session.durationS);
      const inS = signed(session.sessionTime - this.#host.clock.seconds());
      if (inS > 0) this.#await(session);
      else if (inS + session.durationS > 0) this.#start(session, inS + session.durationS);
    }
  }

  #execute(command: Command): Answer | undefined {
    switch (command.name) {
      case 'PackageVersionReq':
        return {
          name: 'PackageVersionAns',
          fields: { PackageIdentifier: 2, PackageVersion: this.#behaviour.version },
        };
      case 'McGroupStatusReq':
        return this.#status(command.fields.ReqGroupMask);
      case 'McGroupSetupReq':
        return this.#setUp(command.fields);
      case 'McGroupDeleteReq':
        return this.#delete(command.fields.McGroupID);
      case 'McClassCSessionReq':
        return this.#session(command.fields);
      case 'McClassBSessionReq':
        // Class B is not built in: the command is consumed and nothing is said.
        return undefined;
    }
  }

  #status(mask: number): Answer {
    const listed = [...this.#groups.values()]
      .filter(({ id }) => ((mask >> id) & 1) === 1)
      .sort((a, b) => a.id - b.id)
      .slice(0, this.#behaviour.listsGroups);
    return {
      name: 'McGroupStatusAns',
      fields: {
        AnsGroupMask: listed.reduce((all, { id }) => all | (1 << id), 0),
        NbTotalGroups: this.#groups.size,
        records: listed.map(({ id, mcAddr }) => ({ McGroupID: id, McAddr: mcAddr })),
      },
    };
  }

  #setUp(fields: Fields<'McGroupSetupReq'>): Answer {
    const { McGroupID, McAddr, McKey_encrypted: encrypted, minMcFCnt, maxMcFCnt } = fields;
    // An address of 0 lets the derivation of keys fail on common stacks.
    const IDerror = McGroupID >= this.#behaviour.groups || McAddr === 0;
    if (!IDerror) {
      const mcKey = decryptMcKey(this.#host.keyEncryptionKey, encrypted);
      this.#groups.set(McGroupID, {
        id: McGroupID,
        mcAddr: McAddr,
        keys: nameMulticastKeys(mcSessionKeys(mcKey, McAddr)),
        minFCnt: minMcFCnt,
        maxFCnt: maxMcFCnt,
        lastFCnt: undefined,
      });
      this.#host.changed();
    }
    return { name: 'McGroupSetupAns', fields: { McGroupID, IDerror } };
  }

  #delete(McGroupID: number): Answer {
    const existed = this.#groups.delete(McGroupID);
    if (this.#behaviour.deleteEndsSession) {
      const key = this.#timerOf(McGroupID);
      if (this.#waiting.get(key)?.session.groupId === McGroupID) this.#forget(key);
      if (this.#open?.groupId === McGroupID) this.leave();
    }
    this.#host.changed();
    return { name: 'McGroupDeleteAns', fields: { McGroupID, McGroupUndefined: !existed } };
  }

  #session(fields: Fields<'McClassCSessionReq'>): Answer | undefined {
    const { McGroupID, SessionTime, TimeOut, DLFreq_Hz: frequencyHz, DR: dataRate } = fields;
    const errors = this.#sessionErrors(fields);
    if (this.#behaviour.silentOnTwoErrors && errors.includes('DRError') && errors.includes('FreqError')) {
      return undefined;
    }
    if (errors.length > 0) return { name: 'McClassCSessionAns', fields: { McGroupID, errors } };
    const durationS = 2 ** TimeOut;
    this.#durations.set(McGroupID, durationS);
    // A clock that was never set may go unnoticed: the difference is nonsense then, and so is the start.
    const inS = signed(SessionTime - this.#host.clock.seconds());
    this.#await({ groupId: McGroupID, sessionTime: SessionTime, durationS, setting: { frequencyHz, dataRate } });
    const isNonsense = this.#behaviour.withoutTime === 'nonsense';
    const honest = this.#host.knowsTime() ? Math.min(inS, ALL_ONES) : ALL_ONES;
    return {
      name: 'McClassCSessionAns',
      fields: { McGroupID, errors: [], TimeToStart: isNonsense ? inS & ALL_ONES : honest },
    };
  }

  #sessionErrors(fields: Fields<'McClassCSessionReq'>): SessionError[] {
    const { McGroupID, SessionTime, DLFreq_Hz: frequencyHz, DR: dataRate } = fields;
    const { undefinedGroup, startInThePast, withoutTime } = this.#behaviour;
    const isUndefined = !this.#groups.has(McGroupID);
    if (isUndefined && undefinedGroup === 'all-bits') return ['DRError', 'FreqError', 'McGroupUndefined'];
    const { region, clock } = this.#host;
    const wrong: SessionError[] = [
      ...(region.downlinkDataRates[dataRate] === undefined ? (['DRError'] as const) : []),
      ...(isDownlinkFrequency(region, frequencyHz) ? [] : (['FreqError'] as const)),
    ];
    // Stacks that look at everything name everything; the others look at the time last.
    if (startInThePast === 'group-undefined' && wrong.length > 0) return wrong;
    const countsTime = withoutTime === 'nonsense' || this.#host.knowsTime();
    const isPast = countsTime && signed(SessionTime - clock.seconds()) <= 0;
    if (isUndefined || (isPast && startInThePast === 'group-undefined')) wrong.push('McGroupUndefined');
    if (isPast && startInThePast === 'start-missed') wrong.push('StartMissed');
    return wrong;
  }

  #lie(answer: Answer): Answer {
    if (!this.#host.lies.includes('other-group') || !('McGroupID' in answer.fields)) return answer;
    const McGroupID = (answer.fields.McGroupID + 1) % GROUP_IDS;
    return { ...answer, fields: { ...answer.fields, McGroupID } } as Answer;
  }

  #timerOf(groupId: number): number {
    return this.#behaviour.startTimers === 'shared' ? 0 : groupId;
  }

  #forget(key: number): void {
    this.#waiting.get(key)?.timer?.cancel();
    this.#waiting.delete(key);
  }

  /** A later request replaces an earlier one under the same timer. Whole seconds from now, so up to 1 s late. */
  #await(session: McSession): void {
    const key = this.#timerOf(session.groupId);
    this.#forget(key);
    const follows = this.#behaviour.withoutTime === 'all-ones';
    const inS = signed(session.sessionTime - this.#host.clock.seconds());
    if (follows && !this.#host.knowsTime()) this.#waiting.set(key, { session, timer: undefined });
    else if (inS > 0 || !follows) {
      const timer = this.#host.clock.after(inS * 1000, () => {
        this.#waiting.delete(key);
        this.#start(session, this.#durationOf(session));
      });
      this.#waiting.set(key, { session, timer });
    } else if (inS + session.durationS > 0) this.#start(session, inS + session.durationS);
    this.#host.changed();
  }

  #start(session: McSession, durationS: number): void {
    if (!this.#host.startSession(session)) {
      this.#startLater(session, durationS);
      return;
    }
    const { firstFCnt } = this.#behaviour;
    const group = this.#groups.get(session.groupId);
    if (firstFCnt === 'bare-16-bits-each-session' && group !== undefined) group.lastFCnt = undefined;
    this.#open = session;
    this.#stopTimer?.cancel();
    this.#stopTimer = this.#host.clock.after(durationS * 1000, () => this.leave());
    this.#host.changed();
  }

  /** Where the switch is tried once, a device in the middle of an uplink loses the session. */
  #startLater(session: McSession, durationS: number): void {
    const leftS = durationS - START_RETRY_MS / 1000;
    if (this.#behaviour.startTries === 'once' || leftS <= 0) this.#host.sessionMissed();
    else {
      const key = this.#timerOf(session.groupId);
      const timer = this.#host.clock.after(START_RETRY_MS, () => {
        this.#waiting.delete(key);
        this.#start(session, leftS);
      });
      this.#waiting.set(key, { session, timer });
    }
    this.#host.changed();
  }

  /** Goes back to class A; a device may do so before the session is over. */
  leave(): void {
    if (this.#open === undefined) return;
    const group = this.#groups.get(this.#open.groupId);
    if (this.#behaviour.firstFCnt === 'bare-16-bits-each-session' && group !== undefined) {
      group.minFCnt = 0;
      group.maxFCnt = MAX_U32;
    }
    this.#stopTimer?.cancel();
    this.#open = undefined;
    this.#host.endSession();
    this.#host.changed();
  }

  #durationOf(session: McSession): number {
    return this.#behaviour.stopTimer === 'own-group' ? session.durationS : (this.#durations.get(0) ?? 1);
  }
}
