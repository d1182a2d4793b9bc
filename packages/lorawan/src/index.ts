export { type CfList, decodeCfList, encodeCfListFrequencies, encodeCfListMasks } from './cflist.ts';
export { aesCmac, aesDecryptBlock, aesEncryptBlock } from './crypto.ts';
export {
  buildDataFrame,
  type DataFrameSecrets,
  type DownlinkContent,
  decryptDataFrame,
  type OpenedDataFrame,
  openDataFrame,
  type UplinkContent,
  verifyDataMic,
} from './data-frame.ts';
export type { FOptsForm, UplinkRadio } from './data-security.ts';
export { type DevAddr, formatDevAddr, parseDevAddr } from './dev-addr.ts';
export { DutyCycleLedger } from './duty-cycle.ts';
export { type FCntCandidate, MAX_FCNT, MAX_FCNT_GAP, reconstructFCnt } from './fcnt.ts';
export type { Direction, DownlinkFCtrl, UplinkFCtrl } from './fctrl.ts';
export type { SessionKeys, SessionKeys10, SessionKeys11 } from './frame-keys.ts';
export {
  buildJoinAccept,
  type JoinAccept,
  type JoinAcceptFields,
  type JoinAcceptKeys,
  type JoinExchange,
  openJoinAccept,
} from './join-accept.ts';
export {
  buildJoinRequest,
  buildRejoinRequest,
  type RejoinRequestFields,
  verifyJoinRequest,
  verifyRejoinRequest,
} from './join-request.ts';
export {
  decodeMacCommands,
  deviceTimeAns,
  encodeMacCommands,
  knowsMacCommand,
  MAC_UPLINK_COMMANDS,
  MAX_EIRP_DBM,
  MAX_FOPTS_OCTETS,
  type MacDialect,
  type MacDownlinkCommand,
  type MacUplinkCommand,
  macDownlinkCommands,
  maxEirpCode,
} from './mac/mac-commands.ts';
export { MAC_VERSIONS, type MacVersion } from './mac/versions.ts';
export {
  type DownlinkModulation,
  demodulationFloorDb,
  type FskModulation,
  formatDatr,
  type LoraModulation,
  type LrFhssModulation,
  type Modulation,
  parseDatr,
  sameModulation,
} from './modulation.ts';
export {
  buildMulticastFrame,
  type MulticastContent,
  type MulticastKeys,
  openMulticastFrame,
} from './multicast-frame.ts';
export {
  type DataFrame,
  type DownlinkFrame,
  type EncryptedJoinAccept,
  type JoinRequest,
  MAX_PHY_OCTETS,
  type PhyPayload,
  type ProprietaryFrame,
  parsePhyPayload,
  type RejoinRequest,
  type RejoinRequest1,
  type RejoinRequest02,
  type UplinkFrame,
} from './phy-payload.ts';
export {
  BEACON_GUARD_MS,
  BEACON_PERIOD_S,
  BEACON_RESERVED_MS,
  BEACON_WINDOW_MS,
  BEACONLESS_S,
  beaconLayout,
  beaconTimeAt,
  nextPingSlot,
  PING_SLOT_COUNT,
  PING_SLOT_MS,
  type PingSlots,
  pingSlotStartMs,
  pingSlots,
} from './ping-slots.ts';
export { isRegionName, parseRegion, region } from './regions/by-name.ts';
export {
  type ChannelMaskBlock,
  linkAdrMasks,
  regionCfList,
  subBandChannels,
} from './regions/channel-masks.ts';
export { beaconFrequencyHz, pingSlotFrequencyHz } from './regions/class-b-channels.ts';
export { adrDataRates, dataRateIndex, downlinkModulation, uplinkModulation } from './regions/data-rates.ts';
export { downlinkChannelsHz, type GatewayChannel, type GatewayPlan, gatewayPlan } from './regions/gateway-plan.ts';
export { maxPayloadOctets, type PayloadCircumstances, safeMulticastPayloadOctets } from './regions/payload-limits.ts';
export { maxRx1DrOffset, rx1DataRate, rx1FrequencyHz } from './regions/receive-windows.ts';
export {
  type ChannelSeries,
  type ClassBPlan,
  type DataRateRange,
  DEFAULT_RX1_DELAY_S,
  type DynamicChannels,
  type FixedChannels,
  JOIN_RX1_DELAY_S,
  type PayloadLimits,
  type RadioSetting,
  REGION_NAMES,
  type Region,
  type RegionName,
  type SubBand,
} from './regions/region.ts';
export {
  deviceEirpDbm,
  downlinkEirpDbm,
  isDownlinkFrequency,
  multicastProblem,
  subBandAt,
} from './regions/sub-bands.ts';
export { type UplinkChannel, uplinkChannelIndex, uplinkChannels } from './regions/uplink-channels.ts';
export {
  deriveJoinServerKeys,
  deriveSessionKeys10,
  deriveSessionKeys11,
  type JoinServerKeys,
} from './session-keys.ts';
export {
  frameTimeOnAirMs,
  fskTimeOnAirMs,
  type LoraTransmission,
  timeOnAirMs,
} from './time-on-air.ts';
