/** What a device said, whatever package and port it came on. */
export type DeviceAnswer =
  | { readonly kind: 'group'; readonly groupId: number; readonly accepted: boolean }
  | {
      readonly kind: 'session';
      readonly groupId: number;
      readonly errors: readonly string[];
      /** Seconds from the uplink to the start, by the device's clock; undefined when it refused. */
      readonly timeToStartS: number | undefined;
    }
  | { readonly kind: 'fragmentation'; readonly fragIndex: number; readonly errors: readonly string[] }
  | {
      readonly kind: 'status';
      readonly fragIndex: number;
      readonly nbFragReceived: number;
      readonly missingFrag: number;
      readonly memoryError: boolean;
      /** Version 2 only. */
      readonly micError: boolean | undefined;
    }
  /** Version 2: the device knows no fragmentation session of that index. */
  | { readonly kind: 'no-session' }
  | { readonly kind: 'block-received'; readonly fragIndex: number; readonly micError: boolean }
  /** MultiTech: eight octets as they came. */
  | { readonly kind: 'crc64'; readonly octets: Uint8Array }
  /** Semtech's and ST's report of the finished file. */
  | { readonly kind: 'file-report'; readonly crc32: number }
  | { readonly kind: 'session-complete' }
  | {
      readonly kind: 'time-request';
      /** GPS seconds modulo 2^32 by the device's clock. */
      readonly deviceTimeS: number;
      readonly token: number;
    };

/** What the check of a device's check value found. */
export type CrcVerdict = 'match' | 'mismatch';
