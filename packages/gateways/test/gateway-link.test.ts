import { type Eui64, gpsMs } from '@airlift/kernel';
import { parseDatr } from '@airlift/lorawan';
import type { TransmitRequest, TransmitTime } from '@airlift/network';
import { type GatewayHabit, gatewayLinkSuite } from '@airlift/network/testing';
import { describe } from 'vitest';
import { isOrder, LinkBench, type Order, orderOf, rxpkOf } from './support/link-bench.ts';

describe('SemtechUdpLink', () => {
  gatewayLinkSuite(() => {
    const bench = new LinkBench();
    const { socket, clock, link } = bench;
    const ports = new Map<number, Eui64>();
    const habits = new Map<Eui64, GatewayHabit>();
    const orders: { readonly gatewayEui: Eui64; readonly order: Order }[] = [];
    socket.onSent = (datagram) => {
      if (!isOrder(datagram)) return;
      const gatewayEui = ports.get(datagram.to.port);
      if (gatewayEui === undefined) throw new Error('sent to nobody');
      const order = orderOf(datagram);
      orders.push({ gatewayEui, order });
      const habit = habits.get(gatewayEui) ?? { kind: 'takes' };
      if (habit.kind === 'says-nothing') return;
      const json = habit.kind === 'takes' ? '' : JSON.stringify({ txpk_ack: { error: habit.error } });
      bench.acknowledge(order.token, json, gatewayEui, datagram.to);
    };
    return {
      link,
      clock,
      appear: (gatewayEui) => {
        const port = [...ports].find(([, eui]) => eui === gatewayEui)?.[0] ?? 50_000 + ports.size;
        ports.set(port, gatewayEui);
        bench.pull(gatewayEui, { address: '198.51.100.7', port });
      },
      hear: (gatewayEui, frame) => bench.push({ rxpk: [rxpkOf(frame)] }, gatewayEui),
      behave: (gatewayEui, habit) => {
        habits.set(gatewayEui, habit);
      },
      orders: (gatewayEui) => orders.flatMap((one) => (one.gatewayEui === gatewayEui ? requestOf(one) : [])),
    };
  });
});

/** What a forwarder understands of a PULL_RESP. */
function requestOf({ gatewayEui, order }: { gatewayEui: Eui64; order: Order }): Omit<TransmitRequest, 'context'> {
  const { txpk } = order;
  const modulation = parseDatr(txpk.datr as string | number);
  if (modulation.kind === 'lr-fhss') throw new Error('gateways cannot send that');
  return {
    gatewayEui,
    phyPayload: new Uint8Array(Buffer.from(txpk.data as string, 'base64')),
    frequencyHz: Math.round((txpk.freq as number) * 1e6),
    modulation,
    powerDbm: txpk.powe as number,
    time: timeOf(txpk),
  };
}

function timeOf({ imme, tmst, tmms }: Readonly<Record<string, unknown>>): TransmitTime {
  if (imme === true) return { kind: 'immediately' };
  if (typeof tmst === 'number') return { kind: 'at-counter', counterUs: tmst };
  return { kind: 'at-gps', gpsTime: gpsMs(tmms as number) };
}
