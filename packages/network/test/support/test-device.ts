import { type Eui64, fromHex, parseEui64, steadyMs } from '@airlift/kernel';
import {
  buildDataFrame,
  buildJoinRequest,
  decodeMacCommands,
  deriveSessionKeys10,
  encodeMacCommands,
  type JoinAccept,
  type MacDownlinkCommand,
  type MacUplinkCommand,
  openDataFrame,
  openJoinAccept,
  parsePhyPayload,
  type SessionKeys10,
  type UplinkFCtrl,
} from '@airlift/lorawan';
import type { DeviceClass, ProvisionedDevice } from '../../src/index.ts';

/** A downlink as the device reads it. */
export interface HeardDownlink {
  readonly fCnt: number;
  readonly confirmed: boolean;
  readonly ack: boolean;
  readonly fPending: boolean;
  readonly commands: readonly MacDownlinkCommand[];
  readonly fPort: number | undefined;
  readonly payload: Uint8Array;
}

interface Session {
  readonly devAddr: number;
  readonly keys: SessionKeys10;
  fCntUp: number;
  lastFCntDown: number | undefined;
}

export interface UplinkWishes {
  readonly fPort?: number;
  readonly payload?: Uint8Array;
  readonly confirmed?: boolean;
  readonly fCtrl?: Partial<UplinkFCtrl>;
  readonly commands?: readonly MacUplinkCommand[];
  /** Instead of the next one. */
  readonly fCnt?: number;
}

/** The device's side of LoRaWAN 1.0: as strict as the specification, without a radio. */
export class TestDevice {
  readonly devEui: Eui64;
  readonly joinEui = parseEui64('70b3d57ed0000001');
  readonly appKey: string;
  #devNonce = 0;
  #session: Session | undefined;

  constructor(devEui = '0004a30b001c0530', appKey = '00112233445566778899aabbccddeeff') {
    this.devEui = parseEui64(devEui);
    this.appKey = appKey;
  }

  provisioned(deviceClass: DeviceClass = 'A'): ProvisionedDevice {
    return {
      devEui: this.devEui,
      name: 'test',
      joinEui: this.joinEui,
      appKey: this.appKey,
      deviceClass,
      deviceProfileId: undefined,
      networkProfileId: undefined,
      createdAt: steadyMs(0),
    };
  }

  get devAddr(): number {
    return this.session.devAddr;
  }

  get session(): Session {
    if (this.#session === undefined) throw new Error('the test device has no session');
    return this.#session;
  }

  /** The counter of the last uplink. */
  get lastFCntUp(): number {
    return this.session.fCntUp - 1;
  }

  joinRequest(devNonce = this.#devNonce + 1, rootKey = fromHex(this.appKey)): Uint8Array {
    this.#devNonce = devNonce;
    return buildJoinRequest({ joinEui: this.joinEui, devEui: this.devEui, devNonce, rootKey });
  }

  /** Takes up the session of a join-accept; undefined when it is not for this device. */
  accept(phyPayload: Uint8Array): JoinAccept | undefined {
    const frame = parsePhyPayload(phyPayload);
    if (frame.type !== 'join-accept') throw new Error(`a ${frame.type} instead of a join-accept`);
    const rootKey = fromHex(this.appKey);
    const accept = openJoinAccept(frame, { key: rootKey });
    if (accept === undefined) return undefined;
    const { joinNonce, netId, devAddr } = accept;
    const keys = deriveSessionKeys10({ rootKey, joinNonce, netId, devNonce: this.#devNonce });
    this.#session = { devAddr, keys, fCntUp: 0, lastFCntDown: undefined };
    return accept;
  }

  /** Puts another session back in use, to send in the old one after a join. */
  restore(session: Session): void {
    this.#session = session;
  }

  uplink(wishes: UplinkWishes = {}): Uint8Array {
    const { session } = this;
    const fCnt = wishes.fCnt ?? session.fCntUp;
    session.fCntUp = fCnt + 1;
    const commands = encodeMacCommands('up', wishes.commands ?? []);
    const inPayload = wishes.fPort === 0;
    return buildDataFrame({
      direction: 'up',
      devAddr: session.devAddr,
      fCnt,
      confirmed: wishes.confirmed ?? false,
      fCtrl: wishes.fCtrl ?? {},
      fOpts: inPayload ? new Uint8Array(0) : commands,
      ...(wishes.fPort === undefined
        ? {}
        : { fPort: wishes.fPort, payload: inPayload ? commands : (wishes.payload ?? Uint8Array.of(1, 2, 3)) }),
      keys: session.keys,
    });
  }

  /**
   * Reads a downlink as a device does: address and integrity code must fit, the counter must be above the last one.
   * @throws Error when the device would drop it
   */
  hear(phyPayload: Uint8Array): HeardDownlink {
    const { session } = this;
    const frame = parsePhyPayload(phyPayload);
    if (frame.type !== 'data' || frame.direction !== 'down') throw new Error('not a data downlink');
    if (frame.devAddr !== session.devAddr) throw new Error('for another device');
    const last = session.lastFCntDown ?? -1;
    const fCnt = last < 0 ? frame.fCnt16 : last + ((frame.fCnt16 - (last & 0xffff) + 0x10000) & 0xffff);
    const opened = openDataFrame(frame, { keys: session.keys, fCnt });
    if (opened === undefined) throw new Error('wrong integrity code');
    if (fCnt <= last) throw new Error(`the counter ${fCnt} is not above ${last}`);
    session.lastFCntDown = fCnt;
    return {
      fCnt,
      confirmed: frame.confirmed,
      ack: frame.fCtrl.ack,
      fPending: frame.fCtrl.fPending,
      commands: decodeMacCommands('down', frame.fPort === 0 ? opened.payload : opened.fOpts).commands,
      fPort: frame.fPort,
      payload: opened.payload,
    };
  }
}
