import { VirtualClock } from '@airlift/kernel';
import { describe } from 'vitest';
import { gatewayLinkSuite, MemoryGatewayLink } from '../src/testing/index.ts';

describe('MemoryGatewayLink', () => {
  gatewayLinkSuite(() => {
    const clock = new VirtualClock();
    const link = new MemoryGatewayLink(clock);
    const habits = new Map<string, ReturnType<MemoryGatewayLink['word']>>();
    link.word = ({ gatewayEui }) => habits.get(gatewayEui) ?? { kind: 'programmed' };
    return {
      link,
      clock,
      appear: (gatewayEui) => link.appear(gatewayEui),
      hear: (gatewayEui, frame) => link.hear(gatewayEui, frame),
      behave: (gatewayEui, habit) => {
        if (habit.kind === 'takes') habits.delete(gatewayEui);
        else if (habit.kind === 'says-nothing') habits.set(gatewayEui, 'silence');
        else habits.set(gatewayEui, { kind: 'refused', error: habit.error });
      },
      orders: (gatewayEui) =>
        link.requests
          .filter((request) => request.gatewayEui === gatewayEui)
          .map(({ context: _context, ...order }) => order),
    };
  });
});
