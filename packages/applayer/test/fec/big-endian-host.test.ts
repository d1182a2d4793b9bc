import { expect, it, vi } from 'vitest';

vi.mock('node:os', () => ({ endianness: () => 'BE' }));

it('refuses to work on a big-endian host rather than to give wrong data', async () => {
  const { ParityRows } = await import('../../src/fec/index.ts');
  expect(() => new ParityRows(10, 'v1')).toThrow(expect.objectContaining({ kind: 'caller', code: 'host-big-endian' }));
});
