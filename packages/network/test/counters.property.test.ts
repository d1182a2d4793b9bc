import { parsePhyPayload } from '@airlift/lorawan';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { GatewayWord } from '../src/testing/index.ts';
import { Bench, GATEWAY, SECOND_GATEWAY } from './support/bench.ts';
import { TestDevice } from './support/test-device.ts';

/** One thing that happens. */
type Step =
  | { readonly kind: 'uplink'; readonly device: number; readonly confirmed: boolean; readonly gateways: number }
  | { readonly kind: 'repeat'; readonly device: number }
  | { readonly kind: 'join'; readonly device: number }
  | { readonly kind: 'send'; readonly device: number; readonly octets: number }
  | { readonly kind: 'group'; readonly octets: number }
  | { readonly kind: 'group-closed-and-opened' }
  | { readonly kind: 'flush'; readonly device: number }
  | { readonly kind: 'members'; readonly devices: readonly number[] }
  | { readonly kind: 'gateway'; readonly ready: boolean }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'crash' };

const device = fc.nat({ max: 2 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('uplink' as const),
      device,
      confirmed: fc.boolean(),
      gateways: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), device }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('join' as const), device }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('send' as const), device, octets: fc.nat({ max: 60 }) }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('group' as const), octets: fc.nat({ max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('group-closed-and-opened' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const), device }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('members' as const), devices: fc.subarray([0, 1, 2]) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('gateway' as const), ready: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 130, 410, 999, 2_500, 70_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
);
const words: fc.Arbitrary<readonly GatewayWord[]> = fc.array(
  fc.constantFrom<GatewayWord>(
    { kind: 'programmed' },
    { kind: 'refused', error: 'TOO_LATE' },
    { kind: 'refused', error: 'TX_POWER' },
    { kind: 'unreachable' },
    'silence',
  ),
  { minLength: 1, maxLength: 30 },
);

const GROUP = {
  groupId: 'g',
  mcAddr: 0xf0da_0001,
  mcNwkSKey: '30'.repeat(16),
  mcAppSKey: '40'.repeat(16),
  frequencyHz: 869_525_000,
  dataRate: 5,
  firstFCnt: 3,
  devEuis: [],
};

it('no counter is ever used for two frames, none reaches a gateway twice, every ticket has one fate, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 40 }), words, async (happenings, said) => {
      const bench = new Bench({ gateways: [GATEWAY, SECOND_GATEWAY] });
      const devices = [
        await bench.joined(new TestDevice('0004a30b001c0530', '00112233445566778899aabbccddeeff'), 'A'),
        await bench.joined(new TestDevice('0004a30b001c0531', '10112233445566778899aabbccddeeff'), 'C'),
        await bench.joined(new TestDevice('0004a30b001c0532', '20112233445566778899aabbccddeeff'), 'C'),
      ];
      await bench.server.openGroup(GROUP);
      const handed: string[] = [];
      let turn = 0;
      bench.link.word = () => said[turn++ % said.length] ?? 'silence';
      const last = new Map<TestDevice, Uint8Array>();

      for (const step of happenings) {
        const subject = 'device' in step ? devices[step.device] : undefined;
        switch (step.kind) {
          case 'uplink': {
            const phy = subject?.uplink({ confirmed: step.confirmed, fCtrl: { adrAckReq: !step.confirmed } });
            if (subject === undefined || phy === undefined) break;
            last.set(subject, phy);
            if ((step.gateways & 1) !== 0) bench.hear(phy);
            if ((step.gateways & 2) !== 0) bench.hear(phy, { gatewayEui: SECOND_GATEWAY, snrDb: 7 });
            break;
          }
          case 'repeat': {
            const phy = subject === undefined ? undefined : last.get(subject);
            if (phy !== undefined) bench.hear(phy);
            break;
          }
          case 'join': {
            if (subject === undefined) break;
            const before = bench.requests.length;
            bench.hear(subject.joinRequest());
            await bench.clock.advance(1_000);
            const accepts = bench.requests
              .slice(before)
              .filter(({ phyPayload }) => parsePhyPayload(phyPayload).type === 'join-accept');
            accepts.some(({ phyPayload }) => subject.accept(phyPayload));
            break;
          }
          case 'send':
            if (subject === undefined) break;
            handed.push(
              await bench.send(subject.devEui, {
                fPort: 1,
                payload: new Uint8Array(step.octets),
                before: bench.in(60_000),
              }),
            );
            break;
          case 'group':
            handed.push(bench.sendToGroup('g', 1, new Uint8Array(step.octets), bench.clock.now()));
            break;
          case 'group-closed-and-opened':
            await bench.server.closeGroup('g');
            await bench.server.openGroup(GROUP);
            break;
          case 'flush':
            if (subject !== undefined) bench.server.flush(subject.devEui);
            bench.server.flushGroup('g');
            break;
          case 'members':
            await bench.server.setMembers(
              'g',
              step.devices.flatMap((number) => devices[number]?.devEui ?? []),
            );
            break;
          case 'gateway':
            bench.link.appear(GATEWAY, step.ready);
            break;
          case 'wait':
            await bench.clock.advance(step.ms);
            break;
          case 'crash':
            await bench.crash();
            // Tickets are not kept over a restart.
            handed.length = 0;
            break;
        }
      }
      await bench.clock.advance(200_000);

      const seen = new Map<string, string>();
      for (const { gatewayEui, phyPayload } of bench.requests) {
        const frame = parsePhyPayload(phyPayload);
        if (frame.type !== 'data') continue;
        const octets = Buffer.from(phyPayload).toString('hex');
        const frameOf = `${frame.devAddr}/${frame.fCnt16}`;
        expect(seen.get(frameOf) ?? octets).toBe(octets);
        seen.set(frameOf, octets);
        expect(seen.has(`${frameOf}/${gatewayEui}`)).toBe(false);
        seen.set(`${frameOf}/${gatewayEui}`, octets);
      }
      expect(bench.faults()).toEqual([]);
      // Every ticket of the last process had one fate.
      const told = bench.fates().map(({ ticketId }) => ticketId);
      for (const ticketId of handed) expect(told.filter((one) => one === ticketId)).toHaveLength(1);
    }),
    { numRuns: 300 },
  );
});
