import { toHex } from '@airlift/kernel';
import { type DataFrame, decryptDataFrame, formatDevAddr, type UplinkRadio, verifyDataMic } from '@airlift/lorawan';
import { InputError } from '../tool-error.ts';
import type { DecodeOptions } from './frame-options.ts';
import type { PhyFinding } from './phy-finding.ts';
import { macReading, readingsOf } from './readings.ts';
import { radioOf, type Session, sessionOf } from './session.ts';

/**
 * A data frame: its header, and what the given keys reveal.
 * @throws UsageError, InputError when `--fcnt` is not the counter of the frame
 */
export function openDataFrameWith(frame: DataFrame, options: DecodeOptions): PhyFinding {
  const session = sessionOf(options);
  const radio = radioOf(options);
  const fCnt = counterOf(frame, options.fcnt);
  const mic = checkMic(frame, session, fCnt, radio, options);
  const shown = {
    mType: `${frame.confirmed ? 'Confirmed' : 'Unconfirmed'}Data${frame.direction === 'up' ? 'Up' : 'Down'}`,
    devAddr: formatDevAddr(frame.devAddr),
    fCtrl: { ...frame.fCtrl, fOptsLen: frame.fOpts.length },
    fCnt,
    ...opened(frame, session, fCnt, options),
    mic: toHex(frame.mic),
    micOk: mic.ok,
    ...(mic.half ? { micChecked: 'the half under FNwkSIntKey; --snwk-sint-key, --tx-dr and --tx-ch check all' } : {}),
    ...(session?.kind === 'multicast' ? multicastRules(frame) : {}),
  };
  return mic.ok === false ? { shown, problem: wrongMic(frame, session, fCnt, options) } : { shown };
}

function counterOf(frame: DataFrame, given: number | undefined): number {
  if (given === undefined) return frame.fCnt16;
  if (given % 0x10000 !== frame.fCnt16) {
    throw new InputError(`the frame carries ${frame.fCnt16}, which are not the lower 16 bits of FCnt ${given}`);
  }
  return given;
}

/** The parts of the frame that may be encrypted, as on air and, with the keys, in the clear. */
function opened(frame: DataFrame, session: Session | undefined, fCnt: number, options: DecodeOptions): object {
  const { direction, fPort } = frame;
  const clear =
    session === undefined
      ? undefined
      : decryptDataFrame(frame, {
          keys: session.keys,
          fCnt,
          ...(options.foptsForm === undefined ? {} : { fOptsForm: options.foptsForm }),
        });
  const fOptsClear = session?.kind !== 'LoRaWAN 1.1' || session.network ? (clear?.fOpts ?? frame.fOpts) : undefined;
  const hasKey = session !== undefined && (fPort === 0 ? session.network : session.application);
  const payload = hasKey ? clear?.payload : undefined;
  return {
    ...(frame.fOpts.length === 0
      ? {}
      : fOptsClear === undefined
        ? { fOptsEncrypted: toHex(frame.fOpts) }
        : { fOpts: toHex(fOptsClear), fOptsReading: macReading(direction, fOptsClear, options) }),
    ...(fPort === undefined ? {} : { fPort, frmPayload: toHex(frame.frmPayload) }),
    ...(fPort === undefined || payload === undefined
      ? {}
      : { payload: toHex(payload), readings: readingsOf(fPort, direction, payload, options) }),
  };
}

/** Null when there is no key to check with; `half` when only a part of the code could be looked at. */
function checkMic(
  frame: DataFrame,
  session: Session | undefined,
  fCnt: number,
  radio: UplinkRadio | undefined,
  { confFcnt }: DecodeOptions,
): { readonly ok: boolean | null; readonly half: boolean } {
  if (session === undefined) return { ok: null, half: false };
  const secrets = { keys: session.keys, fCnt, ...(confFcnt === undefined ? {} : { confFCnt: confFcnt }) };
  const needsRadio = session.kind === 'LoRaWAN 1.1' && frame.direction === 'up';
  if (!needsRadio) return { ok: session.serving ? verifyDataMic(frame, secrets) : null, half: false };
  if (!session.forwarding) return { ok: null, half: false };
  const half = !session.serving || radio === undefined;
  return { ok: verifyDataMic(frame, { ...secrets, radio: half ? 'unknown' : radio }), half };
}

function wrongMic(frame: DataFrame, session: Session | undefined, fCnt: number, options: DecodeOptions): string {
  const hints = [
    ...(options.fcnt === undefined ? ['--fcnt gives the whole counter'] : []),
    ...(session?.kind === 'LoRaWAN 1.1' && frame.fCtrl.ack && options.confFcnt === undefined
      ? ['--conf-fcnt the one that is acknowledged']
      : []),
  ];
  return `the MIC is wrong for these keys and FCnt ${fCnt}${hints.length === 0 ? '' : `; ${hints.join(', ')}`}`;
}

/** What makes devices drop a frame that is addressed to a group (TS005 section 3). */
function multicastRules(frame: DataFrame): { readonly droppedBecause?: string } {
  const reasons = [
    ...(frame.direction === 'up' ? ['it is an uplink'] : []),
    ...(frame.confirmed ? ['it is confirmed'] : []),
    ...(frame.fCtrl.ack ? ['it acknowledges'] : []),
    ...(frame.fOpts.length > 0 ? ['it has FOpts'] : []),
    ...(frame.fPort === undefined || frame.fPort === 0 ? ['it has no FPort above 0'] : []),
  ];
  return reasons.length === 0 ? {} : { droppedBecause: reasons.join(', ') };
}
