import { fromHex, toHex } from '@airlift/kernel';
import type { DevAddr, MacUplinkCommand, RadioSetting, SessionKeys10 } from '@airlift/lorawan';

/** What a device keeps of its session. Changed by MAC commands and by every frame. */
export interface DeviceSession {
  readonly devAddr: DevAddr;
  readonly keys: SessionKeys10;
  /** Counter of the next uplink. */
  fCntUp: number;
  /** Counter of the last downlink accepted. */
  fCntDown: number | undefined;
  rx1DelayS: number;
  rx1DrOffset: number;
  rx2: RadioSetting;
  dataRate: number;
  txPower: number;
  nbTrans: number;
  /** Exponent of DutyCycleReq: at most 1/2^n of the time on air. */
  maxDutyCycle: number;
  uplinkDwell: boolean;
  downlinkDwell: boolean;
  /** Uplinks since the last downlink. */
  adrAckCount: number;
  /** Whether the network has answered in this session. */
  heardDownlink: boolean;
  /** The next uplink acknowledges a confirmed downlink. */
  ackPending: boolean;
  /** To be sent with the next uplink. */
  answers: MacUplinkCommand[];
  /** To be sent with every uplink until a class A downlink shows that they arrived. */
  stickyAnswers: MacUplinkCommand[];
}

/** The form in which a session survives JSON; answers not yet sent are lost with a restart. */
export interface SavedSession {
  readonly devAddr: number;
  readonly nwkSKey: string;
  readonly appSKey: string;
  readonly fCntUp: number;
  readonly fCntDown: number | null;
  readonly settings: Pick<DeviceSession, SavedSetting>;
}

const SAVED_SETTINGS = [
  'rx1DelayS',
  'rx1DrOffset',
  'rx2',
  'dataRate',
  'txPower',
  'nbTrans',
  'maxDutyCycle',
  'uplinkDwell',
  'downlinkDwell',
  'heardDownlink',
] as const;

type SavedSetting = (typeof SAVED_SETTINGS)[number];

/** @param reservedUplinks counters that may be used before the session is saved again; a restart skips them */
export function saveSession(session: DeviceSession, reservedUplinks: number): SavedSession {
  const settings = Object.fromEntries(SAVED_SETTINGS.map((name) => [name, session[name]]));
  return {
    devAddr: session.devAddr,
    nwkSKey: toHex(session.keys.nwkSKey),
    appSKey: toHex(session.keys.appSKey),
    fCntUp: session.fCntUp + reservedUplinks,
    fCntDown: session.fCntDown ?? null,
    settings: settings as Pick<DeviceSession, SavedSetting>,
  };
}

export function restoreSession(saved: SavedSession): DeviceSession {
  return {
    devAddr: saved.devAddr,
    keys: { macVersion: '1.0', nwkSKey: fromHex(saved.nwkSKey), appSKey: fromHex(saved.appSKey) },
    fCntUp: saved.fCntUp,
    fCntDown: saved.fCntDown ?? undefined,
    ...saved.settings,
    adrAckCount: 0,
    ackPending: false,
    answers: [],
    stickyAnswers: [],
  };
}
