import { CallerError, type GpsMs, gpsSecondsU32 } from '@airlift/kernel';
import { CommandList, type MessageOf, type ReadResult } from '@airlift/wire';
import type { Direction } from '../fctrl.ts';
import { DOWNLINK_COMMANDS, FORCE_REJOIN_RETRIES_FIRST, FORCE_REJOIN_TYPE_FIRST } from './downlink-commands.ts';
import { UPLINK_COMMANDS } from './uplink-commands.ts';
import type { MacVersion } from './versions.ts';

/** A MAC command of a device, told apart by `name`. */
export type MacUplinkCommand = MessageOf<(typeof UPLINK_COMMANDS)[number]>;

/** A MAC command of the network, told apart by `name`. */
export type MacDownlinkCommand = MessageOf<(typeof DOWNLINK_COMMANDS)[number] | typeof FORCE_REJOIN_RETRIES_FIRST>;

/** Where implementations read the specification differently. */
export interface MacDialect {
  /** Which octet of ForceRejoinReq comes first; `retries-first` (reference device stack, TTN) when absent. */
  readonly forceRejoin?: 'retries-first' | 'type-first';
}

/** Longest list of MAC commands that goes into FOpts; a longer one needs FPort 0 and a frame of its own. */
export const MAX_FOPTS_OCTETS = 15;

/** The uplink commands as one list: for encoding, reading, views and documentation. */
export const MAC_UPLINK_COMMANDS = new CommandList(UPLINK_COMMANDS);

const DOWNLINK_RETRIES_FIRST = new CommandList([...DOWNLINK_COMMANDS, FORCE_REJOIN_RETRIES_FIRST]);
const DOWNLINK_TYPE_FIRST = new CommandList([...DOWNLINK_COMMANDS, FORCE_REJOIN_TYPE_FIRST]);

/** The downlink commands as one list, in the given dialect. */
export function macDownlinkCommands(dialect: MacDialect = {}): typeof DOWNLINK_RETRIES_FIRST {
  return dialect.forceRejoin === 'type-first' ? DOWNLINK_TYPE_FIRST : DOWNLINK_RETRIES_FIRST;
}

/**
 * Reads MAC commands, from FOpts or from the payload of FPort 0 (both in the clear). Never throws: an unknown or cut-off
 * command ends the reading, since its length is not known; what came before counts. Relay (0x40..0x46) and proprietary
 * commands (0x80 on) are unknown here.
 */
export function decodeMacCommands(direction: 'up', octets: Uint8Array): ReadResult<MacUplinkCommand>;
export function decodeMacCommands(
  direction: 'down',
  octets: Uint8Array,
  dialect?: MacDialect,
): ReadResult<MacDownlinkCommand>;
export function decodeMacCommands(
  direction: Direction,
  octets: Uint8Array,
  dialect?: MacDialect,
): ReadResult<MacUplinkCommand | MacDownlinkCommand> {
  return direction === 'up' ? MAC_UPLINK_COMMANDS.read(octets) : macDownlinkCommands(dialect).read(octets);
}

/**
 * The octets of MAC commands, in order: answers first, then requests; answers to DeviceTimeReq and LinkCheckReq best last.
 * At most `MAX_FOPTS_OCTETS` fit into FOpts.
 * @throws CallerError `command-unknown` and those of the wire package's `Command.write`
 */
export function encodeMacCommands(direction: 'up', commands: readonly MacUplinkCommand[]): Uint8Array;
export function encodeMacCommands(
  direction: 'down',
  commands: readonly MacDownlinkCommand[],
  dialect?: MacDialect,
): Uint8Array;
export function encodeMacCommands(
  direction: Direction,
  commands: readonly MacUplinkCommand[] | readonly MacDownlinkCommand[],
  dialect?: MacDialect,
): Uint8Array {
  return direction === 'up'
    ? MAC_UPLINK_COMMANDS.encode(commands as readonly MacUplinkCommand[])
    : macDownlinkCommands(dialect).encode(commands as readonly MacDownlinkCommand[]);
}

/** Whether devices of that edition of LoRaWAN know the command; false also for names that no command has. */
export function knowsMacCommand(version: MacVersion, direction: Direction, name: string): boolean {
  const { commands } = direction === 'up' ? MAC_UPLINK_COMMANDS : DOWNLINK_RETRIES_FIRST;
  return commands.some((known) => known.name === name && known.versions.includes(version));
}

/** DeviceTimeAns for the instant at which the uplink that asked ended. */
export function deviceTimeAns(uplinkEnd: GpsMs): Extract<MacDownlinkCommand, { name: 'DeviceTimeAns' }> {
  const fraction = Math.floor(((((uplinkEnd % 1000) + 1000) % 1000) * 256) / 1000);
  return { name: 'DeviceTimeAns', fields: { seconds: gpsSecondsU32(uplinkEnd), fraction } };
}

/** EIRP in dBm by the MaxEIRP code of TxParamSetupReq. */
export const MAX_EIRP_DBM: readonly number[] = [8, 10, 12, 13, 14, 16, 18, 20, 21, 24, 26, 27, 29, 30, 33, 36];

/**
 * The MaxEIRP code of the greatest power not above `dbm`.
 * @throws CallerError `eirp-too-low` below 8 dBm
 */
export function maxEirpCode(dbm: number): number {
  const code = MAX_EIRP_DBM.findLastIndex((power) => power <= dbm);
  if (code < 0) throw new CallerError('eirp-too-low', 'MaxEIRP cannot be less than 8 dBm');
  return code;
}
