import type { WhitelistEntry } from '@airlift/fleet';
import { formatEui64, fromHex, parseEui64, toHex } from '@airlift/kernel';
import {
  buildDataFrame,
  buildJoinRequest,
  deriveSessionKeys10,
  openJoinAccept,
  parsePhyPayload,
  type SessionKeys10,
} from '@airlift/lorawan';
import { until } from '../../crash/support/waiting.ts';
import type { RawGateway } from './raw-gateway.ts';

const JOIN_WITHIN_MS = 10_000;

interface Session {
  readonly devAddr: number;
  readonly keys: SessionKeys10;
}

/** A device with valid keys that says what it likes. */
export class RawDevice {
  readonly entry: WhitelistEntry;
  readonly #gateway: RawGateway;
  #devNonce = 0;
  #fCnt = 0;
  #session: Session | undefined;

  constructor(entry: WhitelistEntry, gateway: RawGateway) {
    this.entry = entry;
    this.#gateway = gateway;
  }

  /** A join-request with the next nonce; made with another key it is a forgery. */
  joinRequest(rootKey: Uint8Array = fromHex(this.entry.appkey)): Uint8Array {
    this.#devNonce += 1;
    return buildJoinRequest({
      joinEui: parseEui64(this.entry.appeui),
      devEui: parseEui64(this.entry.deveui),
      devNonce: this.#devNonce,
      rootKey,
    });
  }

  /** Joins; returns the join-request, for those who want to replay it. */
  async join(): Promise<Uint8Array> {
    const request = this.joinRequest();
    const rootKey = fromHex(this.entry.appkey);
    const first = this.#gateway.orders.length;
    await this.#gateway.pushFrame(request);
    await until('the server answers a join-request', JOIN_WITHIN_MS, () => {
      for (const { phyPayload } of this.#gateway.orders.slice(first)) {
        const frame = parsePhyPayload(phyPayload);
        const accept = frame.type === 'join-accept' ? openJoinAccept(frame, { key: rootKey }) : undefined;
        if (accept === undefined) continue;
        const { joinNonce, netId, devAddr } = accept;
        this.#session = { devAddr, keys: deriveSessionKeys10({ rootKey, joinNonce, netId, devNonce: this.#devNonce }) };
        this.#fCnt = 0;
        return true;
      }
      return false;
    });
    return request;
  }

  /** The next uplink, correctly encrypted and signed. */
  uplink(fPort: number, payload: Uint8Array, confirmed = false): Uint8Array {
    const { devAddr, keys } = this.#joined();
    return buildDataFrame({ direction: 'up', devAddr, fCnt: this.#fCnt++, fPort, payload, confirmed, keys });
  }

  /** Keys in hexadecimal: what must not stand in any log. */
  get secrets(): readonly string[] {
    const { keys } = this.#joined();
    return [this.entry.appkey, this.entry.genappkey, toHex(keys.nwkSKey), toHex(keys.appSKey)];
  }

  #joined(): Session {
    if (this.#session === undefined) throw new Error('the device has not joined');
    return this.#session;
  }
}

/** A device for the whitelist. */
export function whitelistEntry(
  number: number,
  keys: { readonly octets: (count: number) => Uint8Array },
): WhitelistEntry {
  return {
    name: `raw-${number}`,
    deveui: formatEui64(parseEui64(`00800000ff00${number.toString(16).padStart(4, '0')}`)),
    appeui: '00-80-00-00-00-00-00-01',
    appkey: toHex(keys.octets(16)),
    genappkey: toHex(keys.octets(16)),
    class: 'A',
  };
}
