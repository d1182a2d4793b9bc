import { fromHex, gpsMs, toHex } from '@airlift/kernel';
import { type Choices, drawFields } from '@airlift/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeMacCommands,
  deviceTimeAns,
  encodeMacCommands,
  knowsMacCommand,
  MAC_UPLINK_COMMANDS,
  MAX_EIRP_DBM,
  type MacDownlinkCommand,
  type MacUplinkCommand,
  macDownlinkCommands,
  maxEirpCode,
} from '../src/index.ts';

const UP: readonly (readonly [string, MacUplinkCommand])[] = [
  ['0101', { name: 'ResetInd', fields: { minor: 1 } }],
  ['02', { name: 'LinkCheckReq', fields: {} }],
  ['0305', { name: 'LinkADRAns', fields: { channelMaskAck: true, dataRateAck: false, powerAck: true } }],
  ['0307', { name: 'LinkADRAns', fields: { channelMaskAck: true, dataRateAck: true, powerAck: true } }],
  ['04', { name: 'DutyCycleAns', fields: {} }],
  ['0506', { name: 'RXParamSetupAns', fields: { channelAck: false, rx2DataRateAck: true, rx1DrOffsetAck: true } }],
  ['06fe14', { name: 'DevStatusAns', fields: { battery: 254, marginDb: 20 } }],
  ['060020', { name: 'DevStatusAns', fields: { battery: 0, marginDb: -32 } }],
  ['06ff3f', { name: 'DevStatusAns', fields: { battery: 255, marginDb: -1 } }],
  ['0702', { name: 'NewChannelAns', fields: { channelFrequencyAck: false, dataRateRangeAck: true } }],
  ['08', { name: 'RXTimingSetupAns', fields: {} }],
  ['09', { name: 'TxParamSetupAns', fields: {} }],
  ['0a01', { name: 'DlChannelAns', fields: { channelFrequencyAck: true, uplinkFrequencyExists: false } }],
  ['0b01', { name: 'RekeyInd', fields: { minor: 1 } }],
  ['0c', { name: 'ADRParamSetupAns', fields: {} }],
  ['0d', { name: 'DeviceTimeReq', fields: {} }],
  ['0f01', { name: 'RejoinParamSetupAns', fields: { timeOk: true } }],
  ['1007', { name: 'PingSlotInfoReq', fields: { periodicity: 7 } }],
  ['1103', { name: 'PingSlotChannelAns', fields: { channelFrequencyAck: true, dataRateAck: true } }],
  ['12', { name: 'BeaconTimingReq', fields: {} }],
  ['1301', { name: 'BeaconFreqAns', fields: { beaconFrequencyAck: true } }],
  ['2002', { name: 'DeviceModeInd', fields: { class: 2 } }],
];

