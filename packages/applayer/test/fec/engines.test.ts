import { afterEach, describe, expect, it, vi } from 'vitest';
import { rowsPerBatch } from '../../src/fec/row-batches.ts';
import { assembleKernel } from '../../src/fec/wasm-kernel.ts';

describe('engines', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  async function freshEngines(): Promise<typeof import('../../src/fec/engines.ts')> {
    vi.resetModules();
    return import('../../src/fec/engines.ts');
  }

  it('takes WebAssembly by itself, JavaScript when told to, and shares one of each', async () => {
    const { combinerEngine } = await freshEngines();
    const engine = combinerEngine();
    expect(engine.kind).toBe('wasm');
    expect(combinerEngine('wasm')).toBe(engine);
    const js = combinerEngine('js');
    expect(js.kind).toBe('js');
    expect(combinerEngine('js')).toBe(js);
  });

  it.each([
    ['WebAssembly', undefined],
    ['vectors in WebAssembly', { validate: () => false }],
  ])('does without %s, and says so when asked for it', async (_, webAssembly) => {
    vi.stubGlobal('WebAssembly', webAssembly);
    const { combinerEngine } = await freshEngines();
    expect(combinerEngine().kind).toBe('js');
    expect(() => combinerEngine('wasm')).toThrow(
      expect.objectContaining({ kind: 'caller', code: 'engine-unavailable' }),
    );
  });

  it('assembles a small module that the runtime takes', () => {
    const kernel = assembleKernel();
    expect(kernel.length).toBeLessThan(2000);
    const { WebAssembly } = globalThis as unknown as { WebAssembly: { validate(module: Uint8Array): boolean } };
    expect(WebAssembly.validate(kernel)).toBe(true);
    expect(WebAssembly.validate(kernel.subarray(0, -1))).toBe(false);
  });
});

describe('rowsPerBatch', () => {
  it('takes as many rows together as pay, at most 8, and spreads them evenly', () => {
    expect(rowsPerBatch(1058, 1)).toBe(1);
    expect(rowsPerBatch(4333, 800)).toBe(8);
    expect(rowsPerBatch(4333, 9)).toBe(5);
    expect(rowsPerBatch(10, 100)).toBeLessThan(5);
    for (const columns of [1, 2, 50, 1058, 16_383]) {
      for (let rows = 1; rows < 40; rows++) {
        const batch = rowsPerBatch(columns, rows);
        expect(batch).toBeGreaterThanOrEqual(1);
        expect(batch).toBeLessThanOrEqual(Math.min(8, rows));
      }
    }
  });
});
