// `multitech` is version 1 with MultiTech's private commands; `2-v1-status` is version 2 as STM32CubeWL builds it, with
// the fields of the status answer in the order of version 1.

/** Version 1 of TS004 and its dialect. */
export const FIRST = [1, 'multitech'] as const;
/** Version 2 of TS004 and its dialect. */
export const SECOND = [2, '2-v1-status'] as const;
/** Every version and dialect of TS004. */
export const ALL = [...FIRST, ...SECOND] as const;
