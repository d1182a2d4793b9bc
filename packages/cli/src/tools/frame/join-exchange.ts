import { type Eui64, fromHex, parseEui64, toHex } from '@airlift/kernel';
import {
  deriveSessionKeys10,
  deriveSessionKeys11,
  type JoinAccept,
  type JoinExchange,
  parsePhyPayload,
} from '@airlift/lorawan';
import { octetsOf } from '../read-input.ts';
import { asUsage } from '../run-tool.ts';
import { UsageError } from '../tool-error.ts';
import type { DecodeOptions } from './frame-options.ts';

/** The request that a join-accept answers. */
export interface RequestFacts {
  readonly devEui: Eui64;
  readonly answers: JoinExchange;
}

/**
 * The request of `--request`; undefined when it was not given.
 * @throws UsageError when it is none, or misses the JoinEUI; PeerError, InputError when it cannot be read
 */
export function exchangeOf({ request, joinEui }: DecodeOptions): RequestFacts | undefined {
  if (request === undefined) return undefined;
  const frame = parsePhyPayload(octetsOf(request));
  if (frame.type === 'join-request') {
    return { devEui: frame.devEui, answers: { request: 'join', joinEui: frame.joinEui, nonce: frame.devNonce } };
  }
  if (frame.type !== 'rejoin-request') throw new UsageError('--request wants a join-request or a rejoin-request');
  const { rejoinType, devEui, rjCount } = frame;
  if (rejoinType !== 1 && joinEui === undefined) {
    throw new UsageError(`a rejoin-request of type ${rejoinType} does not carry the JoinEUI: --join-eui is missing`);
  }
  const eui = rejoinType === 1 ? frame.joinEui : asUsage(() => parseEui64(joinEui ?? ''));
  return { devEui, answers: { request: `rejoin-${rejoinType}`, joinEui: eui, nonce: rjCount } };
}

/**
 * The session keys that follow from a join, as hexadecimal text.
 * @throws UsageError when the request or a root key is missing
 */
export function joinSessionKeys(
  accept: JoinAccept,
  exchange: RequestFacts | undefined,
  roots: { readonly appKey: string | undefined; readonly nwkKey: string | undefined },
): object {
  if (exchange === undefined) throw new UsageError('--show-keys needs the DevNonce: --request is missing');
  const { joinNonce, netId } = accept;
  const { joinEui, nonce } = exchange.answers;
  if (accept.optNeg) {
    if (roots.appKey === undefined || roots.nwkKey === undefined) {
      throw new UsageError('--show-keys needs --app-key and --nwk-key for LoRaWAN 1.1');
    }
    const keys = deriveSessionKeys11({
      nwkKey: fromHex(roots.nwkKey),
      appKey: fromHex(roots.appKey),
      joinNonce,
      joinEui,
      nonce,
    });
    return {
      fNwkSIntKey: toHex(keys.fNwkSIntKey),
      sNwkSIntKey: toHex(keys.sNwkSIntKey),
      nwkSEncKey: toHex(keys.nwkSEncKey),
      appSKey: toHex(keys.appSKey),
    };
  }
  const keys = deriveSessionKeys10({
    rootKey: fromHex(roots.nwkKey ?? roots.appKey ?? ''),
    joinNonce,
    netId,
    devNonce: nonce,
  });
  return { nwkSKey: toHex(keys.nwkSKey), appSKey: toHex(keys.appSKey) };
}
