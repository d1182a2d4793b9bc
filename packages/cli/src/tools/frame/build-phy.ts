import { fromHex } from '@airlift/kernel';
import { buildDataFrame, buildMulticastFrame, parseDevAddr } from '@airlift/lorawan';
import { InputError, UsageError } from '../tool-error.ts';
import { chooseCodec } from './choose-codec.ts';
import { isJsonObject, viewsOf } from './command-json.ts';
import { type FrameJson, frameJsonOf } from './frame-json.ts';
import type { CommandOptions, EncodeOptions } from './frame-options.ts';
import { encodeMultiPackageJson, multiPackageVersions } from './multi-package.ts';
import { radioOf, type Session, sessionOf } from './session.ts';

/**
 * Builds a whole data frame.
 * @throws InputError, UsageError, and the CallerErrors of `buildDataFrame` and of the commands
 */
export function buildPhy(json: unknown, options: EncodeOptions): Uint8Array {
  if (!isJsonObject(json)) throw new InputError('a frame is an object {"mType", "devAddr", "fCnt", …}');
  const session = sessionOf(options);
  if (session === undefined) throw new UsageError('a frame needs the keys of its session');
  const frame = frameJsonOf(json);
  const fOpts = octetsFrom(frame.fOpts, { package: 'MAC' }, frame.direction);
  const payload = octetsFrom(frame.payload, payloadOptions(frame, options), frame.direction);
  requireKeys(frame, session, fOpts.length > 0);
  const devAddr = parseDevAddr(frame.devAddr);
  const { fCnt, fPort, confirmed, fCtrl } = frame;
  if (session.kind === 'multicast') return groupFrame(frame, session, devAddr, fOpts, payload);
  const content = {
    devAddr,
    fCnt,
    confirmed,
    fOpts,
    payload,
    keys: session.keys,
    ...(fPort === undefined ? {} : { fPort }),
    ...(options.confFcnt === undefined ? {} : { confFCnt: options.confFcnt }),
    ...(options.foptsForm === undefined ? {} : { fOptsForm: options.foptsForm }),
  };
  const radio = radioOf(options);
  return frame.direction === 'up'
    ? buildDataFrame({ ...content, direction: 'up', fCtrl, ...(radio === undefined ? {} : { radio }) })
    : buildDataFrame({ ...content, direction: 'down', fCtrl });
}

function groupFrame(
  frame: FrameJson,
  session: Session,
  mcAddr: number,
  fOpts: Uint8Array,
  payload: Uint8Array,
): Uint8Array {
  const { direction, confirmed, fCtrl, fPort, fCnt } = frame;
  const { keys } = session;
  const plain = direction === 'down' && !confirmed && fOpts.length === 0 && !Object.values(fCtrl).includes(true);
  if (!plain || fPort === undefined || keys.macVersion !== '1.0') {
    throw new InputError('a multicast frame is an UnconfirmedDataDown with an FPort, without flags and FOpts');
  }
  return buildMulticastFrame({
    mcAddr,
    fCnt,
    fPort,
    payload,
    keys: { mcNwkSKey: keys.nwkSKey, mcAppSKey: keys.appSKey },
  });
}

/** Hexadecimal text, or commands that the options choose the codec for. */
function octetsFrom(json: FrameJson['fOpts'], options: CommandOptions, direction: 'up' | 'down'): Uint8Array {
  if (json === undefined) return new Uint8Array(0);
  if (typeof json === 'string') return fromHex(json);
  if (options.multiPackage === true) return encodeMultiPackageJson(multiPackageVersions(options), direction, json);
  return Array.isArray(json) && json.length === 0
    ? new Uint8Array(0)
    : chooseCodec(options, direction).encode(viewsOf(json, 'the list of commands'));
}

function payloadOptions({ fPort }: FrameJson, options: EncodeOptions): CommandOptions {
  return fPort === 0
    ? { package: 'MAC', ...(options.dialect === 'type-first' ? { dialect: 'type-first' } : {}) }
    : options;
}

function requireKeys(frame: FrameJson, session: Session, hasFOpts: boolean): void {
  const { fPort, direction } = frame;
  const missing = [
    ...(session.serving ? [] : [session.kind === 'LoRaWAN 1.1' ? '--snwk-sint-key' : 'the network session key']),
    ...(session.forwarding || direction === 'down' ? [] : ['--fnwk-sint-key']),
    ...(session.network || !(hasFOpts || fPort === 0) || session.kind !== 'LoRaWAN 1.1' ? [] : ['--nwk-senc-key']),
    ...(session.application || fPort === undefined || fPort === 0 ? [] : ['the application session key']),
  ];
  if (missing.length > 0) throw new UsageError(`this frame also needs ${[...new Set(missing)].join(' and ')}`);
}
