import { bits, command, equals, flag, hex32, rfu, u24, u32, when } from '@airlift/wire';
import { PackageCodec, type PackageMessage } from './package-codec.ts';
import { packageVersionAns, packageVersionReq } from './package-version.ts';

const FIRST = [1] as const;

const DevVersionReq = command({
  name: 'DevVersionReq',
  cid: 0x01,
  direction: 'down',
  versions: FIRST,
  section: 'TS006 3.2',
  doc: 'Asks for the versions of firmware and hardware.',
  parts: [],
});

const DevVersionAns = command({
  name: 'DevVersionAns',
  cid: 0x01,
  direction: 'up',
  versions: FIRST,
  section: 'TS006 3.2',
  doc: 'The versions of firmware and hardware; their meaning is up to the vendor.',
  parts: [hex32('FWversion', 'Version of the running firmware'), hex32('HWversion', 'Version of the hardware')],
});

const DevRebootTimeReq = command({
  name: 'DevRebootTimeReq',
  cid: 0x02,
  direction: 'down',
  versions: FIRST,
  section: 'TS006 3.3',
  doc: 'Sets the instant of a reboot; replaces an earlier order of either kind.',
  parts: [u32('RebootTime', 'GPS seconds modulo 2^32; 0 = now; 0xFFFFFFFF = cancel')],
});

const DevRebootTimeAns = command({
  name: 'DevRebootTimeAns',
  cid: 0x02,
  direction: 'up',
  versions: FIRST,
  section: 'TS006 3.3',
  doc: 'Accepts the reboot. An order to reboot now is not answered.',
  parts: [
    u32(
      'seconds_until_reboot',
      'Seconds left until the reboot; 0 = cannot (past, or clock not set); 0xFFFFFFFF = cancelled',
    ),
  ],
});

const DevRebootCountdownReq = command({
  name: 'DevRebootCountdownReq',
  cid: 0x03,
  direction: 'down',
  versions: FIRST,
  section: 'TS006 3.4',
  doc: 'Sets a reboot after a delay; replaces an earlier order of either kind.',
  parts: [u24('Countdown', 'Seconds until the reboot; 0 = now; 0xFFFFFF = cancel')],
});

const DevRebootCountdownAns = command({
  name: 'DevRebootCountdownAns',
  cid: 0x03,
  direction: 'up',
  versions: FIRST,
  section: 'TS006 3.4',
  doc: 'Accepts the reboot. An order to reboot now is not answered.',
  parts: [u24('Countdown', 'Seconds left until the reboot; 0 = cannot; 0xFFFFFF = cancelled')],
});

const DevUpgradeImageReq = command({
  name: 'DevUpgradeImageReq',
  cid: 0x04,
  direction: 'down',
  versions: FIRST,
  section: 'TS006 3.5',
  doc: 'Asks whether a new firmware image is ready to be installed.',
  parts: [],
});

const DevUpgradeImageAns = command({
  name: 'DevUpgradeImageAns',
  cid: 0x04,
  direction: 'up',
  versions: FIRST,
  section: 'TS006 3.5',
  doc: 'State of the image that the next reboot would install.',
  parts: [
    bits('UpImageStatus', 2, '0 none, 1 corrupt or badly signed, 2 for other hardware, 3 valid'),
    rfu(6),
    when(equals('UpImageStatus', 3), [hex32('nextFirmwareVersion', 'Version of the image')]),
  ],
});

const DevDeleteImageReq = command({
  name: 'DevDeleteImageReq',
  cid: 0x05,
  direction: 'down',
  versions: FIRST,
  section: 'TS006 3.6',
  doc: 'Deletes the image that waits to be installed.',
  parts: [hex32('FirmwareToDeleteVersion', 'Version of the image to delete')],
});

const DevDeleteImageAns = command({
  name: 'DevDeleteImageAns',
  cid: 0x05,
  direction: 'up',
  versions: FIRST,
  section: 'TS006 3.6',
  doc: 'Deleted when no error is set.',
  parts: [
    flag('ErrorNoValidImage', 'There is no valid image'),
    flag('ErrorInvalidVersion', 'The image has another version'),
    rfu(6),
  ],
});

/** Firmware management, version 1. Unicast only. Send one command per downlink: Basics Modem's answer buffer is short. */
export const ts006 = new PackageCodec({
  name: 'TS006',
  title: 'Firmware management protocol',
  packageIdentifier: 4,
  defaultFPort: 203,
  versions: FIRST,
  commands: [
    packageVersionReq('TS006 3.1', FIRST),
    packageVersionAns('TS006 3.1', FIRST),
    DevVersionReq,
    DevVersionAns,
    DevRebootTimeReq,
    DevRebootTimeAns,
    DevRebootCountdownReq,
    DevRebootCountdownAns,
    DevUpgradeImageReq,
    DevUpgradeImageAns,
    DevDeleteImageReq,
    DevDeleteImageAns,
  ],
});

/** Any version of TS006. */
export type Ts006Version = (typeof ts006.versions)[number];
/** Any uplink command of TS006. */
export type Ts006Uplink = PackageMessage<(typeof ts006.commands)[number], Ts006Version, 'up'>;
/** Any downlink command of TS006. */
export type Ts006Downlink = PackageMessage<(typeof ts006.commands)[number], Ts006Version, 'down'>;
