import type { FleetView } from '@airlift/api';
import type { DeviceView, GatewayView } from '@airlift/contract';
import type { DropCounts } from '@airlift/gateways';
import type { Calendar } from '@airlift/kernel';
import type { GatewayLink, NetworkServer, NetworkStore } from '@airlift/network';

/** Gateways, devices and counters as the HTTP contract shows them. */
export class NetworkFleetView implements FleetView {
  readonly #network: NetworkServer;
  readonly #link: GatewayLink & { drops(): DropCounts };
  readonly #store: NetworkStore;
  readonly #calendar: Calendar;
  /** Process of the simulated packet forwarder; undefined when all are real ones, elsewhere. */
  readonly #forwarderPid: number | undefined;

  constructor(options: {
    readonly network: NetworkServer;
    readonly link: GatewayLink & { drops(): DropCounts };
    readonly store: NetworkStore;
    readonly calendar: Calendar;
    readonly forwarderPid: number | undefined;
  }) {
    this.#network = options.network;
    this.#link = options.link;
    this.#store = options.store;
    this.#calendar = options.calendar;
    this.#forwarderPid = options.forwarderPid;
  }

  async status(): Promise<{ networkServerPid: number; packetForwarderPids: readonly number[] }> {
    return {
      networkServerPid: process.pid,
      packetForwarderPids: this.#forwarderPid === undefined ? [] : [this.#forwarderPid],
    };
  }

  async gateways(): Promise<readonly GatewayView[]> {
    return this.#link.gateways().map((gateway) => {
      const counted = this.#network.counters.gateways.get(gateway.gatewayEui);
      return {
        gatewayEui: gateway.gatewayEui,
        address: gateway.address,
        port: gateway.port,
        lastSeenAt: this.#calendar.dateOf(gateway.lastSeenAt),
        version: gateway.version,
        received: gateway.received,
        receivedOk: gateway.receivedOk,
        forwarded: gateway.forwarded,
        crcErrors: Math.max(0, gateway.received - gateway.receivedOk),
        micFailures: counted?.wrongMic ?? 0,
        uplinks: counted?.uplinks ?? 0,
        downlinks: counted?.downlinks ?? 0,
        transmitted: gateway.transmitted,
        ackRate: gateway.ackRate,
        proven: gateway.proven,
        conflict: gateway.conflict && { ...gateway.conflict, at: this.#calendar.dateOf(gateway.conflict.at) },
        drops: gateway.drops,
      };
    });
  }

  async devices(): Promise<readonly DeviceView[]> {
    const sessions = new Map((await this.#store.sessions()).map((session) => [session.devEui, session]));
    const devices = await this.#store.devices();
    return Promise.all(
      devices.map(async ({ devEui, name, deviceClass, createdAt }) => {
        const lastSeenAt = sessions.get(devEui)?.lastUplink?.at;
        return {
          devEui,
          name,
          deviceClass,
          createdAt: this.#calendar.dateOf(createdAt),
          lastSeenAt: lastSeenAt && this.#calendar.dateOf(lastSeenAt),
          ...(await this.#store.joinHistory(devEui)),
        };
      }),
    );
  }

  async stats(): Promise<Readonly<Record<string, number>>> {
    const { counters } = this.#network;
    const dropped = [...counters.unreadable.values()].reduce((sum, count) => sum + count, 0);
    const { downlinksRx1, downlinksRx2, downlinksClassC, groupFrames } = counters;
    return {
      rx_pkts: counters.receptions,
      tx_pkts: downlinksRx1 + downlinksRx2 + downlinksClassC + groupFrames,
      rx_joins: counters.joinRequests,
      rx_joins_ok: counters.joinsAccepted,
      rx_joins_nok_mic: counters.joinsWrongMic,
      rx_joins_nok_nonce: counters.joinsRepeatedNonce,
      rx_joins_nok_unknown: counters.joinsUnknownDevice,
      rx_crc_errors: this.#link.drops()['rxpk-crc'] ?? 0,
      uplinks_ok: counters.uplinks,
      uplinks_repeated: counters.uplinksRepeated,
      uplinks_nok_mic: counters.uplinksWrongMic,
      uplinks_nok_unknown: counters.uplinksUnknownAddress,
      pkts_1st_wnd: downlinksRx1,
      pkts_2nd_wnd: downlinksRx2,
      pkts_class_c: downlinksClassC,
      pkts_multicast: groupFrames,
      pkts_dropped: counters.downlinksRefused,
      rx_unreadable: dropped,
      rx_crowded_out: counters.crowdedOut,
    };
  }
}
