export { describePackages } from './describe-packages.ts';
export * from './fec/index.ts';
export { Crc64, crc64 } from './keys/crc64.ts';
export { type DataBlock, dataBlockB0, dataBlockIntKey, dataBlockMic } from './keys/data-block-mic.ts';
export { type BlockChecksums, blockChecksums, type ChecksumMatch, matchCrc64 } from './keys/match-crc64.ts';
export {
  type DeviceRootKey,
  decryptMcKey,
  encryptMcKey,
  type KeyScheme,
  mcKEKey,
  mcKEKeyOf,
  mcRootKey,
  mcSessionKeys,
  type RootKeyRules,
} from './keys/multicast-keys.ts';
export {
  type DownlinkSection,
  encodeMultiPackage,
  type MultiPackageDownlink,
  type MultiPackageUplink,
  type PackageVersions,
  readAnswers,
  readMultiPackDownlink,
  readMultiPackUplink,
  type Section,
  type Sections,
  type UplinkSection,
} from './packages/multi-package.ts';
export { PackageCodec, type PackageDeclaration, type PackageMessage } from './packages/package-codec.ts';
export type { PackageVersion } from './packages/package-version.ts';
export { type Ts003Downlink, type Ts003Uplink, type Ts003Version, ts003 } from './packages/ts003.ts';
export { type Ts004Downlink, type Ts004Uplink, type Ts004Version, ts004 } from './packages/ts004.ts';
export { type Ts005Downlink, type Ts005Uplink, type Ts005Version, ts005 } from './packages/ts005.ts';
export { type Ts006Downlink, type Ts006Uplink, type Ts006Version, ts006 } from './packages/ts006.ts';
export { type Ts007Downlink, type Ts007Uplink, type Ts007Version, ts007 } from './packages/ts007.ts';
export { basicsModemV1, basicsModemV2 } from './profiles/basics-modem.ts';
export { byTheBookV1, byTheBookV2 } from './profiles/by-the-book.ts';
export type {
  ClockHabits,
  DeviceProfile,
  FragmentationHabits,
  KeyHabits,
  MulticastHabits,
  OfferedPackage,
  OfferedPackages,
  StatusHabits,
} from './profiles/device-profile.ts';
export { type DiscoveredPackage, type Discovery, discoverProfile } from './profiles/discover.ts';
export { loramacNode } from './profiles/loramac-node.ts';
export { multitechDot3, multitechDot4, multitechDotNewest } from './profiles/multitech-dot.ts';
export { parseProfile } from './profiles/parse-profile.ts';
export { BUILT_IN_PROFILES, ProfileRegistry, profile } from './profiles/registry.ts';
export { readStatus, type StatusCounts, type StatusReading } from './profiles/status-reading.ts';
export { stm32cubewlV1, stm32cubewlV2 } from './profiles/stm32cubewl.ts';
export { zephyr } from './profiles/zephyr.ts';
