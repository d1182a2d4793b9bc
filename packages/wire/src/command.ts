import { checkDeclaration } from './check-declaration.ts';
import { checkValues, readParts, refuseUnknown, writePart } from './command-fields.ts';
import { valuesFromView, viewOf } from './command-view.ts';
import { type FieldsOf, fieldsOfPart, type Part } from './field.ts';
import type { ViewFields } from './json.ts';
import type { OctetReader } from './octet-reader.ts';
import type { OctetWriter } from './octet-writer.ts';
import type { Values } from './values.ts';

/** `up`: from the device to the server. `down`: from the server to the device. */
export type CommandDirection = 'up' | 'down';

/** How the versions of a specification, and devices' deviations from it, are told apart. */
export type VersionId = string | number;

/** What is declared of a command; everything else follows from it. */
export interface CommandDeclaration<
  N extends string,
  D extends CommandDirection,
  V extends VersionId,
  P extends readonly Part[],
> {
  /** Name as the specification spells it. */
  readonly name: N;
  /** The octet that announces the command. */
  readonly cid: number;
  readonly direction: D;
  /** The versions in which the command has this layout. */
  readonly versions: readonly V[];
  /** What the command is for. */
  readonly doc: string;
  /** Where it is specified. */
  readonly section: string;
  /** Its fields in the order on air. */
  readonly parts: P;
  /** Nothing else may be sent in the same frame. */
  readonly alone?: boolean;
}

/** A declared command. `F` is the type of its fields. */
export interface Command<
  N extends string = string,
  F = unknown,
  D extends CommandDirection = CommandDirection,
  V extends VersionId = VersionId,
> {
  readonly name: N;
  readonly cid: number;
  readonly direction: D;
  readonly versions: readonly V[];
  readonly doc: string;
  readonly section: string;
  readonly parts: readonly Part[];
  readonly alone: boolean;
  /** Reads the fields; the CID has been read already. @throws WireError */
  readFields(reader: OctetReader): F;
  /**
   * Writes CID and fields.
   * @throws CallerError `field-missing`, `field-unknown`, `field-not-allowed`, `field-type`, `field-out-of-range`,
   * `field-inconsistent`
   */
  write(writer: OctetWriter, fields: F): void;
  /** The readable form of the fields. */
  view(fields: F): ViewFields;
  /** Fields from their readable form. @throws CallerError as `write` */
  fromView(view: ViewFields): F;
}

/** One command with its values, as it is sent or was received. */
export interface Message<N extends string = string, F = unknown> {
  readonly name: N;
  readonly fields: F;
}

/** The union of the messages that the commands of union `C` can carry, told apart by `name`. */
export type MessageOf<C extends Command> = C extends { readonly name: infer N extends string }
  ? C extends { readFields(reader: OctetReader): infer F }
    ? Message<N, F>
    : never
  : never;

/**
 * Makes a command of its declaration.
 * @throws BugError when bit groups do not fill whole octets, names repeat, or a condition names no earlier field
 */
export function command<
  const N extends string,
  const D extends CommandDirection,
  const V extends VersionId,
  const P extends readonly Part[],
>(declaration: CommandDeclaration<N, D, V, P>): Command<N, FieldsOf<P>, D, V> {
  const { name, parts } = declaration;
  checkDeclaration(name, parts);
  const fields = parts.flatMap(fieldsOfPart);
  const fieldNames = new Set(fields.map((field) => field.name));
  const viewNames = new Set(fields.flatMap((field) => [field.name, ...(field.alsoCalled ?? [])]));
  return {
    name,
    cid: declaration.cid,
    direction: declaration.direction,
    versions: declaration.versions,
    doc: declaration.doc,
    section: declaration.section,
    parts,
    alone: declaration.alone ?? false,
    readFields: (reader) => readParts(parts, reader) as FieldsOf<P>,
    write: (writer, values) => {
      refuseUnknown(name, fieldNames, values);
      writer.unsigned(declaration.cid, 1);
      for (const part of parts) writePart(part, writer, name, values as Values);
    },
    view: (values) => viewOf(fields, values as Values),
    fromView: (view) => {
      refuseUnknown(name, viewNames, view);
      const values = valuesFromView(fields, view, name);
      checkValues(parts, values, name);
      return values as FieldsOf<P>;
    },
  };
}
