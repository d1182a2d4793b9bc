import { littleEndian } from '@airlift/kernel';
import { aesDecryptBlock, aesEncryptBlock, type DevAddr, type MulticastKeys } from '@airlift/lorawan';

/**
 * Which root key a device derives its multicast keys from: `1.0`: GenAppKey, a root key of its own beside the AppKey;
 * `1.1`: the AppKey. Picking the wrong one changes every key.
 */
export type RootKeyRules = '1.0' | '1.1';

/**
 * How a device comes by the key that protects multicast keys:
 * - `ts005`: from its root key, as the specification says;
 * - `kek-zero`: sixteen zero octets, whatever the root key (MultiTech Dots up to firmware 3.3).
 */
export type KeyScheme = 'ts005' | 'kek-zero';

/** What `mcKEKeyOf` needs to know of a device. Keys have 16 octets. */
export interface DeviceRootKey {
  readonly scheme: KeyScheme;
  readonly rules: RootKeyRules;
  /** GenAppKey (1.0) or AppKey (1.1); not used by `kek-zero`. */
  readonly rootKey: Uint8Array;
}

const FIRST_OCTET_1_1 = 0x20;
const FIRST_OCTET_APP = 0x01;
const FIRST_OCTET_NWK = 0x02;

/** McRootKey from the device's root key (TS005 section 4.3). @throws CallerError `key-length` */
export function mcRootKey(rootKey: Uint8Array, rules: RootKeyRules): Uint8Array {
  return aesEncryptBlock(rootKey, derivationBlock(rules === '1.1' ? FIRST_OCTET_1_1 : 0));
}

/** McKEKey, the key-encryption key, from McRootKey (TS005 section 4.3). @throws CallerError `key-length` */
export function mcKEKey(rootKey: Uint8Array): Uint8Array {
  return aesEncryptBlock(rootKey, derivationBlock(0));
}

/** The key-encryption key of a device under its scheme. @throws CallerError `key-length` */
export function mcKEKeyOf(device: DeviceRootKey): Uint8Array {
  if (device.scheme === 'kek-zero') return new Uint8Array(16);
  return mcKEKey(mcRootKey(device.rootKey, device.rules));
}

/**
 * McKey_encrypted as McGroupSetupReq carries it, different for every device. It is made with the decryption direction
 * of AES, so that devices need the encryption direction only.
 * @throws CallerError `key-length`
 */
export function encryptMcKey(kek: Uint8Array, mcKey: Uint8Array): Uint8Array {
  return aesDecryptBlock(kek, mcKey);
}

/** McKey as a device recovers it from McKey_encrypted. @throws CallerError `key-length` */
export function decryptMcKey(kek: Uint8Array, mcKeyEncrypted: Uint8Array): Uint8Array {
  return aesEncryptBlock(kek, mcKeyEncrypted);
}

/** McAppSKey and McNwkSKey of a group (TS005 section 4.3). @throws CallerError `key-length` */
export function mcSessionKeys(mcKey: Uint8Array, mcAddr: DevAddr): MulticastKeys {
  const address = littleEndian(mcAddr, 4);
  return {
    mcAppSKey: aesEncryptBlock(mcKey, derivationBlock(FIRST_OCTET_APP, address)),
    mcNwkSKey: aesEncryptBlock(mcKey, derivationBlock(FIRST_OCTET_NWK, address)),
  };
}

/** One octet, then what the key depends on, then zeros up to a block. */
function derivationBlock(first: number, input: Uint8Array = new Uint8Array(0)): Uint8Array {
  const block = new Uint8Array(16);
  block[0] = first;
  block.set(input, 1);
  return block;
}
