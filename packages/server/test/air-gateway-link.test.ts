import { type Eui64, VirtualClock } from '@airlift/kernel';
import type { TransmitOutcome, TransmitRequest } from '@airlift/network';
import { gatewayLinkSuite } from '@airlift/network/testing';
import { describe } from 'vitest';
import { AirGatewayLink } from '../src/simulation/air-gateway-link.ts';

describe('AirGatewayLink', () => {
  gatewayLinkSuite(() => {
    const clock = new VirtualClock();
    const link = new AirGatewayLink(clock);
    const words = new Map<Eui64, TransmitOutcome>();
    const orders: TransmitRequest[] = [];
    return {
      link,
      clock,
      appear: (eui) =>
        link.attach({
          eui,
          send: (request) => {
            orders.push(request);
            return words.get(eui) ?? { kind: 'programmed' };
          },
        }),
      hear: (gatewayEui, frame) => link.receive({ ...frame, gatewayEui }),
      behave: (gatewayEui, habit) => {
        if (habit.kind === 'takes') words.delete(gatewayEui);
        else if (habit.kind === 'says-nothing') words.set(gatewayEui, { kind: 'unknown' });
        else words.set(gatewayEui, { kind: 'refused', error: habit.error });
      },
      orders: (gatewayEui) =>
        orders.filter((request) => request.gatewayEui === gatewayEui).map(({ context: _context, ...order }) => order),
    };
  });
});
