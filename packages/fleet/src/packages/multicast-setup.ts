import { decryptMcKey, mcSessionKeys, type PackageMessage, ts005 } from '@airlift/applayer';
import type { Timer } from '@airlift/kernel';
import { isDownlinkFrequency, type RadioSetting, type Region } from '@airlift/lorawan';
import type { MulticastBehaviour } from '../behaviour/device-behaviour.ts';
import { type DeviceClock, signed } from '../device/device-clock.ts';
import { nameMulticastKeys } from '../mac/frame-cache.ts';
import { type McGroup, restoreGroup, type SavedGroup, saveGroup } from './multicast-group.ts';
import { readCommands } from './read-commands.ts';

type Command = PackageMessage<(typeof ts005.commands)[number], 1, 'down'>;
type Answer = PackageMessage<(typeof ts005.commands)[number], 1, 'up'>;
type Fields<Name extends Command['name']> = Extract<Command, { name: Name }>['fields'];
type SessionErrors = Extract<Answer, { name: 'McClassCSessionAns' }>['fields']['errors'];

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
  /** Tries to switch to class C; false when an uplink is open. */
  startSession(session: McSession): boolean;
  endSession(): void;
  changed(): void;
}

const GROUPS = 4;
const GROUP_STATUS_CID = 0x01;

/** TS005 in version 1, device side: groups, and class C sessions that begin by the device's own clock. */
export class MulticastSetup {
  readonly #host: MulticastHost;
  readonly #behaviour: MulticastBehaviour;
  readonly #groups = new Map<number, McGroup>();
  /** TimeOut of each group's last session request, in seconds: stacks keep it with the group. */
  readonly #durations = new Map<number, number>();
  #waiting: McSession | undefined;
  #open: McSession | undefined;
  #startTimer: Timer | undefined;
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

  /** The session that is to start, or undefined. */
  get waitingSession(): McSession | undefined {
    return this.#waiting;
  }

  /** Executes the commands of a downlink on FPort 200. Returns the answers, possibly empty. */
  receive(octets: Uint8Array): Uint8Array {
    // Where McGroupStatusReq is missing, its CID is passed over alone and its mask becomes the next command.
    const isHole = (cid: number): boolean => cid === GROUP_STATUS_CID && !this.#behaviour.answersGroupStatus;
    const commands = readCommands(octets, (all, range) => ts005.read(1, 'down', all, range), isHole);
    const answers = commands.flatMap((command) => this.#execute(command) ?? []);
    return ts005.encode(1, 'up', answers);
  }

  /** What survives a restart. A session is resumed by the clock: see `restore`. */
  save(): { groups: readonly SavedGroup[]; session: McSession | null } {
    return {
      groups: [...this.#groups.values()].map(saveGroup),
      session: this.#open ?? this.#waiting ?? null,
    };
  }

  /** Takes up what `save` gave; a session under way is entered at once for the rest of its time. */
  restore(saved: { readonly groups: readonly SavedGroup[]; readonly session: McSession | null }): void {
    for (const group of saved.groups) this.#groups.set(group.id, restoreGroup(group));
    const { session } = saved;
    if (session === null) return;
    this.#durations.set(session.groupId, session.durationS);
    const inS = signed(session.sessionTime - this.#host.clock.seconds());
    if (inS > 0) this.#startIn(session, inS);
    else if (inS + session.durationS > 0) this.#start(session, inS + session.durationS);
  }

  #execute(command: Command): Answer | undefined {
    switch (command.name) {
      case 'PackageVersionReq':
        return { name: 'PackageVersionAns', fields: { PackageIdentifier: 2, PackageVersion: 1 } };
      case 'McGroupStatusReq':
        return this.#status(command.fields.ReqGroupMask);
      case 'McGroupSetupReq':
        return this.#setUp(command.fields);
      case 'McGroupDeleteReq': {
        const { McGroupID } = command.fields;
        const existed = this.#groups.delete(McGroupID);
        this.#host.changed();
        return { name: 'McGroupDeleteAns', fields: { McGroupID, McGroupUndefined: !existed } };
      }
      case 'McClassCSessionReq':
        return this.#session(command.fields);
      case 'McClassBSessionReq':
        // Class B is not built in: the command is consumed and nothing is said.
        return undefined;
    }
  }

  #status(mask: number): Answer {
    const listed = [...this.#groups.values()].filter(({ id }) => ((mask >> id) & 1) === 1).sort((a, b) => a.id - b.id);
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
    const IDerror = McGroupID >= GROUPS || McAddr === 0;
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

  #session(fields: Fields<'McClassCSessionReq'>): Answer {
    const { McGroupID, SessionTime, TimeOut, DLFreq_Hz: frequencyHz, DR: dataRate } = fields;
    const refuse = (errors: SessionErrors): Answer => ({ name: 'McClassCSessionAns', fields: { McGroupID, errors } });
    if (!this.#groups.has(McGroupID)) return refuse(['DRError', 'FreqError', 'McGroupUndefined']);
    const { region, clock } = this.#host;
    const errors: SessionErrors = [
      ...(region.downlinkDataRates[dataRate] === undefined ? (['DRError'] as const) : []),
      ...(isDownlinkFrequency(region, frequencyHz) ? [] : (['FreqError'] as const)),
    ];
    if (errors.length > 0) return refuse(errors);
    const durationS = 2 ** TimeOut;
    this.#durations.set(McGroupID, durationS);
    // A clock that was never set is not noticed: the difference is nonsense then, and so is the start.
    const inS = signed(SessionTime - clock.seconds());
    if (inS <= 0) return refuse(['McGroupUndefined']);
    this.#startIn({ groupId: McGroupID, sessionTime: SessionTime, durationS, setting: { frequencyHz, dataRate } }, inS);
    return { name: 'McClassCSessionAns', fields: { McGroupID, errors: [], TimeToStart: inS & 0xff_ffff } };
  }

  /** One timer serves all groups: a later request replaces an earlier one. Whole seconds from now, so up to 1 s late. */
  #startIn(session: McSession, inS: number): void {
    this.#startTimer?.cancel();
    this.#waiting = session;
    this.#host.changed();
    this.#startTimer = this.#host.clock.after(inS * 1000, () => {
      this.#waiting = undefined;
      this.#start(session, this.#durationOf(session));
    });
  }

  #start(session: McSession, durationS: number): void {
    // The switch is tried once: a device in the middle of an uplink loses the session.
    if (!this.#host.startSession(session)) {
      this.#host.changed();
      return;
    }
    this.#open = session;
    this.#stopTimer?.cancel();
    this.#stopTimer = this.#host.clock.after(durationS * 1000, () => this.leave());
    this.#host.changed();
  }

  /** Goes back to class A; a device may do so before the session is over. */
  leave(): void {
    if (this.#open === undefined) return;
    this.#stopTimer?.cancel();
    this.#open = undefined;
    this.#host.endSession();
    this.#host.changed();
  }

  #durationOf(session: McSession): number {
    return this.#behaviour.stopTimer === 'own-group' ? session.durationS : (this.#durations.get(0) ?? 1);
  }
}
