import { CallerError, concatOctets, littleEndian } from '@airlift/kernel';
import { aesCmac, aesEncryptBlock } from '@airlift/lorawan';

/** What the integrity code of a data block covers (TS004-2.0.0 section 4). */
export interface DataBlock {
  /** 0..65535, as in FragSessionSetupReq. */
  readonly sessionCnt: number;
  /** 0..3 */
  readonly fragIndex: number;
  /** Four octets in order on air. */
  readonly descriptor: Uint8Array;
  /** The data without padding. */
  readonly block: Uint8Array;
}

const FIRST_OCTET_INTEGRITY = 0x30;

/**
 * DataBlockIntKey from the device's root key: GenAppKey under LoRaWAN 1.0.x, AppKey under 1.1.
 * @throws CallerError `key-length`
 */
export function dataBlockIntKey(rootKey: Uint8Array): Uint8Array {
  const input = new Uint8Array(16);
  input[0] = FIRST_OCTET_INTEGRITY;
  return aesEncryptBlock(rootKey, input);
}

/** The block B0 that is put before the data. @throws CallerError `descriptor-length` */
export function dataBlockB0(data: DataBlock): Uint8Array {
  if (data.descriptor.length !== 4) throw new CallerError('descriptor-length', 'a Descriptor has four octets');
  return concatOctets(
    Uint8Array.of(0x49),
    littleEndian(data.sessionCnt, 2),
    Uint8Array.of(data.fragIndex),
    data.descriptor,
    new Uint8Array(4),
    littleEndian(data.block.length, 4),
  );
}

/**
 * The four octets of MIC in FragSessionSetupReq, in order on air. Key and SessionCnt belong to one device, so one block
 * has a different code for each.
 * @param key DataBlockIntKey, 16 octets
 * @throws CallerError `key-length`, `descriptor-length`
 */
export function dataBlockMic(key: Uint8Array, data: DataBlock): Uint8Array {
  return aesCmac(key, concatOctets(dataBlockB0(data), data.block)).slice(0, 4);
}
