import { createRequire } from 'node:module';

interface OraclePacket {
  readonly MIC: Buffer;
  readonly DevEUI: Buffer;
  readonly DevNonce: Buffer;
  readonly AppNonce: Buffer;
  readonly NetID: Buffer;
  readonly DevAddr: Buffer;
  getFCnt(): number;
  getFPort(): number | null;
  getDLSettingsOptNeg(): boolean | null;
  isJoinRequestMessage(): boolean;
  isJoinAcceptMessage(): boolean;
}

/**
 * The part of the npm package `lora-packet` that is used here: somebody else's reading of LoRaWAN 1.0.x, so that frames
 * of this server are not judged by this server's own code. Its declarations do not match its module format.
 */
interface Oracle {
  fromWire(octets: Buffer): OraclePacket;
  verifyMIC(packet: OraclePacket, nwkSKey: Buffer | undefined, appKey: Buffer | undefined, fCntMsb?: Buffer): boolean;
  decrypt(packet: OraclePacket, appSKey: Buffer, nwkSKey: Buffer, fCntMsb?: Buffer): Buffer;
  decryptJoinAccept(packet: OraclePacket, appKey: Buffer): Buffer;
  generateSessionKeys10(
    appKey: Buffer,
    netId: Buffer,
    appNonce: Buffer,
    devNonce: Buffer,
  ): { readonly AppSKey: Buffer; readonly NwkSKey: Buffer };
}

export const loraOracle = createRequire(import.meta.url)('lora-packet') as Oracle;
