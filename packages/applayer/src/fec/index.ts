export type { EngineKind } from './combiner.ts';
export {
  FragmentDecoder,
  type FragmentDecoderOptions,
} from './fragment-decoder.ts';
export { FragmentEncoder, type FragmentEncoderOptions } from './fragment-encoder.ts';
export { binaryCodeNeeds, frameArrivals } from './frame-arrivals.ts';
export { MAX_FRAG_SIZE, MAX_FRAGMENT_INDEX, ROW_RULES, type RowRule } from './limits.ts';
export { type LossyBroadcast, minimumFrames } from './minimum-frames.ts';
export { ParityRowCache } from './parity-row-cache.ts';
export { ParityRows } from './parity-rows.ts';
export { RankDecoder } from './rank-decoder.ts';
