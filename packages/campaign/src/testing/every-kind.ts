/** Samples of every kind of a union: a kind that has none is a type error. */
export type EveryKind<T extends { readonly kind: string }> = {
  readonly [K in T['kind']]: readonly [Extract<T, { readonly kind: K }>, ...Extract<T, { readonly kind: K }>[]];
};

/** The samples in a row, the kinds in the order in which they are written. */
export function everyKind<T extends { readonly kind: string }>(samples: EveryKind<T>): readonly T[] {
  return Object.values<readonly T[]>(samples).flat();
}
