/** Anything that JSON can carry. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The readable form of one command's fields. */
export type ViewFields = { readonly [field: string]: JsonValue };

/** The readable form of one command, as people, logs and HTTP clients write it. */
export interface View {
  readonly name: string;
  readonly fields: ViewFields;
}
