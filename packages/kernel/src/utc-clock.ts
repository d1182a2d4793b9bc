import type { Clock } from './clock.ts';
import { type SteadyMs, steadyMs, type UtcMs, utcMs } from './instant.ts';

/** The same clock as a world without steps of the date sees it: simulated nodes, whose steady time is UTC. */
export function utcClock(clock: Clock<SteadyMs>): Clock<UtcMs> {
  return {
    now: () => utcMs(clock.now()),
    setTimer: (at, fire) => clock.setTimer(steadyMs(at), fire),
  };
}
