import { gpsFromUtc, type UtcMs } from '@airlift/kernel';
import type { AirFrame, Signal } from '../radio/air-frame.ts';

/** What a forwarder knows of a received frame besides the frame. */
export interface Reception {
  readonly frame: AirFrame;
  readonly signal: Signal;
  /** The concentrator's 32 bits at the end of the frame. */
  readonly tmst: number;
  readonly channel: number;
  readonly rfChain: number;
  /** With a GPS receiver: the fields `time` and `tmms` are there. */
  readonly gps: boolean;
}

/** The JSON of a PUSH_DATA with one reception (gateways-and-mac.md A.1). */
export function rxpkJson(reception: Reception): string {
  const { frame, signal, tmst, channel, rfChain, gps } = reception;
  const isFsk = /^\d+$/.test(frame.dataRate);
  return JSON.stringify({
    rxpk: [
      {
        tmst,
        ...(gps ? { time: compactTime(frame.endMs), tmms: Math.floor(gpsFromUtc(frame.endMs)) } : {}),
        chan: channel,
        rfch: rfChain,
        freq: frame.frequencyHz / 1e6,
        stat: 1,
        ...(isFsk
          ? { modu: 'FSK', datr: Number(frame.dataRate) }
          : { modu: 'LORA', datr: frame.dataRate, codr: '4/5', lsnr: signal.snr }),
        rssi: signal.rssi,
        size: frame.octets.length,
        data: Buffer.from(frame.octets).toString('base64'),
      },
    ],
  });
}

/** What a forwarder has counted since its last report. */
export interface ForwarderCounts {
  readonly received: number;
  readonly forwarded: number;
  /** PUSH_DATA sent, and acknowledged. */
  readonly pushed: number;
  readonly acknowledged: number;
  readonly downlinks: number;
  readonly transmitted: number;
}

/** Where a gateway stands: degrees and metres. */
export interface Position {
  readonly latitude: number;
  readonly longitude: number;
  readonly altitude: number;
}

/** The JSON of a PUSH_DATA with the status report (A.2). */
export function statJson(now: UtcMs, counts: ForwarderCounts, position: Position | undefined): string {
  const ackr = counts.pushed === 0 ? 0 : Math.round((1000 * counts.acknowledged) / counts.pushed) / 10;
  return JSON.stringify({
    stat: {
      time: `${new Date(now).toISOString().slice(0, 19).replace('T', ' ')} GMT`,
      ...(position === undefined ? {} : { lati: position.latitude, long: position.longitude, alti: position.altitude }),
      rxnb: counts.received,
      rxok: counts.received,
      rxfw: counts.forwarded,
      ackr,
      dwnb: counts.downlinks,
      txnb: counts.transmitted,
    },
  });
}

/** ISO 8601 in UTC with microseconds. */
function compactTime(instant: UtcMs): string {
  const us = Math.floor((instant % 1000) * 1000);
  return `${new Date(instant).toISOString().slice(0, 19)}.${String(us).padStart(6, '0')}Z`;
}