const DOWN: readonly (readonly [string, MacDownlinkCommand])[] = [
  ['0101', { name: 'ResetConf', fields: { minor: 1 } }],
  ['021403', { name: 'LinkCheckAns', fields: { marginDb: 20, gatewayCount: 3 } }],
  // US915 sub-band 2: the 500 kHz channel, then the bank of 125 kHz channels.
  ['0351020070', { name: 'LinkADRReq', fields: { dataRate: 5, txPower: 1, chMask: 2, chMaskCntl: 7, nbTrans: 0 } }],
  ['0350ff0001', { name: 'LinkADRReq', fields: { dataRate: 5, txPower: 0, chMask: 255, chMaskCntl: 0, nbTrans: 1 } }],
  ['040f', { name: 'DutyCycleReq', fields: { maxDutyCycle: 15 } }],
  ['0532d2ad84', { name: 'RXParamSetupReq', fields: { rx1DrOffset: 3, rx2DataRate: 2, frequencyHz: 869_525_000 } }],
  ['06', { name: 'DevStatusReq', fields: {} }],
  [
    '0703184f8450',
    { name: 'NewChannelReq', fields: { channelIndex: 3, frequencyHz: 867_100_000, minDataRate: 0, maxDataRate: 5 } },
  ],
  ['0805', { name: 'RXTimingSetupReq', fields: { delay: 5 } }],
  ['0925', { name: 'TxParamSetupReq', fields: { maxEirp: 5, uplinkDwell: false, downlinkDwell: true } }],
  ['091d', { name: 'TxParamSetupReq', fields: { maxEirp: 13, uplinkDwell: true, downlinkDwell: false } }],
  ['0a01184f84', { name: 'DlChannelReq', fields: { channelIndex: 1, frequencyHz: 867_100_000 } }],
  ['0b01', { name: 'RekeyConf', fields: { minor: 1 } }],
  ['0c65', { name: 'ADRParamSetupReq', fields: { limitExponent: 6, delayExponent: 5 } }],
  ['0d52bc6f578000'.slice(0, 12), { name: 'DeviceTimeAns', fields: { seconds: 0x576fbc52, fraction: 128 } }],
  ['0f23', { name: 'RejoinParamSetupReq', fields: { maxTimeExponent: 2, maxCountExponent: 3 } }],
  ['10', { name: 'PingSlotInfoAns', fields: {} }],
  ['11d2ad8403', { name: 'PingSlotChannelReq', fields: { frequencyHz: 869_525_000, dataRate: 3 } }],
  ['12e80301', { name: 'BeaconTimingAns', fields: { delay: 1000, channel: 1 } }],
  ['13d2ad84', { name: 'BeaconFreqReq', fields: { frequencyHz: 869_525_000 } }],
  ['2002', { name: 'DeviceModeConf', fields: { class: 2 } }],
];

