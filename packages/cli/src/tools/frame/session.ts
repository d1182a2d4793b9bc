import { fromHex } from '@airlift/kernel';
import type { SessionKeys, UplinkRadio } from '@airlift/lorawan';
import { UsageError } from '../tool-error.ts';
import type { SessionOptions } from './frame-options.ts';

/** The keys that were given, and which of them. Those that were not are zeros. */
export interface Session {
  readonly kind: 'LoRaWAN 1.0' | 'LoRaWAN 1.1' | 'multicast';
  readonly keys: SessionKeys;
  /** AppSKey or McAppSKey. */
  readonly application: boolean;
  /** The key of FPort 0 and of encrypted FOpts. */
  readonly network: boolean;
  /** The key of downlink integrity codes and of half an uplink's. */
  readonly serving: boolean;
  /** The key of the other half. */
  readonly forwarding: boolean;
}

/**
 * The session of the options; undefined without any session key.
 * @throws UsageError when keys of different kinds are mixed
 */
export function sessionOf(options: SessionOptions): Session | undefined {
  const { nwkSkey, appSkey, fnwkSintKey, snwkSintKey, nwkSencKey, mcNwkSkey, mcAppSkey } = options;
  const is10 = nwkSkey !== undefined;
  const is11 = fnwkSintKey !== undefined || snwkSintKey !== undefined || nwkSencKey !== undefined;
  const isGroup = mcNwkSkey !== undefined || mcAppSkey !== undefined;
  if ((isGroup && (is10 || is11 || appSkey !== undefined)) || (is10 && is11)) {
    throw new UsageError(
      'the keys are of different kinds of session: LoRaWAN 1.0, LoRaWAN 1.1 and multicast do not mix',
    );
  }
  if (isGroup) return plainSession('multicast', mcNwkSkey, mcAppSkey);
  if (!is11) return is10 || appSkey !== undefined ? plainSession('LoRaWAN 1.0', nwkSkey, appSkey) : undefined;
  return {
    kind: 'LoRaWAN 1.1',
    keys: {
      macVersion: '1.1',
      fNwkSIntKey: octets(fnwkSintKey),
      sNwkSIntKey: octets(snwkSintKey),
      nwkSEncKey: octets(nwkSencKey),
      appSKey: octets(appSkey),
    },
    application: appSkey !== undefined,
    network: nwkSencKey !== undefined,
    serving: snwkSintKey !== undefined,
    forwarding: fnwkSintKey !== undefined,
  };
}

/** What a 1.1 uplink was sent with. @throws UsageError when only half of it is given */
export function radioOf({ txDr, txCh }: SessionOptions): UplinkRadio | undefined {
  if ((txDr === undefined) !== (txCh === undefined)) throw new UsageError('--tx-dr and --tx-ch go together');
  return txDr === undefined || txCh === undefined ? undefined : { txDr, txCh };
}

function plainSession(
  kind: 'LoRaWAN 1.0' | 'multicast',
  network: string | undefined,
  application: string | undefined,
): Session {
  const hasNetwork = network !== undefined;
  return {
    kind,
    keys: { macVersion: '1.0', nwkSKey: octets(network), appSKey: octets(application) },
    application: application !== undefined,
    network: hasNetwork,
    serving: hasNetwork,
    forwarding: hasNetwork,
  };
}

function octets(key: string | undefined): Uint8Array {
  return key === undefined ? new Uint8Array(16) : fromHex(key);
}
