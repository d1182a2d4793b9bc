export { type BehaviourShares, mixedBehaviours, parseBehaviourMix } from './behaviour/behaviour-mix.ts';
export type {
  BehaviourChanges,
  BlockReceivedBehaviour,
  ClockBehaviour,
  DeviceBehaviour,
  FirmwareBehaviour,
  FragmentationBehaviour,
  IntegrityBehaviour,
  MacBehaviour,
  MulticastBehaviour,
} from './behaviour/device-behaviour.ts';
export { type AnswerLie, FAULTLESS, type FaultSpan, type Faults } from './behaviour/faults.ts';
export { BEHAVIOURS, type BehaviourName, behaviour, PROFILE_OF_BEHAVIOUR } from './behaviour/presets.ts';
export type { DeviceEvent, DeviceHappening, DeviceSnapshot, DeviceStage, HeldBlock } from './device/device-events.ts';
export { VirtualDevice, type VirtualDeviceOptions } from './device/virtual-device.ts';
export {
  type Fleet,
  type FleetOptions,
  type JoinedBefore,
  type Population,
  type PopulationOptions,
  startFleet,
  startPopulation,
} from './fleet/fleet.ts';
export { FIRST_DEV_EUIS, fleetIdentities } from './fleet/identities.ts';
export type { WhitelistEntry } from './fleet/whitelist.ts';
export { crc64 } from './fragments/crc64.ts';
export {
  type DecoderShape,
  FragmentDecoder,
  type FragmentOutcome,
  type PlainOrder,
} from './fragments/fragment-decoder.ts';
export type { FragmentWords } from './fragments/fragment-words.ts';
export type { DecoderRowRule } from './fragments/parity-row.ts';
export { WordsCache } from './fragments/words-cache.ts';
export { Concentrator, type ConcentratorOptions, type TxRefusal } from './gateway/concentrator.ts';
export { type DatagramSocket, memorySocketPair } from './gateway/datagram-socket.ts';
export type { Reception } from './gateway/gateway-reports.ts';
export { type ForwarderModel, SX1301_FORWARDER, SX1302_FORWARDER } from './gateway/jit-queue.ts';
export type { TxRequest, TxTime } from './gateway/tx-request.ts';
export { UdpSocket } from './gateway/udp-socket.ts';
export { type GatewayCounters, VirtualGateway, type VirtualGatewayOptions } from './gateway/virtual-gateway.ts';
export { FrameCache } from './mac/frame-cache.ts';
export type { DeviceIdentity } from './mac/mac-parts.ts';
export type { ImageStatus, WaitingImage } from './packages/firmware-management.ts';
export type { AirFrame, FrameKind, Signal, Transmission, Tuning } from './radio/air-frame.ts';
export {
  type DeviceAntenna,
  type DeviceReceiver,
  type GatewayAntenna,
  type GatewayReceiver,
  type Link,
  Radio,
  type RadioOptions,
} from './radio/radio.ts';
export type { DeviceRadioCounters, RadioCounters } from './radio/radio-counters.ts';
export { type DeviceMemory, type StoredFragment, VolatileMemory } from './storage/device-memory.ts';
export { FileImageSink } from './storage/file-image-sink.ts';
export { FileMemory } from './storage/file-memory.ts';
export { type ImageSink, MemoryImageSink, type ReceivedImage, type ReceivedMessage } from './storage/image-sink.ts';
