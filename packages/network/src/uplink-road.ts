import { after, type Eui64, fromHex, type GpsMs, steadyMs } from '@airlift/kernel';
import {
  type DataFrame,
  decodeMacCommands,
  type FCntCandidate,
  type MacUplinkCommand,
  openDataFrame,
  reconstructFCnt,
  type UplinkFrame,
} from '@airlift/lorawan';
import type { ReceivedFrame } from './gateway-link.ts';
import { answerMacCommands } from './mac-answers.ts';
import { gatewayCounters } from './network-counters.ts';
import type { DevicePayload } from './network-event.ts';
import type { NetworkParts } from './network-parts.ts';
import type { DeviceSession } from './network-store.ts';
import { receiveWindows } from './receive-windows.ts';
import type { AnswerNeeds, UnicastDesk } from './unicast-desk.ts';
import { vouchFor } from './vouch-for.ts';

/** More than any way from a gateway takes. */
const BELIEVABLE_MS = 30_000;

interface Opened {
  readonly session: DeviceSession;
  readonly counter: FCntCandidate;
  readonly fOpts: Uint8Array;
  readonly payload: Uint8Array;
}

/** Takes an uplink from the air to whoever listens, and puts together what the device hears in its receive windows. */
export async function uplinkRoad(
  parts: NetworkParts,
  desk: UnicastDesk,
  frame: UplinkFrame,
  receptions: readonly ReceivedFrame[],
  uplink: { readonly frequencyHz: number; readonly dataRate: number },
): Promise<void> {
  const { store, counters, config } = parts;
  const [best] = receptions;
  if (best === undefined) return;
  const opened = await open(parts, frame, best.gatewayEui);
  if (opened === undefined) return;
  const { session, counter } = opened;
  const windows = receiveWindows(config.region, uplink, session);
  const macOctets = frame.fPort === 0 ? opened.payload : opened.fOpts;
  const commands: readonly MacUplinkCommand[] = decodeMacCommands('up', macOctets).commands;
  const receivedAt = steadyMs(Math.min(...receptions.map((reception) => reception.receivedAt)));
  const receivedGps = gpsTimeOf(receptions, parts.deviceTime.gpsOf(receivedAt));
  const needs: AnswerNeeds = {
    acknowledge: frame.confirmed,
    anything: frame.fCtrl.adrAckReq,
    macAnswers: (withoutDeviceTime) =>
      answerMacCommands(commands, {
        uplinkEndGps: receivedGps,
        modulation: best.modulation,
        bestSnrDb: best.snrDb,
        gatewayCount: receptions.length,
        withoutDeviceTime,
      }),
  };
  if (counter.kind === 'repeat') {
    // Heard before, and not delivered again; but a device that repeats a confirmed frame has missed our answer.
    counters.uplinksRepeated += 1;
    if (frame.confirmed) await desk.answer(session, receptions, windows, needs);
    return;
  }
  const lastUplink = {
    at: receivedAt,
    gatewayEui: best.gatewayEui,
    ...uplink,
    rssiDbm: best.rssiDbm,
    snrDb: best.snrDb,
  };
  if (!(await store.saveUplink(session.devEui, session.devAddr, counter.fCnt, lastUplink))) return;
  counters.uplinks += 1;
  gatewayCounters(counters, best.gatewayEui).uplinks += 1;
  vouchFor(parts, receptions);
  parts.hearers.heard(session.devEui, receptions);

  desk.uplinkAccepted(session.devEui);
  const isApplication = frame.fPort !== undefined && frame.fPort > 0;
  const listening = parts.ask({
    kind: 'uplink',
    devEui: session.devEui,
    fPort: isApplication ? frame.fPort : undefined,
    payload: isApplication ? opened.payload : new Uint8Array(0),
    fCnt: counter.fCnt,
    confirmed: frame.confirmed,
    receivedGps,
    receivedAt,
    asksDeviceTime: commands.some((command) => command.name === 'DeviceTimeReq'),
  });
  const answer = await inTime(parts, listening);
  const payload = answer === 'late' ? undefined : answer;
  await desk.answer({ ...session, lastUplink }, receptions, windows, needs, payload);
  if (answer === 'late') void queueWhenItComes(desk, session.devEui, listening);
}

/** An answer that missed the windows of its uplink waits for the next ones. */
async function queueWhenItComes(
  desk: UnicastDesk,
  devEui: Eui64,
  listening: Promise<DevicePayload | undefined>,
): Promise<void> {
  const payload = await listening;
  if (payload !== undefined) desk.queue(devEui, payload);
}

/**
 * GPS time of the end of reception: what a gateway that knows it reports, else our own. A gateway whose time is
 * far from ours is not believed: devices are told it, and sessions are planned by ours.
 */
function gpsTimeOf(receptions: readonly ReceivedFrame[], own: GpsMs): GpsMs {
  const reported = receptions.flatMap(({ gpsTime }) => gpsTime ?? []);
  return reported.find((gpsTime) => Math.abs(gpsTime - own) <= BELIEVABLE_MS) ?? own;
}

/** Finds the session whose keys fit: addresses are short and several devices may bear the same one. */
async function open(parts: NetworkParts, frame: DataFrame, gatewayEui: Eui64): Promise<Opened | undefined> {
  const sessions = await parts.store.sessionsByDevAddr(frame.devAddr);
  for (const session of sessions) {
    const counter = reconstructFCnt(session.lastFCntUp, frame.fCnt16);
    if (counter === undefined) continue;
    const opened = openDataFrame(frame, {
      keys: { macVersion: '1.0', nwkSKey: fromHex(session.nwkSKey), appSKey: fromHex(session.appSKey) },
      fCnt: counter.fCnt,
    });
    if (opened !== undefined) return { session, counter, ...opened };
  }
  if (sessions.length === 0) {
    parts.counters.uplinksUnknownAddress += 1;
  } else {
    parts.counters.uplinksWrongMic += 1;
    gatewayCounters(parts.counters, gatewayEui).wrongMic += 1;
  }
  return undefined;
}

/** What the listener answers, unless it is not there when the answer must be put together. */
async function inTime(
  parts: NetworkParts,
  listening: Promise<DevicePayload | undefined>,
): Promise<DevicePayload | 'late' | undefined> {
  let timer: { cancel(): void } | undefined;
  const patience = new Promise<'late'>((resolve) => {
    timer = after(parts.clock, parts.config.answerWaitMs, () => resolve('late'));
  });
  const answer = await Promise.race([listening, patience]);
  timer?.cancel();
  return answer;
}
