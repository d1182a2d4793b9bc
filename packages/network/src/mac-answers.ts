import type { GpsMs } from '@airlift/kernel';
import {
  demodulationFloorDb,
  deviceTimeAns,
  type MacDownlinkCommand,
  type MacUplinkCommand,
  type Modulation,
} from '@airlift/lorawan';

/** What of an uplink the answers to its MAC commands depend on. */
export interface MacCircumstances {
  readonly uplinkEndGps: GpsMs;
  readonly modulation: Modulation;
  readonly bestSnrDb: number;
  readonly gatewayCount: number;
  /** An application answer tells the time instead. */
  readonly withoutDeviceTime: boolean;
}

/**
 * Answers to what a device asks on the MAC layer, one per kind of question: answering twice puts the parsers of common
 * stacks out of step. The answers about link and time come last for the same reason.
 */
export function answerMacCommands(
  commands: readonly MacUplinkCommand[],
  circumstances: MacCircumstances,
): readonly MacDownlinkCommand[] {
  const asked = new Set<string>(commands.map((command) => command.name));
  const answers: MacDownlinkCommand[] = [];
  if (asked.has('PingSlotInfoReq')) answers.push({ name: 'PingSlotInfoAns', fields: {} });
  const mode = commands.find((command) => command.name === 'DeviceModeInd');
  if (mode !== undefined) answers.push({ name: 'DeviceModeConf', fields: mode.fields });
  if (asked.has('LinkCheckReq')) {
    const floorDb = demodulationFloorDb(circumstances.modulation) ?? 0;
    const marginDb = Math.min(254, Math.max(0, Math.round(circumstances.bestSnrDb - floorDb)));
    answers.push({
      name: 'LinkCheckAns',
      fields: { marginDb, gatewayCount: Math.min(255, circumstances.gatewayCount) },
    });
  }
  if (asked.has('DeviceTimeReq') && !circumstances.withoutDeviceTime) {
    answers.push(deviceTimeAns(circumstances.uplinkEndGps));
  }
  return answers;
}
