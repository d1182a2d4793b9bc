import { decryptMcKey, mcKEKeyOf, mcSessionKeys, ts004, ts005 } from '@airlift/applayer';
import type { WhitelistEntry } from '@airlift/fleet';
import { type Eui64, fromHex, parseEui64, toHex } from '@airlift/kernel';
import {
  type DownlinkFrame,
  deriveSessionKeys10,
  type EncryptedJoinAccept,
  formatDevAddr,
  type MulticastKeys,
  openDataFrame,
  openJoinAccept,
  openMulticastFrame,
  parsePhyPayload,
  type SessionKeys,
} from '@airlift/lorawan';
import type { Direction } from './udp-tap.ts';

const PULL_RESP = 3;
const PUSH_DATA = 0;
const TX_ACK = 5;
const GATEWAY_HEAD_OCTETS = 12;
const SERVER_HEAD_OCTETS = 4;

/** A frame to a multicast group, in the clear. */
export interface GroupFrame {
  readonly mcAddr: number;
  readonly fCnt: number;
  /** Which start of the server sent it. */
  readonly incarnation: number;
  readonly token: number;
  readonly content:
    | { readonly kind: 'fragment'; readonly number: number }
    | { readonly kind: 'status-request' }
    | { readonly kind: 'message'; readonly fPort: number };
}

interface Session {
  readonly devEui: Eui64;
  readonly joinNonce: number;
  /** One for each join-request that this may answer: the join-accept does not say. */
  readonly keys: readonly SessionKeys[];
}

/**
 * Listens to what server and gateway say to each other and decrypts it with nothing but the devices' root keys, as an
 * auditor could. Notes every broken rule in `faults`.
 */
export class AirObserver {
  /** Rules that were broken: a counter or nonce used twice, a frame that cannot be read. */
  readonly faults: string[] = [];
  readonly groupFrames: GroupFrame[] = [];
  /** Set-up questions and answers to single devices so far. */
  unicastFrames = 0;
  incarnation = 0;
  /** Tokens of group frames that the gateway refused to send. */
  readonly refusedTokens = new Set<string>();
  readonly #devices: readonly WhitelistEntry[];
  readonly #devNonces = new Map<Eui64, number[]>();
  readonly #sessions = new Map<number, Session>();
  readonly #groups = new Map<number, MulticastKeys>();
  readonly #seen = new Map<string, string>();

  constructor(devices: readonly WhitelistEntry[]) {
    this.#devices = devices;
  }

  show(direction: Direction, octets: Uint8Array): void {
    try {
      this.#look(direction, octets);
    } catch (error) {
      this.faults.push(`a datagram ${direction} that cannot be read: ${String(error)}`);
    }
  }

