import { alsoCalled, bits, command, flag, i32, rfu, u32 } from '@airlift/wire';
import { PackageCodec, type PackageMessage } from './package-codec.ts';
import { packageVersionAns, packageVersionReq } from './package-version.ts';

const BOTH = [1, 2] as const;

const AppTimeReq = command({
  name: 'AppTimeReq',
  cid: 0x01,
  direction: 'up',
  versions: BOTH,
  section: 'TS003 3.2',
  doc: 'The device tells its time and asks for a correction.',
  parts: [
    u32('DeviceTime', "The device's GPS seconds modulo 2^32, taken just before sending"),
    bits('TokenReq', 4, 'Counts the answers that the device has applied, modulo 16'),
    flag('AnsRequired', 'Answer even when the clock is right'),
    rfu(3),
  ],
});

const AppTimeAns = command({
  name: 'AppTimeAns',
  cid: 0x01,
  direction: 'down',
  versions: BOTH,
  section: 'TS003 3.2',
  doc: 'Seconds that the device must add to its clock. Version 2: the two extreme values say that the true correction does not fit, and the device asks again.',
  parts: [
    i32('TimeCorrection', 'Seconds to add, negative when the device is ahead'),
    bits('TokenAns', 4, 'TokenReq of the request; answers with another token are ignored'),
    rfu(4),
  ],
});

const DeviceAppTimePeriodicityReq = command({
  name: 'DeviceAppTimePeriodicityReq',
  cid: 0x02,
  direction: 'down',
  versions: BOTH,
  section: 'TS003 3.3',
  doc: 'Sets how often the device asks for the time.',
  parts: [bits('Period', 4, 'Every 128 * 2^Period seconds, give or take 30 s'), rfu(4)],
});

const DeviceAppTimePeriodicityAns = command({
  name: 'DeviceAppTimePeriodicityAns',
  cid: 0x02,
  direction: 'up',
  versions: BOTH,
  section: 'TS003 3.3',
  doc: 'Says whether the device lets its period be set, and its time.',
  parts: [
    flag('NotSupported', 'The device chooses the period itself'),
    rfu(7),
    alsoCalled(u32('Time', "The device's GPS seconds modulo 2^32"), 'DeviceTime'),
  ],
});

const forceConf = [
  bits('NbTransmissions', 3, 'How many AppTimeReq to send until one is answered; 0 = none'),
  rfu(5),
] as const;

const ForceDeviceResyncReq = command({
  name: 'ForceDeviceResyncReq',
  cid: 0x03,
  direction: 'down',
  versions: [1],
  section: 'TS003-1.0.0 3.4',
  doc: 'Makes the device ask for the time now. There is no answer command.',
  parts: forceConf,
});

const ForceDeviceResyncCmd = command({
  name: 'ForceDeviceResyncCmd',
  cid: 0x03,
  direction: 'down',
  versions: [2],
  section: 'TS003-2.0.0 3.4',
  doc: 'Makes the device ask for the time now. There is no answer command. Same octets as ForceDeviceResyncReq of version 1.',
  parts: forceConf,
});

/** Application-layer clock synchronisation, versions 1 and 2. Unicast only. */
export const ts003 = new PackageCodec({
  name: 'TS003',
  title: 'Application layer clock synchronization',
  packageIdentifier: 1,
  defaultFPort: 202,
  versions: BOTH,
  commands: [
    packageVersionReq('TS003 3.1', BOTH),
    packageVersionAns('TS003 3.1', BOTH),
    AppTimeReq,
    AppTimeAns,
    DeviceAppTimePeriodicityReq,
    DeviceAppTimePeriodicityAns,
    ForceDeviceResyncReq,
    ForceDeviceResyncCmd,
  ],
});

/** Any version of TS003. */
export type Ts003Version = (typeof ts003.versions)[number];
/** Any uplink command of TS003. */
export type Ts003Uplink = PackageMessage<(typeof ts003.commands)[number], Ts003Version, 'up'>;
/** Any downlink command of TS003. */
export type Ts003Downlink = PackageMessage<(typeof ts003.commands)[number], Ts003Version, 'down'>;
