import { ts003 } from '@airlift/applayer';
import { type GpsMs, gpsSecondsU32 } from '@airlift/kernel';

/** What to say to a device that asks for the time on the application layer (TS003). */
export type ClockAnswer =
  /** The network server's DeviceTimeAns to the same frame sets the clock; a second answer would correct it twice. */
  | { readonly kind: 'leave-to-mac' }
  | {
      readonly kind: 'send';
      readonly payload: Uint8Array;
      /** Must go out without a DeviceTimeAns: devices ignore this one beside it, and go on asking until they get it. */
      readonly replacesDeviceTime: boolean;
    };

/**
 * Answers AppTimeReq. The correction is taken modulo 2^32 and sent as a signed number, since devices boot in 1970, which
 * is before the epoch. An answer is sent even when nothing is to correct: devices ask again until they get one.
 */
export function answerClock(
  request: { readonly deviceTimeS: number; readonly token: number },
  receivedGps: GpsMs,
  asksDeviceTime: boolean,
): ClockAnswer {
  const correctionS = (gpsSecondsU32(receivedGps) - request.deviceTimeS) | 0;
  if (asksDeviceTime && Math.abs(correctionS) > 1) return { kind: 'leave-to-mac' };
  const payload = ts003.encode(1, 'down', [
    { name: 'AppTimeAns', fields: { TimeCorrection: correctionS, TokenAns: request.token } },
  ]);
  return { kind: 'send', payload, replacesDeviceTime: asksDeviceTime };
}
