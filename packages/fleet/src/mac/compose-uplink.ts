import {
  buildDataFrame,
  encodeMacCommands,
  type MacUplinkCommand,
  maxPayloadOctets,
  type Region,
} from '@airlift/lorawan';
import type { DeviceSession } from './device-session.ts';
import type { Uplink } from './uplink.ts';

const ADR_ACK_LIMIT = 64;
const MAX_FOPTS_OCTETS = 15;
/** What a frame has besides its payload. */
const FRAME_OCTETS = 13;

/** A frame ready for the air. */
export interface ComposedUplink {
  readonly octets: Uint8Array;
  /** MAC requests in it: their answers are expected in its windows. */
  readonly asked: ReadonlySet<string>;
  /** The MAC answers left no room for the payload: it has to go into the next frame. */
  readonly leftPayload: boolean;
  readonly confirmed: boolean;
}

/**
 * Builds the next uplink of a session: MAC answers first, then requests, in FOpts, and the payload if it still fits. The
 * session's counter and its answers move on.
 * @returns undefined when the payload does not fit into a frame of this data rate at all, or must not be sent now
 */
export function composeUplink(
  session: DeviceSession,
  uplink: Uplink,
  region: Region,
  flags: {
    readonly adr: boolean;
    readonly confirmed: boolean;
    readonly dataRate: number;
    /** Whether a PHYPayload of that length may go on air now. */
    readonly mayTransmit: (phyOctets: number) => boolean;
  },
): ComposedUplink | undefined {
  const limit = maxPayloadOctets(region, flags.dataRate, { dwell: session.uplinkDwell }) ?? 0;
  const payload = typeof uplink.payload === 'function' ? uplink.payload() : uplink.payload;
  const length = payload?.length ?? 0;
  if (length > limit || !flags.mayTransmit(length + FRAME_OCTETS)) return undefined;
  const { fOpts, asked } = macCommandsOf(session, uplink.requests ?? []);
  const leftPayload = length > 0 && length + fOpts.length > limit;
  const confirmed = (uplink.confirmed === true || flags.confirmed) && !leftPayload;
  const octets = buildDataFrame({
    direction: 'up',
    confirmed,
    devAddr: session.devAddr,
    fCnt: session.fCntUp,
    fCtrl: {
      adr: flags.adr && uplink.adr !== false,
      adrAckReq: flags.adr && session.adrAckCount >= ADR_ACK_LIMIT,
      ack: session.ackPending,
    },
    fOpts,
    keys: session.keys,
    ...(uplink.fPort === undefined || leftPayload
      ? {}
      : { fPort: uplink.fPort, payload: payload ?? new Uint8Array(0) }),
  });
  session.fCntUp += 1;
  session.adrAckCount += 1;
  session.ackPending = false;
  return { octets, asked, leftPayload, confirmed };
}

/** As many commands as fit into FOpts; answers that do not wait for the next frame. */
function macCommandsOf(
  session: DeviceSession,
  requests: readonly MacUplinkCommand[],
): { fOpts: Uint8Array; asked: ReadonlySet<string> } {
  const chosen: MacUplinkCommand[] = [];
  const asked = new Set<string>();
  const waiting: MacUplinkCommand[] = [];
  const fits = (command: MacUplinkCommand): boolean =>
    encodeMacCommands('up', [...chosen, command]).length <= MAX_FOPTS_OCTETS;
  for (const command of session.stickyAnswers) if (fits(command)) chosen.push(command);
  for (const command of session.answers) (fits(command) ? chosen : waiting).push(command);
  for (const command of requests) {
    if (!fits(command)) continue;
    chosen.push(command);
    asked.add(command.name);
  }
  session.answers = waiting;
  return { fOpts: encodeMacCommands('up', chosen), asked };
}
