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
import type { ProvisionedDevice } from './network-store.ts';
import { joinWindows } from './receive-windows.ts';
import { vouchFor } from './vouch-for.ts';
import { sendIntoWindows } from './window-sender.ts';

/** The largest JoinNonce: a device that used them all needs new keys. */
const LAST_JOIN_NONCE = 0xff_ffff;
/** Bits of a device address below the network's own part (NetID type 0: seven bits of it). */
const DEV_ADDR_BITS = 25;

/**
 * Finds the device whose key made a join-request; undefined when there is none. Looks and compares only, so that it can
 * be done for every forgery of a flood without making the device's own frames wait.
 */
export async function joiningDevice(parts: NetworkParts, request: JoinRequest): Promise<ProvisionedDevice | undefined> {
  const { store, counters, log } = parts;
  counters.joinRequests += 1;
  const { devEui, devNonce } = request;
  const device = await store.device(devEui);
  if (device === undefined) {
    counters.joinsUnknownDevice += 1;
    return undefined;
  }
  if (!verifyJoinRequest(request, fromHex(device.appKey))) {
    counters.joinsWrongMic += 1;
    log({ level: 'warn', message: 'join-request with a wrong key', fields: { devEui } });
    return undefined;
  }
  if (await store.devNonceUsed(devEui, devNonce)) {
    nonceUsedBefore(parts, request);
    return undefined;
  }
  return device;
}

/** Admits a device whose key is right: checks its nonce, stores the new session, then answers. */
export async function joinRoad(
  parts: NetworkParts,
  device: ProvisionedDevice,
  request: JoinRequest,
  receptions: readonly ReceivedFrame[],
  uplink: { readonly frequencyHz: number; readonly dataRate: number },
): Promise<void> {
  const { store, counters, config, clock, log } = parts;
  const { devEui, devNonce } = request;
  const rootKey = fromHex(device.appKey);
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
    // The device may also have been removed a moment ago.
    nonceUsedBefore(parts, request);
    return;
  }
  vouchFor(parts, receptions);
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

function nonceUsedBefore({ counters, log }: NetworkParts, { devEui, devNonce }: JoinRequest): void {
  counters.joinsRepeatedNonce += 1;
  log({ level: 'warn', message: 'join-request with a nonce used before', fields: { devEui, devNonce } });
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
