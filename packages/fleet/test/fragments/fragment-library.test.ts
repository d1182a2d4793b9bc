import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FragmentDecoder, type PlainOrder } from '../../src/fragments/fragment-decoder.ts';
import { FragmentLibrary } from '../../src/fragments/fragment-library.ts';
import { type FragmentWords, wordsOf } from '../../src/fragments/fragment-words.ts';
import { fragmentsOf } from '../world.ts';

const SIZE = 5;
const SENT = 60;

it('decoders that share what they solved hold what they would hold alone, whatever they heard of which block', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const device = fc.record({
    stream: fc.constantFrom(0, 1),
    heard: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: SENT, maxLength: SENT }),
    loss: fc.integer({ min: 0, max: 5 }),
    // A fragment that reached this device alone with other octets.
    spoilt: fc.option(fc.integer({ min: 1, max: SENT }), { nil: undefined }),
    plainOrder: fc.constantFrom<PlainOrder>('ascending', 'until-coded', 'any'),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 30 }),
      fc.infiniteStream(octet),
      fc.array(device, { minLength: 2, maxLength: 12 }),
      (m, octets, devices) => {
        const streams = [0, 1].map(() => {
          const block = Uint8Array.from({ length: m * SIZE }, () => octets.next().value as number);
          return fragmentsOf(block, SIZE, SENT - m).map((fragment) => wordsOf(fragment, SIZE));
        });
        const library = new FragmentLibrary();
        for (const { stream, heard, loss, spoilt, plainOrder } of devices) {
          const shape = { fragments: m, fragmentSize: SIZE, maxRedundancy: 100, plainOrder };
          const sharing = new FragmentDecoder(shape, library);
          const alone = new FragmentDecoder(shape);
          streams[stream]?.forEach((words: FragmentWords, i) => {
            if ((heard[i] ?? 0) < loss) return;
            const taken = i + 1 === spoilt ? words.map((word) => word ^ 0x0101) : words;
            expect(sharing.accept(i + 1, taken)).toBe(alone.accept(i + 1, taken));
          });
          expect(sharing.complete).toBe(alone.complete);
          expect(sharing.block()).toEqual(alone.block());
        }
      },
    ),
    { numRuns: 300 },
  );
});
