import { createCipheriv } from 'node:crypto';

/** One AES-128 block. */
export function aes(key: Uint8Array, block: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return Buffer.concat([cipher.update(block), cipher.final()]);
}

/** The keys of a multicast group, reckoned as a device does (TS005-1.0.0 section 4.1), with nothing of this server's. */
export function groupKeysOf(
  genAppKey: Uint8Array,
  mcKeyEncrypted: Uint8Array,
  mcAddrOnAir: Uint8Array,
): { readonly mcKey: Buffer; readonly appSKey: Buffer; readonly nwkSKey: Buffer } {
  const mcRootKey = aes(genAppKey, Buffer.alloc(16));
  const mcKEKey = aes(mcRootKey, Buffer.alloc(16));
  const mcKey = aes(mcKEKey, mcKeyEncrypted);
  const session = (kind: number): Buffer => aes(mcKey, Buffer.concat([Buffer.of(kind), mcAddrOnAir, Buffer.alloc(11)]));
  return { mcKey, appSKey: session(1), nwkSKey: session(2) };
}