describe('MAC commands', () => {
  it.each(UP)('uplink %s both ways', (hex, command) => {
    expect(toHex(encodeMacCommands('up', [command]))).toBe(hex);
    expect(decodeMacCommands('up', fromHex(hex))).toEqual({
      commands: [command],
      error: undefined,
      end: hex.length / 2,
    });
  });

  it.each(DOWN)('downlink %s both ways', (hex, command) => {
    expect(toHex(encodeMacCommands('down', [command]))).toBe(hex);
    expect(decodeMacCommands('down', fromHex(hex))).toEqual({
      commands: [command],
      error: undefined,
      end: hex.length / 2,
    });
  });

  it('are all in the tables above', () => {
    const names = (list: readonly (readonly [string, { readonly name: string }])[]) =>
      new Set(list.map(([, { name }]) => name));
    expect(names(UP)).toEqual(new Set(MAC_UPLINK_COMMANDS.commands.map(({ name }) => name)));
    expect(names([...DOWN, ['', { name: 'ForceRejoinReq' }]])).toEqual(
      new Set(macDownlinkCommands().commands.map(({ name }) => name)),
    );
  });

  it('follow each other', () => {
    const commands = UP.map(([, command]) => command);
    const octets = encodeMacCommands('up', commands);
    expect(toHex(octets)).toBe(UP.map(([hex]) => hex).join(''));
    expect(decodeMacCommands('up', octets).commands).toEqual(commands);
  });

  it('before a problem count', () => {
    expect(decodeMacCommands('up', fromHex('0307 41 0d'.replaceAll(' ', '')))).toMatchObject({
      commands: [{ name: 'LinkADRAns' }],
      error: { code: 'unknown-cid', kind: 'peer' },
      end: 2,
    });
    expect(decodeMacCommands('up', fromHex('0d06fe'))).toMatchObject({
      commands: [{ name: 'DeviceTimeReq' }],
      error: { code: 'truncated' },
      end: 1,
    });
  });

  it('ForceRejoinReq has two layouts in the field', () => {
    const command: MacDownlinkCommand = {
      name: 'ForceRejoinReq',
      fields: { period: 5, maxRetries: 3, rejoinType: 2, dataRate: 4 },
    };
    for (const [hex, dialect] of [
      ['0e2b24', {}],
      ['0e2b24', { forceRejoin: 'retries-first' }],
      ['0e242b', { forceRejoin: 'type-first' }],
    ] as const) {
      expect(toHex(encodeMacCommands('down', [command], dialect))).toBe(hex);
      expect(decodeMacCommands('down', fromHex(hex), dialect).commands).toEqual([command]);
    }
  });

  it('that cannot be written are refused', () => {
    expect(() => encodeMacCommands('down', [{ name: 'RXTimingSetupReq', fields: { delay: 16 } }])).toThrow(
      expect.objectContaining({ code: 'field-out-of-range', kind: 'caller' }),
    );
  });

  it('of any values are read as they were written', () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const choices: Choices = {
          integer: (min, max) => gen(fc.integer, { min, max }),
          octets: (length) => gen(fc.uint8Array, { minLength: length, maxLength: length }),
        };
        for (const list of [
          MAC_UPLINK_COMMANDS,
          macDownlinkCommands(),
          macDownlinkCommands({ forceRejoin: 'type-first' }),
        ]) {
          for (const command of list.commands) {
            const message = { name: command.name, fields: drawFields(command, choices) };
            const octets = list.encode([message as never]);
            expect(octets[0]).toBe(command.cid);
            expect(list.decode(octets)).toEqual([message]);
            expect(list.fromView(list.view(message as never))).toEqual(message);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('from arbitrary octets never throw, and what was read writes the same length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (octets) => {
        const up = decodeMacCommands('up', octets);
        expect(encodeMacCommands('up', up.commands)).toHaveLength(up.end);
        const down = decodeMacCommands('down', octets);
        expect(encodeMacCommands('down', down.commands)).toHaveLength(down.end);
        expect(down.error === undefined).toBe(down.end === octets.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('belong to editions', () => {
    expect(knowsMacCommand('1.0.0', 'down', 'RXTimingSetupReq')).toBe(true);
    expect(knowsMacCommand('1.0.1', 'down', 'TxParamSetupReq')).toBe(false);
    expect(knowsMacCommand('1.0.2', 'down', 'DlChannelReq')).toBe(true);
    expect(knowsMacCommand('1.0.2', 'up', 'DeviceTimeReq')).toBe(false);
    expect(knowsMacCommand('1.0.3', 'up', 'PingSlotInfoReq')).toBe(true);
    for (const name of ['ResetInd', 'RekeyInd', 'DeviceModeInd', 'RejoinParamSetupAns']) {
      expect(knowsMacCommand('1.0.4', 'up', name)).toBe(false);
      expect(knowsMacCommand('1.1', 'up', name)).toBe(true);
    }
    expect(knowsMacCommand('1.1', 'down', 'LinkADRAns')).toBe(false);
  });
});

describe('DeviceTimeAns', () => {
  it.each([
    [1_466_858_114_000, 0x576e7a82, 0],
    [1_466_858_114_500, 0x576e7a82, 128],
    [1_466_858_114_999.9, 0x576e7a82, 255],
    [4_294_967_296_250, 0, 64],
  ])('for %d ms', (ms, seconds, fraction) => {
    expect(deviceTimeAns(gpsMs(ms))).toEqual({ name: 'DeviceTimeAns', fields: { seconds, fraction } });
  });
});

describe('MaxEIRP', () => {
  it('has the codes 0..15', () => {
    expect(MAX_EIRP_DBM).toEqual([8, 10, 12, 13, 14, 16, 18, 20, 21, 24, 26, 27, 29, 30, 33, 36]);
    MAX_EIRP_DBM.forEach((dbm, code) => {
      expect(maxEirpCode(dbm)).toBe(code);
    });
    expect(maxEirpCode(15.9)).toBe(4);
    expect(maxEirpCode(50)).toBe(15);
    expect(() => maxEirpCode(7)).toThrow(expect.objectContaining({ code: 'eirp-too-low' }));
  });
});
