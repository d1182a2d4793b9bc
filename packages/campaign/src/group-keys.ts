import { encryptMcKey, type KeyScheme, mcKEKeyOf } from '@airlift/applayer';

/** McKey as it travels to one device: only the holder of the device's root key can read it (TS005 section 4). */
export function encryptedGroupKey(mcKey: Uint8Array, genAppKey: Uint8Array, scheme: KeyScheme): Uint8Array {
  return encryptMcKey(mcKEKeyOf({ scheme, rules: '1.0', rootKey: genAppKey }), mcKey);
}