  #look(direction: Direction, octets: Uint8Array): void {
    const kind = octets[3];
    const token = (octets[1] ?? 0) * 256 + (octets[2] ?? 0);
    if (direction === 'to-gateway' && kind === PULL_RESP) {
      const { txpk } = readJson(octets, SERVER_HEAD_OCTETS) as { readonly txpk: { readonly data: string } };
      this.#downlink(Buffer.from(txpk.data, 'base64'), token);
    } else if (direction === 'to-server' && kind === PUSH_DATA) {
      const { rxpk = [] } = readJson(octets, GATEWAY_HEAD_OCTETS) as { readonly rxpk?: readonly { data: string }[] };
      for (const { data } of rxpk) this.#uplink(Buffer.from(data, 'base64'));
    } else if (direction === 'to-server' && kind === TX_ACK && octets.length > GATEWAY_HEAD_OCTETS) {
      const { txpk_ack } = readJson(octets, GATEWAY_HEAD_OCTETS) as { readonly txpk_ack?: { readonly error?: string } };
      if ((txpk_ack?.error ?? 'NONE') !== 'NONE') this.refusedTokens.add(`${this.incarnation}/${token}`);
    }
  }

  #uplink(phyPayload: Uint8Array): void {
    const frame = parsePhyPayload(phyPayload);
    if (frame.type !== 'join-request') return;
    const devNonces = this.#devNonces.get(frame.devEui) ?? [];
    devNonces.push(frame.devNonce);
    this.#devNonces.set(frame.devEui, devNonces);
  }

  #downlink(phyPayload: Uint8Array, token: number): void {
    const frame = parsePhyPayload(phyPayload);
    if (frame.type === 'join-accept') this.#joinAccept(frame, phyPayload);
    else if (frame.type === 'data' && frame.direction === 'down') this.#dataFrame(frame, token);
    else this.faults.push(`the server sent a ${frame.type}`);
  }

  #joinAccept(frame: EncryptedJoinAccept, phyPayload: Uint8Array): void {
    for (const { deveui, appkey } of this.#devices) {
      const rootKey = fromHex(appkey);
      const accept = openJoinAccept(frame, { key: rootKey });
      if (accept === undefined) continue;
      const devEui = parseEui64(deveui);
      const { joinNonce, netId, devAddr } = accept;
      // The very same answer may be tried in the second window when the gateway refused it for the first.
      this.#once(`join-accept for ${devEui} with JoinNonce ${joinNonce}`, toHex(phyPayload));
      const devNonces = this.#devNonces.get(devEui) ?? [];
      const keys = devNonces.map((devNonce) => deriveSessionKeys10({ rootKey, joinNonce, netId, devNonce }));
      this.#sessions.set(devAddr, { devEui, joinNonce, keys });
      return;
    }
    this.faults.push('a join-accept that no device can read');
  }

  #dataFrame(frame: DownlinkFrame, token: number): void {
    const { devAddr, fCnt16 } = frame;
    const address = formatDevAddr(devAddr);
    const group = this.#groups.get(devAddr);
    const session = this.#sessions.get(devAddr);
    if (group !== undefined) {
      this.#once(`group ${address} FCnt ${fCnt16}`);
      const payload = openMulticastFrame(frame, group, fCnt16);
      if (payload === undefined) this.faults.push(`a group frame that no member can read: ${address} FCnt ${fCnt16}`);
      else this.#groupFrame(frame, payload, token);
    } else if (session !== undefined) {
      this.#once(`device ${address} (JoinNonce ${session.joinNonce}) FCnt ${fCnt16}`);
      const [opened] = session.keys.flatMap((keys) => openDataFrame(frame, { keys, fCnt: fCnt16 }) ?? []);
      if (opened === undefined) this.faults.push(`a frame that its device cannot read: ${address} FCnt ${fCnt16}`);
      else if ((frame.fPort ?? 0) > 0) this.#unicast(frame.fPort ?? 0, opened.payload, session.devEui);
    } else {
      this.faults.push(`a frame to nobody: ${address}`);
    }
  }

  #unicast(fPort: number, payload: Uint8Array, devEui: Eui64): void {
    this.unicastFrames += 1;
    if (fPort !== ts005.defaultFPort) return;
    const device = this.#devices.find(({ deveui }) => parseEui64(deveui) === devEui);
    for (const command of ts005.read(1, 'down', payload).commands) {
      if (command.name !== 'McGroupSetupReq' || device === undefined) continue;
      const { McAddr, McKey_encrypted } = command.fields;
      const kek = mcKEKeyOf({ scheme: 'ts005', rules: '1.0', rootKey: fromHex(device.genappkey) });
      this.#groups.set(McAddr, mcSessionKeys(decryptMcKey(kek, McKey_encrypted), McAddr));
    }
  }

  #groupFrame({ devAddr, fCnt16, fPort = 0 }: DownlinkFrame, payload: Uint8Array, token: number): void {
    const base = { mcAddr: devAddr, fCnt: fCnt16, incarnation: this.incarnation, token };
    if (fPort !== ts004.defaultFPort) {
      this.groupFrames.push({ ...base, content: { kind: 'message', fPort } });
      return;
    }
    const [command] = ts004.read('multitech', 'down', payload).commands;
    if (command?.name === 'DataFragment') {
      this.groupFrames.push({ ...base, content: { kind: 'fragment', number: command.fields.N } });
    } else if (command?.name === 'FragSessionStatusReq') {
      this.groupFrames.push({ ...base, content: { kind: 'status-request' } });
    } else {
      this.faults.push(`a group frame of an unknown kind: ${command?.name}`);
    }
  }

  /** Notes a use of what may be used once; a use that is told apart by nothing from the first is a repetition of that. */
  #once(what: string, use: string = `use ${this.#seen.size}`): void {
    const before = this.#seen.get(what);
    if (before !== undefined && before !== use) this.faults.push(`used twice: ${what}`);
    this.#seen.set(what, use);
  }
}

function readJson(octets: Uint8Array, from: number): unknown {
  return JSON.parse(new TextDecoder().decode(octets.subarray(from)));
}
