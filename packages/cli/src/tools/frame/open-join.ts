import { fromHex, toHex } from '@airlift/kernel';
import {
  decodeCfList,
  deriveJoinServerKeys,
  type EncryptedJoinAccept,
  formatDevAddr,
  type JoinAccept,
  type JoinRequest,
  openJoinAccept,
  type RejoinRequest,
  verifyJoinRequest,
  verifyRejoinRequest,
} from '@airlift/lorawan';
import { UsageError } from '../tool-error.ts';
import type { DecodeOptions } from './frame-options.ts';
import { exchangeOf, joinSessionKeys } from './join-exchange.ts';
import type { PhyFinding } from './phy-finding.ts';

/** A join-request; its MIC is checked with NwkKey (LoRaWAN 1.1) or AppKey. */
export function openJoinRequestWith(frame: JoinRequest, { appKey, nwkKey }: DecodeOptions): PhyFinding {
  const rootKey = nwkKey ?? appKey;
  const { joinEui, devEui, devNonce } = frame;
  return checked(
    { mType: 'JoinRequest', joinEui, devEui, devNonce, mic: toHex(frame.mic) },
    rootKey === undefined ? null : verifyJoinRequest(frame, fromHex(rootKey)),
  );
}

/** A rejoin-request; its MIC is checked with SNwkSIntKey, that of type 1 with the JSIntKey that NwkKey makes. */
export function openRejoinRequestWith(frame: RejoinRequest, { snwkSintKey, nwkKey }: DecodeOptions): PhyFinding {
  const { rejoinType, devEui, rjCount } = frame;
  const origin = rejoinType === 1 ? { joinEui: frame.joinEui } : { netId: netIdText(frame.netId) };
  const jsIntKey = nwkKey === undefined ? undefined : deriveJoinServerKeys(fromHex(nwkKey), devEui).jsIntKey;
  const key = rejoinType === 1 ? jsIntKey : snwkSintKey === undefined ? undefined : fromHex(snwkSintKey);
  return checked(
    { mType: 'RejoinRequest', rejoinType, ...origin, devEui, rjCount, mic: toHex(frame.mic) },
    key === undefined ? null : verifyRejoinRequest(frame, key),
  );
}

/**
 * A join-accept, which nobody can read without the key.
 * @throws UsageError when `--show-keys` is asked for and something is missing for it
 */
export function openJoinAcceptWith(frame: EncryptedJoinAccept, options: DecodeOptions): PhyFinding {
  const { appKey, nwkKey } = options;
  const rootKey = nwkKey ?? appKey;
  const encrypted = { mType: 'JoinAccept', encrypted: toHex(frame.octets.subarray(1)) };
  if (rootKey === undefined) {
    if (options.showKeys === true) throw new UsageError('--show-keys needs --app-key or --nwk-key');
    return { shown: { ...encrypted, micOk: null } };
  }
  const exchange = exchangeOf(options);
  const joinServer =
    exchange === undefined || nwkKey === undefined ? undefined : deriveJoinServerKeys(fromHex(nwkKey), exchange.devEui);
  const isRejoin = exchange !== undefined && exchange.answers.request !== 'join';
  if (isRejoin && joinServer === undefined) throw new UsageError('the answer to a rejoin-request needs --nwk-key');
  const accept = openJoinAccept(frame, {
    key: isRejoin && joinServer !== undefined ? joinServer.jsEncKey : fromHex(rootKey),
    ...(exchange === undefined || joinServer === undefined
      ? {}
      : { negotiated: { jsIntKey: joinServer.jsIntKey, answers: exchange.answers } }),
  });
  if (accept === undefined) {
    const hint = nwkKey !== undefined && exchange === undefined ? '; LoRaWAN 1.1 needs --request to check it' : '';
    return { shown: { ...encrypted, micOk: false }, problem: `the MIC is wrong for this key${hint}` };
  }
  const sessionKeys = options.showKeys === true ? joinSessionKeys(accept, exchange, { appKey, nwkKey }) : undefined;
  return checked({ mType: 'JoinAccept', ...fieldsOf(accept), ...(sessionKeys && { sessionKeys }) }, true);
}

function fieldsOf(accept: JoinAccept): object {
  const { cfList, netId, devAddr, ...numbers } = accept;
  return {
    joinNonce: numbers.joinNonce,
    netId: netIdText(netId),
    devAddr: formatDevAddr(devAddr),
    optNeg: numbers.optNeg,
    rx1DrOffset: numbers.rx1DrOffset,
    rx2DataRate: numbers.rx2DataRate,
    rxDelay: numbers.rxDelay,
    ...(cfList === undefined ? {} : { cfList: toHex(cfList), ...cfListReading(cfList) }),
  };
}

function cfListReading(octets: Uint8Array): object {
  // A type that is not known here is shown as octets only.
  return (octets.at(-1) ?? 0) > 1 ? {} : { cfListReading: decodeCfList(octets) };
}

function checked(shown: object, micOk: boolean | null): PhyFinding {
  const whole = { ...shown, micOk };
  return micOk === false ? { shown: whole, problem: 'the MIC is wrong for this key' } : { shown: whole };
}

function netIdText(netId: number): string {
  return netId.toString(16).padStart(6, '0');
}
