import { formatDatr } from '@airlift/lorawan';
import type { TransmitRequest } from '@airlift/network';
import type { UdpPeer } from './udp-socket.ts';

/** What of a reception decides where its answer is transmitted. */
export interface SemtechContext {
  readonly board: number | undefined;
  readonly antenna: number | undefined;
  /** Where the reception was pushed from. */
  readonly from?: UdpPeer;
}

/**
 * The `txpk` object of a PULL_RESP. LoRa frames go out with inverted polarity and without a payload checksum, as all
 * LoRaWAN downlinks do; `rfch` 0 is the radio with the transmitter.
 */
export function buildTxpk(request: TransmitRequest): Record<string, unknown> {
  const { time, modulation, phyPayload } = request;
  const context = isSemtechContext(request.context) ? request.context : undefined;
  return {
    imme: time.kind === 'immediately',
    ...(time.kind === 'at-counter' ? { tmst: time.counterUs } : {}),
    ...(time.kind === 'at-gps' ? { tmms: Math.round(time.gpsTime) } : {}),
    freq: request.frequencyHz / 1e6,
    rfch: 0,
    powe: Math.round(request.powerDbm),
    ...(modulation.kind === 'lora'
      ? { modu: 'LORA', datr: formatDatr(modulation), codr: '4/5', ipol: true }
      : { modu: 'FSK', datr: formatDatr(modulation), fdev: 25_000, ipol: false }),
    size: phyPayload.length,
    ...(modulation.kind === 'lora' ? { ncrc: true } : {}),
    data: Buffer.from(phyPayload).toString('base64'),
    ...(context?.board === undefined ? {} : { brd: context.board }),
    ...(context?.antenna === undefined ? {} : { ant: context.antenna }),
  };
}

/** Whether the context of a request or reception is ours. */
export function isSemtechContext(value: unknown): value is SemtechContext {
  return typeof value === 'object' && value !== null && 'board' in value && 'antenna' in value;
}
