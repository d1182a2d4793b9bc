export type {
  GatewayLink,
  GatewayStatus,
  ReceivedFrame,
  TransmitOutcome,
  TransmitRequest,
  TransmitTime,
} from './gateway-link.ts';
export { MC_ADDR_QUARANTINE_MS } from './mc-addresses.ts';
export { DEFAULT_NETWORK_CONFIG, type NetworkConfig } from './network-config.ts';
export type { GatewayCounters, NetworkCounters } from './network-counters.ts';
export type {
  DeviceJoined,
  DevicePayload,
  DeviceUplink,
  DownlinkFate,
  FrameWaiting,
  GatewayFate,
  GroupPayload,
  NetworkEvent,
  NetworkListener,
  NetworkLog,
  NetworkLogEntry,
  NetworkNews,
  WaitCause,
} from './network-event.ts';
export { type GroupOpening, type NetworkOptions, NetworkServer } from './network-server.ts';
export type {
  DeviceClass,
  DeviceSession,
  GroupRecord,
  JoinHistory,
  LastUplink,
  McAddress,
  McAddrRequest,
  NetworkStore,
  ProvisionedDevice,
} from './network-store.ts';
