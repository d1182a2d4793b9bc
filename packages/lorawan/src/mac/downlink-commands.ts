import { bits, command, flag, frequency, mask, rfu, u8, u16, u32 } from '@airlift/wire';
import { CLASS_B_BEFORE_1_0_4, FROM_1_0_0, FROM_1_0_2, FROM_1_0_3, ONLY_1_1 } from './versions.ts';

const minor = () => bits('minor', 4, "minor version of LoRaWAN 1 that the server uses: at most the device's");

const forceRejoin = {
  name: 'ForceRejoinReq',
  cid: 0x0e,
  direction: 'down',
  versions: ONLY_1_1,
  doc: 'The device is to send rejoin-requests now; there is no answer but those.',
  section: 'LoRaWAN 1.1 5.13',
} as const;
const retries = [
  bits('maxRetries', 3, 'how often the rejoin-request is repeated at most'),
  bits('period', 3, 'seconds between repetitions: 32 times 2^period, and a random part'),
  rfu(2),
] as const;
const request = [
  bits('dataRate', 4, 'data rate of the rejoin-requests'),
  bits('rejoinType', 3, '0 or 1: type 0; 2: type 2'),
  rfu(1),
] as const;

/** ForceRejoinReq as the reference device stack and TTN have it: retries first. */
export const FORCE_REJOIN_RETRIES_FIRST = command({ ...forceRejoin, parts: [...retries, ...request] });

/** ForceRejoinReq read as one little-endian word, as ChirpStack sends it. */
export const FORCE_REJOIN_TYPE_FIRST = command({ ...forceRejoin, parts: [...request, ...retries] });

