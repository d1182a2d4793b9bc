import { it } from 'vitest';
import { broadcast, fragmentsOf, fragSetup, GROUP, groupSetup, SETTING, sessionRequest, gpsIn, dataFragment, ready, until, world } from './world.ts';
it('perf', async () => {
  const N = 1000;
  const t0 = performance.now();
  const w = world({ deviceCount: N, loss: 0.02, uplinkIntervalS: 60, bootSpreadS: 300 });
  await until(w.clock, () => w.fleet.snapshot().filter((s) => s.clockSynchronised).length >= N - 5, 3600);
  console.log('joined', performance.now() - t0, process.memoryUsage().rss / 1e6, w.clock.now());
  const t1 = performance.now();
  const M = 1058;
  const block = new Uint8Array(M * 239).map((_, i) => i * 31);
  const fr = fragmentsOf(block, 239, 60);
  // setup by unicast, all devices
  for (const d of w.fleet.devices) {
    w.network.queue(d.devEui, { fPort: 201, payload: fragSetup({ fragments: M, size: 239 }) }, { fPort: 200, payload: groupSetup(d) });
  }
  await w.clock.advance(400_000);
  const st = gpsIn(w, 400);
  for (const d of w.fleet.devices) { w.network.device(d.devEui).queue.length = 0; w.network.queue(d.devEui, { fPort: 200, payload: sessionRequest({ sessionTime: st, timeOut: 14 }) }); }
  await w.clock.advance(402_000);
  console.log('in session', w.fleet.snapshot().filter((s) => s.inSession).length, 'setup ms', performance.now() - t1);
  const t2 = performance.now();
  for (let n = 1; n <= fr.length; n++) {
    w.network.multicast(GROUP, SETTING, { fCnt: n, fPort: 201, payload: dataFragment(n, fr[n - 1]!) });
    await w.clock.advance(1000);
    if (n === M) console.log('plain', performance.now() - t2);
  }
  const s = w.fleet.snapshot();
  console.log('fragments ms', performance.now() - t2, process.memoryUsage().rss / 1e6, 'verifying', s.filter((x) => x.state === 'verifying' || x.state === 'failed').length, s.filter((x) => x.inSession).length);
  w.fleet.stop();
}, 300000);
