import { fromHex, toHex } from '@airlift/kernel';
import {
  buildJoinAccept,
  deriveSessionKeys10,
  formatDevAddr,
  type JoinRequest,
  regionCfList,
  verifyJoinRequest,
} from '@airlift/lorawan';
import type { ReceivedFrame } from './gateway-link.ts';
import type { NetworkParts } from './network-parts.ts';
import { joinWindows } from './receive-windows.ts';
import { sendIntoWindows } from './window-sender.ts';

/** The largest JoinNonce: a device that used them all needs new keys. */
const LAST_JOIN_NONCE = 0xff_ffff;
/** Bits of a device address below the network's own part (NetID type 0: seven bits of it). */
const DEV_ADDR_BITS = 25;

/** Admits a device: checks its key and nonce, stores the new session, then answers. */
export async function joinRoad(
  parts: NetworkParts,
  request: JoinRequest,
  receptions: readonly ReceivedFrame[],
  uplink: { readonly frequencyHz: number; readonly dataRate: number },
): Promise<void> {
  const { store, counters, config, clock, log } = parts;
  counters.joinRequests += 1;
  const { devEui, devNonce } = request;
  const device = await store.device(devEui);
  if (device === undefined) {
    counters.joinsUnknownDevice += 1;
    return;
  }
  const rootKey = fromHex(device.appKey);
  if (!verifyJoinRequest(request, rootKey)) {
    counters.joinsWrongMic += 1;
    log({ level: 'warn', message: 'join-request with a wrong key', fields: { devEui } });
    return;
  }
  const history = await store.joinHistory(devEui);
  const joinNonce = (history.lastJoinNonce ?? 0) + 1;
  if (joinNonce > LAST_JOIN_NONCE) {
    log({ level: 'error', message: 'the device has used up its join nonces', fields: { devEui } });
    return;
  }
  const devAddr = await freshDevAddr(parts);
  const keys = deriveSessionKeys10({ rootKey, joinNonce, netId: config.netId, devNonce });
  const { frequencyHz: rx2FrequencyHz, dataRate } = config.region.rx2;
  const rx2DataRate = config.rx2DataRate ?? dataRate;
  const stored = await store.saveJoin({
    devEui,
    devAddr,
    nwkSKey: toHex(keys.nwkSKey),
    appSKey: toHex(keys.appSKey),
    joinNonce,
    devNonce,
    joinedAt: clock.now(),
    confirmed: false,
    lastFCntUp: undefined,
    rxDelayS: config.rxDelayS,
    rx1DrOffset: 0,
    rx2DataRate,
    rx2FrequencyHz,
    lastUplink: undefined,
  });
  if (!stored) {
    counters.joinsRepeatedNonce += 1;
    log({ level: 'warn', message: 'join-request with a nonce used before', fields: { devEui, devNonce } });
    return;
  }
  const accept = buildJoinAccept(
    {
      joinNonce,
      netId: config.netId,
      devAddr,
      rx1DrOffset: 0,
      rx2DataRate,
      rxDelay: config.rxDelayS,
      cfList: regionCfList(config.region, config.subBand === undefined ? {} : { subBand: config.subBand }),
    },
    { key: rootKey },
  );
  // The same in both windows: a join-accept has no counter.
  const result = await sendIntoWindows(parts, receptions, joinWindows(config.region, uplink), () => ({
    octets: accept.length,
    build: () => Promise.resolve(accept),
  }));
  if (!result.sent) {
    log({ level: 'warn', message: 'join-accept could not be sent', fields: { devEui, error: result.error } });
    return;
  }
  counters.joinsAccepted += 1;
  log({ level: 'info', message: 'device joined', fields: { devEui, devAddr: formatDevAddr(devAddr) } });
  await parts.emit({ kind: 'joined', devEui, at: clock.now() });
}

/** A random address within the network's own part that no session uses and no group ever had. */
async function freshDevAddr({ store, config, entropy }: NetworkParts): Promise<number> {
  const prefix = (config.netId & 0x7f) * 2 ** DEV_ADDR_BITS;
  for (;;) {
    const octets = entropy.octets(4);
    const random = new DataView(octets.buffer, octets.byteOffset, 4).getUint32(0) % 2 ** DEV_ADDR_BITS;
    const devAddr = prefix + random;
    // Address 0 is refused by common stacks.
    if (random === 0 || (await store.devAddrInUse(devAddr)) || (await store.mcAddrInUse(devAddr))) continue;
    return devAddr;
  }
}
