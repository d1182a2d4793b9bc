import type { GpsMs } from '@airlift/kernel';
import { gpsMs } from '@airlift/kernel';
import {
  isDownlinkFrequency,
  type MacDownlinkCommand,
  type MacUplinkCommand,
  maxRx1DrOffset,
  type Region,
} from '@airlift/lorawan';
import type { ChannelPlan } from './channel-plan.ts';
import type { DeviceSession } from './device-session.ts';

type Of<Name extends MacDownlinkCommand['name']> = Extract<MacDownlinkCommand, { name: Name }>['fields'];

/** What MAC commands are executed upon. */
export interface MacContext {
  readonly region: Region;
  readonly session: DeviceSession;
  readonly plan: ChannelPlan;
  /** Whether the device lets the network choose its data rate. */
  readonly adr: boolean;
  /** Signal-to-noise ratio of the frame, dB. */
  readonly snr: number;
  /** Which questions of the device's are open: answers to others put the parser out of step. */
  readonly asked: ReadonlySet<string>;
}

const KEEP = 15;
const STICKY: ReadonlySet<string> = new Set([
  'RXParamSetupAns',
  'RXTimingSetupAns',
  'TxParamSetupAns',
  'DlChannelAns',
  'PingSlotChannelAns',
]);

/**
 * Executes the commands of a downlink: changes session and plan, and lays the answers ready there.
 * @returns the time that DeviceTimeAns told, that of the end of the uplink that asked
 */
export function executeMacCommands(commands: readonly MacDownlinkCommand[], context: MacContext): GpsMs | undefined {
  let time: GpsMs | undefined;
  for (let i = 0; i < commands.length; i++) {
    const command = commands[i];
    if (command === undefined) break;
    if (command.name === 'LinkADRReq') {
      const block = linkAdrBlock(commands, i);
      linkAdr(block, context);
      i += block.length - 1;
    } else if (command.name === 'DeviceTimeAns') {
      if (!context.asked.has('DeviceTimeReq')) break;
      time = gpsMs(command.fields.seconds * 1000 + (command.fields.fraction * 1000) / 256);
    } else if (command.name === 'LinkCheckAns') {
      if (!context.asked.has('LinkCheckReq')) break;
    } else {
      const answer = execute(command, context);
      if (answer === 'unknown') break;
      if (answer !== undefined) layReady(answer, context.session);
    }
  }
  return time;
}

function layReady(answer: MacUplinkCommand, session: DeviceSession): void {
  if (STICKY.has(answer.name)) session.stickyAnswers.push(answer);
  else session.answers.push(answer);
}

/** The LinkADRReq that follow each other: they are one change. */
function linkAdrBlock(commands: readonly MacDownlinkCommand[], from: number): Of<'LinkADRReq'>[] {
  const block: Of<'LinkADRReq'>[] = [];
  for (const command of commands.slice(from)) {
    if (command.name !== 'LinkADRReq') break;
    block.push(command.fields);
  }
  return block;
}

function linkAdr(block: readonly Of<'LinkADRReq'>[], { region, session, plan, adr }: MacContext): void {
  const last = block.at(-1);
  if (last === undefined) return;
  const enabled = plan.masked(block);
  const dataRate = last.dataRate === KEEP ? session.dataRate : last.dataRate;
  const txPower = last.txPower === KEEP ? session.txPower : last.txPower;
  const dataRateAck =
    (adr || dataRate === session.dataRate) &&
    region.uplinkDataRates[dataRate]?.kind === 'lora' &&
    plan.allowsDataRate(enabled ?? plan.enabled, dataRate);
  const powerAck = (adr || txPower === session.txPower) && txPower <= region.lastTxPower;
  if (enabled !== undefined && dataRateAck && powerAck) {
    plan.enable(enabled);
    session.dataRate = dataRate;
    session.txPower = txPower;
    session.nbTrans = Math.max(1, last.nbTrans);
  }
  // Editions 1.0.2 to 1.0.4 answer every request of the block, all alike.
  for (const _ of block) {
    const fields = { channelMaskAck: enabled !== undefined, dataRateAck, powerAck };
    layReady({ name: 'LinkADRAns', fields }, session);
  }
}

/** The answer; undefined when there is none; `unknown` when a 1.0.x device of class A does not know the command. */
function execute(
  command: Exclude<MacDownlinkCommand, { name: 'LinkADRReq' | 'DeviceTimeAns' | 'LinkCheckAns' }>,
  { region, session, plan, snr }: MacContext,
): MacUplinkCommand | undefined | 'unknown' {
  switch (command.name) {
    case 'DutyCycleReq':
      session.maxDutyCycle = command.fields.maxDutyCycle;
      return { name: 'DutyCycleAns', fields: {} };
    case 'RXParamSetupReq':
      return rxParamSetup(command.fields, region, session);
    case 'DevStatusReq':
      return {
        name: 'DevStatusAns',
        fields: { battery: 254, marginDb: Math.max(-32, Math.min(31, Math.round(snr))) },
      };
    case 'NewChannelReq': {
      // Fixed plans do not know the command: no answer, as the regional parameters say.
      if (region.channels.kind === 'fixed') return undefined;
      const { channelIndex, frequencyHz, minDataRate, maxDataRate } = command.fields;
      const result = plan.define(channelIndex, frequencyHz, { min: minDataRate, max: maxDataRate });
      return {
        name: 'NewChannelAns',
        fields: { channelFrequencyAck: result.frequencyOk, dataRateRangeAck: result.dataRateOk },
      };
    }
    case 'RXTimingSetupReq':
      session.rx1DelayS = Math.max(1, command.fields.delay);
      return { name: 'RXTimingSetupAns', fields: {} };
    case 'TxParamSetupReq':
      if (!region.dwell.settable) return undefined;
      session.uplinkDwell = command.fields.uplinkDwell;
      session.downlinkDwell = command.fields.downlinkDwell;
      return { name: 'TxParamSetupAns', fields: {} };
    case 'DlChannelReq': {
      if (region.channels.kind === 'fixed') return undefined;
      const result = plan.moveDownlink(command.fields.channelIndex, command.fields.frequencyHz);
      return {
        name: 'DlChannelAns',
        fields: { channelFrequencyAck: result.frequencyOk, uplinkFrequencyExists: result.uplinkExists },
      };
    }
    default:
      return 'unknown';
  }
}

function rxParamSetup(fields: Of<'RXParamSetupReq'>, region: Region, session: DeviceSession): MacUplinkCommand {
  const { frequencyHz, rx2DataRate, rx1DrOffset } = fields;
  const channelAck = isDownlinkFrequency(region, frequencyHz);
  const rx2DataRateAck = region.downlinkDataRates[rx2DataRate] !== undefined;
  const rx1DrOffsetAck = rx1DrOffset <= maxRx1DrOffset(region);
  if (channelAck && rx2DataRateAck && rx1DrOffsetAck) {
    session.rx2 = { frequencyHz, dataRate: rx2DataRate };
    session.rx1DrOffset = rx1DrOffset;
  }
  return { name: 'RXParamSetupAns', fields: { channelAck, rx2DataRateAck, rx1DrOffsetAck } };
}
