export {
  type Command,
  type CommandDeclaration,
  type CommandDirection,
  command,
  type Message,
  type MessageOf,
  type VersionId,
} from './command.ts';
export { CommandList, type ReadRange, type ReadResult } from './command-list.ts';
export { checkInteger, checkOctets, outOfRange, wrongType } from './complaint.ts';
export { type Condition, conditionText, equals, holds, isClear, noneOf, remaining } from './condition.ts';
export { describeCommand } from './describe.ts';
export { type Choices, type DrawLimits, drawFields } from './draw.ts';
export {
  alsoCalled,
  type Domain,
  type Field,
  type FieldsOf,
  fieldsOfPart,
  type Part,
  type RecordCount,
  type Rfu,
  rfu,
  type StepRange,
  type ValueOf,
  type When,
  when,
} from './field.ts';
export { bits, errorBits, flag, mask, signedBits } from './fields/bit-groups.ts';
export { frequency } from './fields/frequency.ts';
export { i32, type Limits, numberFromView, u8, u16, u24, u32 } from './fields/integers.ts';
export { hex32, octets, rest } from './fields/octet-strings.ts';
export { recordCount, records } from './fields/records.ts';
export type { JsonValue, View, ViewFields } from './json.ts';
export { OctetReader } from './octet-reader.ts';
export { OctetWriter } from './octet-writer.ts';
export type { Values } from './values.ts';
export { WireError, type WireErrorCode } from './wire-error.ts';
