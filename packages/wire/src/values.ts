/** Field values by name, before their types are known. */
export type Values = Readonly<Record<string, unknown>>;
