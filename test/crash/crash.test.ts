import { createHash } from 'node:crypto';
import type { DeviceResultJson } from '@airlift/contract';
import { formatEui64, Rng } from '@airlift/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GroupFrame } from './support/air-observer.ts';
import {
  FOTA_NAME,
  FRAGMENT_OCTETS,
  MESSAGE_HEX,
  MESSAGE_NAME,
  MESSAGE_PORT,
  tellCrashStory,
} from './support/crash-story.ts';
import { CrashWorld } from './support/crash-world.ts';
import { killPlan } from './support/kill-plan.ts';

const SEED = process.env.AIRLIFT_CRASH_SEED ?? 'crash-1';
const FRAGMENTS = 60;

describe(`a server that is killed again and again (AIRLIFT_CRASH_SEED=${SEED})`, () => {
  const rng = new Rng(SEED);
  const image = rng.fork('image').octets(FRAGMENTS * FRAGMENT_OCTETS - 17);
  let world: CrashWorld;
  let kills = 0;

  beforeAll(async () => {
    world = await CrashWorld.create(SEED);
    try {
      kills = await tellCrashStory(world, killPlan(rng.fork('kills')), image);
    } catch (cause) {
      const { air, complaints, setbacks } = world;
      const seen = JSON.stringify({ faults: air.faults.slice(0, 5), complaints: complaints.slice(0, 5), setbacks });
      throw new Error(`${String(cause)}; seen until then: ${seen}`, { cause });
    }
  }, 240_000);

  afterAll(() => world.close());

  it('was killed at twenty points of the running job or more', () => {
    expect(kills).toBeGreaterThanOrEqual(20);
  });

  it('repeats no frame counter and no join nonce, and sends nothing that its devices cannot read', () => {
    expect(world.air.faults).toEqual([]);
    expect(world.air.unicastFrames).toBeGreaterThan(0);
  });

  it('completes the job with a result for every device, and all devices hold the identical image', async () => {
    const result = (await world.client.results()).find(({ filename }) => filename === FOTA_NAME);
    expect(result?.devices.map(({ deveui }) => deveui).toSorted()).toEqual(world.fotaDevEuis().toSorted());
    expect(result?.devices.map(outcome)).toEqual(world.fotaDevEuis().map(() => 'success'));
    const sha256 = createHash('sha256').update(image).digest('hex');
    const received = new Map(world.images.images.map(({ device, sha256 }) => [formatEui64(device), sha256]));
    expect(received).toEqual(new Map(world.fotaDevEuis().map((devEui) => [devEui, sha256])));
  });

  it('goes on with the next fragment that was not sent', () => {
    const [first] = world.air.groupFrames;
    const frames = world.air.groupFrames.filter(({ mcAddr }) => mcAddr === first?.mcAddr);
    const fragments = frames.filter(({ content }) => content.kind === 'fragment');
    expect(numberOf(fragments[0])).toBe(1);
    expect(new Set(fragments.map(({ incarnation }) => incarnation)).size).toBeGreaterThan(10);
    for (const [place, fragment] of fragments.entries()) {
      const before = fragments[place - 1];
      if (before === undefined) continue;
      const again = before.incarnation !== fragment.incarnation || isRefused(before);
      const allowed = again ? [numberOf(before), numberOf(before) + 1] : [numberOf(before) + 1];
      expect(allowed, `fragment ${place} on the air, after number ${numberOf(before)}`).toContain(numberOf(fragment));
    }
    for (const [place, frame] of frames.entries()) {
      if (place > 0) expect(frame.fCnt).toBeGreaterThan(frames[place - 1]?.fCnt ?? 0);
    }
  });

  it('shows a progress that never goes down', () => {
    expect(world.setbacks).toEqual([]);
  });

  it('runs the job that was scheduled for later, with a group of its own', async () => {
    const result = (await world.client.results()).find(({ filename }) => filename === MESSAGE_NAME);
    expect(result?.devices.map(outcome)).toEqual(world.messageDevEuis().map(() => 'success'));
    const messages = world.air.groupFrames.filter(({ content }) => content.kind === 'message');
    expect(messages.map(({ content }) => content)).toEqual([{ kind: 'message', fPort: MESSAGE_PORT }]);
    expect(messages[0]?.mcAddr).not.toBe(world.air.groupFrames[0]?.mcAddr);
    for (const { fPort, payload } of world.images.messages) {
      expect([fPort, Buffer.from(payload).toString('hex')]).toEqual([MESSAGE_PORT, MESSAGE_HEX]);
    }
    expect(world.images.messages.length).toBeGreaterThan(0);
    expect(await world.client.scheduled()).toEqual([]);
  });

  it('has nothing to complain of, and stops as it should', async () => {
    expect(await world.stop()).toEqual({ code: 0, signal: null });
    expect(world.complaints).toEqual([]);
  });

  function outcome({ status, reason_code }: DeviceResultJson): string {
    return reason_code ?? status;
  }

  function numberOf(frame: GroupFrame | undefined): number {
    return frame?.content.kind === 'fragment' ? frame.content.number : Number.NaN;
  }

  function isRefused({ incarnation, token }: GroupFrame): boolean {
    return world.air.refusedTokens.has(`${incarnation}/${token}`);
  }
});
