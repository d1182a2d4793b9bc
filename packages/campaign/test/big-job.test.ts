import { blockChecksums, ts004, ts005 } from '@airlift/applayer';
import { type Eui64, gpsFromUtc, HeldDeviceTime, OffsetCalendar, Rng, utcMs, VirtualClock } from '@airlift/kernel';
import { expect, it } from 'vitest';
import { CampaignEngine, type DeviceState, type JobChange, planJob } from '../src/index.ts';
import { MemoryImageStore, MemoryJobStore, MemoryProvisioning, sampleEui } from '../src/testing/index.ts';
import { ZERO_KEY } from './support/fake-device.ts';
import { LeanLink } from './support/lean-link.ts';
import { DOT_TRAITS, START } from './support/world.ts';

const DEVICES = 10_000;

/** Counts instead of keeping: the memory store copies all devices of a job at every write. */
class CountingStore extends MemoryJobStore {
  saves = 0;
  devicesSaved = 0;
  last: JobChange | undefined;

  override save(_jobId: string, _version: number, change: JobChange): Promise<boolean> {
    this.saves += 1;
    this.devicesSaved += change.devices.length;
    this.last = change;
    return Promise.resolve(true);
  }
}

const FRAGMENTATION_ANS = ts004.encode(1, 'up', [
  {
    name: 'FragSessionSetupAns',
    fields: {
      EncodingUnsupported: false,
      NotEnoughMemory: false,
      FragSessionIndexNotSupported: false,
      WrongDescriptor: false,
      FragIndex: 0,
    },
  },
]);

function multicastAns(timeToStart: number): Uint8Array {
  return ts005.encode(1, 'up', [
    { name: 'McGroupSetupAns', fields: { McGroupID: 0, IDerror: false } },
    { name: 'McClassCSessionAns', fields: { McGroupID: 0, errors: [], TimeToStart: timeToStart } },
  ]);
}

const CALENDAR = new OffsetCalendar();

// What a step costs must not grow with the number of devices, except where all of them are concerned.
it('serves ten thousand devices in seconds', async () => {
  const clock = new VirtualClock(START);
  const link = new LeanLink();
  const jobs = new CountingStore();
  const images = new MemoryImageStore();
  const image = new Rng('big').octets(960);
  const sha256 = await images.keep(image);
  const engine = new CampaignEngine({
    link,
    jobs,
    images,
    directory: { find: async (devEui) => ({ devEui, traits: DOT_TRAITS, genAppKey: ZERO_KEY }) },
    provisioning: new MemoryProvisioning(),
    clock,
    calendar: CALENDAR,
    deviceTime: new HeldDeviceTime(CALENDAR),
    entropy: new Rng('keys'),
    log: () => undefined,
  });
  await engine.start();
  const devEuis = Array.from({ length: DEVICES }, (_, n) => sampleEui(n + 1));
  const plan = planJob(
    {
      kind: 'FOTA',
      devEuis,
      multicastGroupId: 0,
      multicastEui: sampleEui(0xff0000),
      scheduledAt: undefined,
      setupDelayS: 0,
      launchDelayS: 600,
      keepLog: true,
      filename: 'big',
      scheduleSource: 'test',
      sleepMs: undefined,
      shortSleepMs: undefined,
      paritySleepMs: undefined,
      waves: undefined,
      descriptor: 0,
      parityFragments: undefined,
      maxPacketSize: 99,
      image: { sha256, sizeBytes: image.length, name: 'big.bin' },
    },
    {
      jobId: 'big',
      now: clock.now(),
      today: CALENDAR.dateOf(clock.now()),
      radio: { frequencyHz: 923_300_000, dataRate: 10 },
      maxPayload: 242,
      expectedUplinkIntervalS: 600,
    },
  );
  const uplink = async (devEui: Eui64, fPort: number, payload: Uint8Array): Promise<void> => {
    const now = clock.now();
    const answer = await link.listener.uplink({
      kind: 'uplink',
      devEui,
      fPort,
      payload,
      fCnt: 0,
      receivedGps: gpsFromUtc(utcMs(now)),
      receivedAt: now,
      asksDeviceTime: false,
    });
    if (answer !== undefined) link.waiting.push({ devEui, ticketId: answer.ticketId });
  };
  await engine.accept(plan);
  await clock.advance(0);
  expect(link.waiting).toHaveLength(DEVICES);

  for (const [fPort, answer] of [
    [201, FRAGMENTATION_ANS],
    [200, multicastAns(600)],
  ] as const) {
    for (const { devEui, ticketId } of link.waiting.splice(0)) {
      await link.tell(ticketId, clock.now());
      await uplink(devEui, fPort, answer);
    }
  }
  expect(link.waiting).toHaveLength(0);
  const areAll = (kind: DeviceState['kind']): boolean =>
    engine.unfinished()[0]?.devices.every(({ state }) => state.kind === kind) ?? false;
  expect(areAll('ready')).toBe(true);

  await clock.advance(604_000);
  expect(areAll('receiving')).toBe(true);
  let told = 0;
  while (link.frames.length > told) {
    const frame = link.frames[told];
    told += 1;
    if (frame === undefined) break;
    await link.tell(frame.ticketId, clock.now());
    if (frame.payload[0] === 1) break;
    await clock.advance(4_000);
  }
  const { unpadded } = blockChecksums(image, 0);
  for (const devEui of devEuis) await uplink(devEui, 201, Uint8Array.of(0x80, 0, ...unpadded));
  // They count as done when the answers have left.
  for (const { ticketId } of link.waiting.splice(0)) await link.tell(ticketId, clock.now());
  await clock.advance(1_000);
  expect(jobs.last?.state.kind).toBe('complete');
  expect(engine.unfinished()).toEqual([]);

  // Beginning, questions, answers, launch, status request and verdict of every device, and the frames.
  expect(jobs.devicesSaved).toBeLessThan(9 * DEVICES);
  expect(jobs.saves).toBeLessThan(6 * DEVICES);
  expect(link.factsAsked).toBeLessThanOrEqual(2 * DEVICES);
}, 60_000);
