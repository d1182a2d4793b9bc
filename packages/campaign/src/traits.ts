import type { RowRule } from '@airlift/applayer';

/**
 * What of a device profile a job depends on. Devices of one job share its frames, so those whose `broadcastKey` differs
 * cannot be served together.
 */
export interface DeviceTraits {
  readonly profileId: string;
  readonly ports: { readonly multicast: number; readonly fragmentation: number; readonly clock: number };
  /** Number that the first plain fragment bears on the air. */
  readonly fragIndexBase: 0 | 1;
  readonly codeRule: RowRule;
  /** maxMcFCnt to send in McGroupSetupReq. */
  readonly maxMcFCnt: number;
  /** What McClassCSessionReq carries as SessionTime. */
  readonly sessionTime: 'gps' | 'countdown';
  /** Several commands of one package may share a downlink. */
  readonly severalCommands: boolean;
  readonly keyScheme: 'ts005' | 'kek-zero';
  /** The device confirms the image by MultiTech's CRC-64 exchange, so that success without it is not believed. */
  readonly confirmsByCrc64: boolean;
}

/** Equal for devices that understand the same fragment frames. */
export function broadcastKey(traits: DeviceTraits): string {
  return `${traits.codeRule}/${traits.fragIndexBase}/${traits.ports.fragmentation}`;
}
