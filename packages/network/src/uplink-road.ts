import { after, type Eui64, fromHex, gpsFromUtc } from '@airlift/kernel';
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
import type { NetworkParts } from './network-parts.ts';
import type { DeviceSession } from './network-store.ts';
import { receiveWindows } from './receive-windows.ts';
import type { UnicastDesk } from './unicast-desk.ts';

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
  if (counter.kind === 'repeat') {
    // Heard before, and not delivered again; but a device that repeats a confirmed frame has missed our answer.
    counters.uplinksRepeated += 1;
    if (!frame.confirmed) return;
    await desk.answer(session, receptions, windows, { acknowledge: true, anything: true, macAnswers: () => [] });
    return;
  }
  const lastUplink = {
    at: best.receivedAt,
    gatewayEui: best.gatewayEui,
    ...uplink,
    rssiDbm: best.rssiDbm,
    snrDb: best.snrDb,
  };
  if (!(await store.saveUplink(session.devEui, session.devAddr, counter.fCnt, lastUplink))) return;
  counters.uplinks += 1;
  gatewayCounters(counters, best.gatewayEui).uplinks += 1;

  const macOctets = frame.fPort === 0 ? opened.payload : opened.fOpts;
  const commands: readonly MacUplinkCommand[] = decodeMacCommands('up', macOctets).commands;
  const asksDeviceTime = commands.some((command) => command.name === 'DeviceTimeReq');
  const receivedGps = best.gpsTime ?? gpsFromUtc(best.receivedAt);
  const isApplication = frame.fPort !== undefined && frame.fPort > 0;
  await listenFor(
    parts,
    parts.emit({
      kind: 'uplink',
      devEui: session.devEui,
      fPort: isApplication ? frame.fPort : undefined,
      payload: isApplication ? opened.payload : new Uint8Array(0),
      fCnt: counter.fCnt,
      confirmed: frame.confirmed,
      receivedGps,
      receivedAt: best.receivedAt,
      asksDeviceTime,
    }),
  );
  await desk.answer({ ...session, lastUplink }, receptions, windows, {
    acknowledge: frame.confirmed,
    anything: frame.fCtrl.adrAckReq,
    macAnswers: (withoutDeviceTime) =>
      answerMacCommands(commands, {
        uplinkEndGps: receivedGps,
        modulation: best.modulation,
        bestSnrDb: Math.max(...receptions.map((reception) => reception.snrDb)),
        gatewayCount: new Set(receptions.map((reception) => reception.gatewayEui)).size,
        withoutDeviceTime,
      }),
  });
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

/** Waits for the listener, but not past the point at which the answer must leave. */
async function listenFor(parts: NetworkParts, listening: Promise<void>): Promise<void> {
  let timer: { cancel(): void } | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = after(parts.clock, parts.config.answerWaitMs, resolve);
  });
  await Promise.race([listening, patience]);
  timer?.cancel();
}