/** MAC commands that the network sends, but for ForceRejoinReq, whose layout is in dispute. */
export const DOWNLINK_COMMANDS = [
  command({
    name: 'ResetConf',
    cid: 0x01,
    direction: 'down',
    versions: ONLY_1_1,
    doc: 'Answers ResetInd.',
    section: 'LoRaWAN 1.1 5.1',
    parts: [minor(), rfu(4)],
  }),
  command({
    name: 'LinkCheckAns',
    cid: 0x02,
    direction: 'down',
    versions: FROM_1_0_0,
    doc: 'Answers LinkCheckReq. Sent unasked it puts common device stacks out of step.',
    section: 'LoRaWAN 1.0.4 5.1',
    parts: [
      u8('marginDb', 'dB above the demodulation floor at the gateway that heard best; 255 is reserved'),
      u8('gatewayCount', 'how many gateways heard the request'),
    ],
  }),
  command({
    name: 'LinkADRReq',
    cid: 0x03,
    direction: 'down',
    versions: FROM_1_0_0,
    doc: 'Sets data rate, power, repetitions and channels. Several in a row are one change: of the first three the last counts.',
    section: 'LoRaWAN 1.0.4 5.2',
    parts: [
      bits('txPower', 4, 'index of the power; 15 keeps it from 1.0.4 on'),
      bits('dataRate', 4, 'index of the data rate; 15 keeps it from 1.0.4 on'),
      mask('chMask', 16, 'channels of the group that chMaskCntl names'),
      bits('nbTrans', 4, 'transmissions of each unconfirmed uplink; devices disagree on 0'),
      bits('chMaskCntl', 3, 'what chMask applies to, by region'),
      rfu(1),
    ],
  }),
  command({
    name: 'DutyCycleReq',
    cid: 0x04,
    direction: 'down',
    versions: FROM_1_0_0,
    doc: 'Limits the time on air of the device over all channels.',
    section: 'LoRaWAN 1.0.4 5.3',
    parts: [bits('maxDutyCycle', 4, 'at most 1 / 2^maxDutyCycle of the time'), rfu(4)],
  }),
  command({
    name: 'RXParamSetupReq',
    cid: 0x05,
    direction: 'down',
    versions: FROM_1_0_0,
    doc: 'Sets the second receive window and the data-rate offset of the first.',
    section: 'LoRaWAN 1.0.4 5.4',
    parts: [
      bits('rx2DataRate', 4, 'index of the data rate of RX2'),
      bits('rx1DrOffset', 3, 'offset between uplink and RX1 data rate'),
      rfu(1),
      frequency('frequencyHz', 'frequency of RX2'),
    ],
  }),
  command({
    name: 'DevStatusReq',
    cid: 0x06,
    direction: 'down',
    versions: FROM_1_0_0,
    doc: 'Asks for battery and reception.',
    section: 'LoRaWAN 1.0.4 5.5',
    parts: [],
  }),
  command({
    name: 'NewChannelReq',
    cid: 0x07,
    direction: 'down',
    versions: FROM_1_0_0,
    doc: 'Defines, changes or removes an uplink channel of a dynamic plan; default channels cannot be touched.',
    section: 'LoRaWAN 1.0.4 5.6',
    parts: [
      u8('channelIndex', 'number of the channel'),
      frequency('frequencyHz', 'its frequency; 0 removes it'),
      bits('minDataRate', 4, 'lowest data rate on it'),
      bits('maxDataRate', 4, 'highest data rate on it'),
    ],
  }),
  command({
    name: 'RXTimingSetupReq',
    cid: 0x08,
    direction: 'down',
    versions: FROM_1_0_0,
    doc: 'Sets the delay of the first receive window; RX2 follows a second later.',
    section: 'LoRaWAN 1.0.4 5.7',
    parts: [bits('delay', 4, 'seconds; 0 means 1'), rfu(4)],
  }),
  command({
    name: 'TxParamSetupReq',
    cid: 0x09,
    direction: 'down',
    versions: FROM_1_0_2,
    doc: 'Sets dwell times and power in the regions that limit them; ignored silently elsewhere.',
    section: 'LoRaWAN 1.0.4 5.8',
    parts: [
      bits('maxEirp', 4, 'code of the largest EIRP, see MAX_EIRP_DBM'),
      flag('uplinkDwell', 'uplinks last 400 ms at most'),
      flag('downlinkDwell', 'downlinks last 400 ms at most'),
      rfu(2),
    ],
  }),
  command({
    name: 'DlChannelReq',
    cid: 0x0a,
    direction: 'down',
    versions: FROM_1_0_2,
    doc: 'Moves the first receive window after uplinks on a channel to another frequency.',
    section: 'LoRaWAN 1.0.4 5.9',
    parts: [u8('channelIndex', 'number of the channel'), frequency('frequencyHz', 'frequency of RX1')],
  }),
  command({
    name: 'RekeyConf',
    cid: 0x0b,
    direction: 'down',
    versions: ONLY_1_1,
    doc: 'Answers RekeyInd.',
    section: 'LoRaWAN 1.1 5.10',
    parts: [minor(), rfu(4)],
  }),
  command({
    name: 'ADRParamSetupReq',
    cid: 0x0c,
    direction: 'down',
    versions: ONLY_1_1,
    doc: 'Sets after how many unanswered uplinks a device asks for a downlink and then falls back.',
    section: 'LoRaWAN 1.1 5.11',
    parts: [
      bits('delayExponent', 4, 'ADR_ACK_DELAY is 2^delayExponent; 5 by default'),
      bits('limitExponent', 4, 'ADR_ACK_LIMIT is 2^limitExponent; 6 by default'),
    ],
  }),
  command({
    name: 'DeviceTimeAns',
    cid: 0x0d,
    direction: 'down',
    versions: FROM_1_0_3,
    doc: 'Answers DeviceTimeReq with the time at which that uplink ended. Sent unasked it puts device stacks out of step.',
    section: 'LoRaWAN 1.0.4 5.10',
    parts: [u32('seconds', 'GPS seconds modulo 2^32'), u8('fraction', '1/256 s')],
  }),
  command({
    name: 'RejoinParamSetupReq',
    cid: 0x0f,
    direction: 'down',
    versions: ONLY_1_1,
    doc: 'Makes the device send rejoin-requests of type 0 regularly.',
    section: 'LoRaWAN 1.1 5.14',
    parts: [
      bits('maxCountExponent', 4, 'at least every 2^(maxCountExponent + 4) uplinks'),
      bits('maxTimeExponent', 4, 'at least every 2^(maxTimeExponent + 10) seconds'),
    ],
  }),
  command({
    name: 'PingSlotInfoAns',
    cid: 0x10,
    direction: 'down',
    versions: FROM_1_0_3,
    doc: 'Answers PingSlotInfoReq; only then may the device use class B.',
    section: 'LoRaWAN 1.0.4 14.1',
    parts: [],
  }),
  command({
    name: 'PingSlotChannelReq',
    cid: 0x11,
    direction: 'down',
    versions: FROM_1_0_3,
    doc: 'Sets frequency and data rate of the ping slots.',
    section: 'LoRaWAN 1.0.4 14.3',
    parts: [
      frequency('frequencyHz', 'frequency; 0 for the default of the region'),
      bits('dataRate', 4, 'index of the data rate'),
      rfu(4),
    ],
  }),
  command({
    name: 'BeaconTimingAns',
    cid: 0x12,
    direction: 'down',
    versions: CLASS_B_BEFORE_1_0_4,
    doc: 'Answers BeaconTimingReq.',
    section: 'LoRaWAN 1.0.3 14.4',
    parts: [u16('delay', 'time to the next beacon in steps of 30 ms'), u8('channel', 'channel of that beacon')],
  }),
  command({
    name: 'BeaconFreqReq',
    cid: 0x13,
    direction: 'down',
    versions: FROM_1_0_3,
    doc: 'Sets the frequency on which the device looks for beacons.',
    section: 'LoRaWAN 1.0.4 14.2',
    parts: [frequency('frequencyHz', 'frequency; 0 for the default of the region')],
  }),
  command({
    name: 'DeviceModeConf',
    cid: 0x20,
    direction: 'down',
    versions: ONLY_1_1,
    doc: 'Answers DeviceModeInd.',
    section: 'LoRaWAN 1.1 18.1',
    parts: [u8('class', '0 class A, 2 class C')],
  }),
] as const;
