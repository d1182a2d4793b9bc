import { steadyMs } from '@airlift/kernel';

/** An instant that the samples count from. */
export const SAMPLE_AT = steadyMs(1_767_225_600_000);
