import { CallerError } from '@airlift/kernel';
import type { CombinerEngine, EngineKind } from './combiner.ts';
import { JsEngine } from './js-combiner.ts';
import { wasmEngine } from './wasm-combiner.ts';

const shared = new Map<EngineKind, WeakRef<CombinerEngine>>();
let wasmMissing = false;

/**
 * The engine of that kind, or the fastest that this runtime has. All users share one per kind. Only they hold it: its
 * memory goes when the last user has gone, and a server without a campaign keeps none.
 * @throws CallerError `engine-unavailable` when vectors in WebAssembly are asked for and missing
 */
export function combinerEngine(kind?: EngineKind): CombinerEngine {
  if (kind !== 'js') {
    const engine = sharedWasm();
    if (engine !== undefined) return engine;
    if (kind === 'wasm') throw new CallerError('engine-unavailable', 'this runtime has no WebAssembly with vectors');
  }
  return shared.get('js')?.deref() ?? share(new JsEngine());
}

function sharedWasm(): CombinerEngine | undefined {
  const present = shared.get('wasm')?.deref();
  if (present !== undefined || wasmMissing) return present;
  const engine = wasmEngine();
  wasmMissing = engine === undefined;
  return engine === undefined ? undefined : share(engine);
}

function share(engine: CombinerEngine): CombinerEngine {
  shared.set(engine.kind, new WeakRef(engine));
  return engine;
}
