import type { DownlinkFCtrl, UplinkFCtrl } from '@airlift/lorawan';
import type { JsonValue } from '@airlift/wire';
import { InputError } from '../tool-error.ts';
import { isJsonObject, type JsonObject } from './command-json.ts';

/** A data frame to build, its form checked. */
export interface FrameJson {
  readonly direction: 'up' | 'down';
  readonly confirmed: boolean;
  readonly devAddr: string;
  readonly fCnt: number;
  readonly fCtrl: Partial<UplinkFCtrl & DownlinkFCtrl>;
  readonly fPort?: number;
  /** Hexadecimal text or commands. */
  readonly fOpts?: JsonValue;
  readonly payload?: JsonValue;
}

const M_TYPES: Readonly<Record<string, Pick<FrameJson, 'direction' | 'confirmed'>>> = {
  UnconfirmedDataUp: { direction: 'up', confirmed: false },
  UnconfirmedDataDown: { direction: 'down', confirmed: false },
  ConfirmedDataUp: { direction: 'up', confirmed: true },
  ConfirmedDataDown: { direction: 'down', confirmed: true },
};

const FLAGS = {
  up: ['adr', 'adrAckReq', 'ack', 'classB'],
  down: ['adr', 'ack', 'fPending'],
} as const;

/** What reading a frame shows beside its contents: found out anew when a frame is built. */
const RESULTS = ['fOptsReading', 'frmPayload', 'readings', 'mic', 'micOk', 'micChecked', 'droppedBecause'];
const CONTENTS = ['mType', 'devAddr', 'fCtrl', 'fCnt', 'fOpts', 'fPort', 'payload'];

/** @throws InputError naming what is wrong */
export function frameJsonOf(json: JsonObject): FrameJson {
  const stranger = Object.keys(json).find((key) => !CONTENTS.includes(key) && !RESULTS.includes(key));
  if (stranger !== undefined) throw new InputError(`a frame has no "${stranger}"; its parts: ${CONTENTS.join(', ')}`);
  const { mType, devAddr, fCnt, fPort, fOpts, payload, frmPayload } = json;
  const kind = typeof mType === 'string' && Object.hasOwn(M_TYPES, mType) ? M_TYPES[mType] : undefined;
  if (kind === undefined) throw new InputError(`mType must be one of ${Object.keys(M_TYPES).join(', ')}`);
  if (typeof devAddr !== 'string') throw new InputError('devAddr must be eight hexadecimal digits');
  if (typeof fCnt !== 'number') throw new InputError('fCnt must be a number, the whole counter');
  if (fPort !== undefined && typeof fPort !== 'number') throw new InputError('fPort must be a number');
  if (payload === undefined && frmPayload !== undefined && frmPayload !== '') {
    throw new InputError('frmPayload is encrypted: give the payload in the clear');
  }
  return {
    ...kind,
    devAddr,
    fCnt,
    fCtrl: flagsOf(json.fCtrl, kind.direction),
    ...(fPort === undefined ? {} : { fPort }),
    ...(fOpts === undefined ? {} : { fOpts }),
    ...(payload === undefined ? {} : { payload }),
  };
}

function flagsOf(json: JsonValue | undefined, direction: 'up' | 'down'): Readonly<Record<string, boolean>> {
  if (json === undefined) return {};
  if (!isJsonObject(json)) throw new InputError('fCtrl must be an object of flags');
  const known: readonly string[] = FLAGS[direction];
  const flags: Record<string, boolean> = {};
  for (const [name, value] of Object.entries(json)) {
    // The length of FOpts follows from FOpts.
    if (name === 'fOptsLen') continue;
    if (!known.includes(name)) throw new InputError(`fCtrl has no flag ${name}; there are ${known.join(', ')}`);
    if (typeof value !== 'boolean') throw new InputError(`fCtrl.${name} must be true or false`);
    flags[name] = value;
  }
  return flags;
}
