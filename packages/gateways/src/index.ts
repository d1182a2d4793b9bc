export {
  type GatewayDatagram,
  gatewayDatagram,
  type ProtocolVersion,
  parseGatewayDatagram,
  pullAck,
  pullResp,
  pushAck,
} from './semtech-udp/datagram.ts';
export {
  type DownlinkPath,
  NO_PATH,
  type PathConflict,
  type PathEvent,
  type PathOwner,
  type PathRival,
  pathStep,
} from './semtech-udp/downlink-path.ts';
export { parseRxpk, type Rxpk } from './semtech-udp/rxpk.ts';
export { type DropCounts, SemtechUdpLink } from './semtech-udp/semtech-udp-link.ts';
export { parseStat, type Stat } from './semtech-udp/stat.ts';
export { buildTxpk, type SemtechContext } from './semtech-udp/txpk.ts';
export { bindUdpSocket, type UdpPeer, type UdpSocket } from './semtech-udp/udp-socket.ts';
