import { CallerError } from '@airlift/kernel';
import {
  type Command,
  type CommandDirection,
  type CommandList,
  type Message,
  OctetWriter,
  WireError,
} from '@airlift/wire';
import { type Ts003Downlink, type Ts003Uplink, type Ts003Version, ts003 } from './ts003.ts';
import { type Ts004Downlink, type Ts004Uplink, type Ts004Version, ts004 } from './ts004.ts';
import { type Ts005Downlink, type Ts005Uplink, type Ts005Version, ts005 } from './ts005.ts';
import { type Ts006Downlink, type Ts006Uplink, type Ts006Version, ts006 } from './ts006.ts';
import { type Ts007Downlink, type Ts007Uplink, ts007 } from './ts007.ts';

/** Versions in which the packages of a multi-package frame are spoken, by PackageIdentifier; left out: not spoken. */
export interface PackageVersions {
  readonly 1?: Ts003Version;
  readonly 2?: Ts005Version;
  readonly 3?: Ts004Version;
  readonly 4?: Ts006Version;
}

/** Commands of one package within a multi-package frame. */
export interface Section<Id extends number, M> {
  readonly packageIdentifier: Id;
  readonly commands: readonly M[];
}

/** Requests of one package within a multi-package downlink. */
export type DownlinkSection =
  | Section<0, Ts007Downlink>
  | Section<1, Ts003Downlink>
  | Section<2, Ts005Downlink>
  | Section<3, Ts004Downlink>
  | Section<4, Ts006Downlink>;

/** Answers of one package within a multi-package uplink. */
export type UplinkSection =
  | Section<0, Ts007Uplink>
  | Section<1, Ts003Uplink>
  | Section<2, Ts005Uplink>
  | Section<3, Ts004Uplink>
  | Section<4, Ts006Uplink>;

/** What a multi-package frame or buffer held, as far as it could be read. */
export interface Sections<S> {
  readonly sections: readonly S[];
  /** Why reading stopped early; undefined when everything was read. */
  readonly error: WireError | undefined;
}

/** A multi-package downlink as a device reads it. */
export type MultiPackageDownlink =
  | ({ readonly kind: 'commands'; readonly token: number } & Sections<DownlinkSection>)
  | { readonly kind: 'again'; readonly startByte: number; readonly stopByte: number };

/** A multi-package uplink as a server reads it. */
export type MultiPackageUplink =
  | ({ readonly kind: 'answers'; readonly token: number } & Sections<UplinkSection>)
  /** A part of the answers that begins at `baseByte`; join the parts and hand them to `readAnswers`. */
  | { readonly kind: 'part'; readonly token: number; readonly baseByte: number; readonly octets: Uint8Array }
  /** The device has no answers in the range that MultiPackBufferReq asked for. */
  | { readonly kind: 'refused' };

/** In a section header the highest bit is set; in a CID of the packages it never is. */
const SECTION_FLAG = 0x80;
const MULTI_PACK_BUFFER_CID = 0x02;
const REFUSED = 0xff;
/** The other bits of the token octet are reserved. */
const TOKEN_MASK = 0x03;

/**
 * A frame with commands of several packages, and a token by which its answers are recognised (TS007 section 3.1).
 * DataFragment and other commands that must be alone are refused.
 * @param token 0..3
 * @throws CallerError `package-unknown`, `not-alone`, `token-invalid`, and those of `PackageCodec.encode`
 */
export function encodeMultiPackage(
  direction: 'down',
  versions: PackageVersions,
  sections: readonly DownlinkSection[],
  token: number,
): Uint8Array;
export function encodeMultiPackage(
  direction: 'up',
  versions: PackageVersions,
  sections: readonly UplinkSection[],
  token: number,
): Uint8Array;
export function encodeMultiPackage(
  direction: CommandDirection,
  versions: PackageVersions,
  sections: readonly Section<number, Message>[],
  token: number,
): Uint8Array {
  if (!Number.isInteger(token) || token < 0 || token > TOKEN_MASK) {
    throw new CallerError('token-invalid', 'the token must be an integer in 0..3');
  }
  const writer = new OctetWriter();
  sections.forEach(({ packageIdentifier, commands }, i) => {
    const list = commandList(packageIdentifier, versions, direction);
    if (list === undefined) {
      throw new CallerError('package-unknown', `no version is given for package ${packageIdentifier}`);
    }
    const loner = list.commands.find((one) => one.alone && commands.some(({ name }) => name === one.name));
    if (loner !== undefined) {
      throw new CallerError('not-alone', `${loner.name} cannot be part of a multi-package frame`);
    }
    // Package 0 is meant until a header says otherwise.
    if (i > 0 || packageIdentifier !== 0) writer.unsigned(SECTION_FLAG | packageIdentifier, 1);
    writer.octets(list.encode(commands));
  });
  writer.unsigned(token, 1);
  return writer.finish();
}

/** Reads a multi-package downlink. @throws WireError `truncated`, `trailing` when nothing of it makes sense */
export function readMultiPackDownlink(versions: PackageVersions, octets: Uint8Array): MultiPackageDownlink {
  if (octets[0] === MULTI_PACK_BUFFER_CID) {
    const [request] = ts007.decode(1, 'down', octets);
    if (request?.name !== 'MultiPackBufferReq') throw new WireError('truncated', 'no MultiPackBufferReq', 0);
    return { kind: 'again', startByte: request.fields.StartByte, stopByte: request.fields.StopByte };
  }
  const token = tokenOf(octets);
  const found = readSections(versions, 'down', octets.subarray(0, -1));
  return { kind: 'commands', token, ...(found as Sections<DownlinkSection>) };
}

/** Reads a multi-package uplink. @throws WireError `truncated` when it is too short to mean anything */
export function readMultiPackUplink(versions: PackageVersions, octets: Uint8Array): MultiPackageUplink {
  const token = tokenOf(octets);
  if (octets[0] !== MULTI_PACK_BUFFER_CID || octets.length === 1) {
    return { kind: 'answers', token, ...readAnswers(versions, octets.subarray(0, -1)) };
  }
  const baseByte = octets[1];
  // Some stacks send a token with a refusal, some do not.
  if (baseByte === REFUSED) return { kind: 'refused' };
  if (baseByte === undefined || octets.length < 3) {
    throw new WireError('truncated', 'MultiPackBufferFrag ends before its token', octets.length);
  }
  return { kind: 'part', token, baseByte, octets: octets.subarray(2, -1) };
}

/** Reads answers without their token, such as those put together from several parts. Never throws. */
export function readAnswers(versions: PackageVersions, octets: Uint8Array): Sections<UplinkSection> {
  return readSections(versions, 'up', octets) as Sections<UplinkSection>;
}

function readSections(
  versions: PackageVersions,
  direction: CommandDirection,
  octets: Uint8Array,
): Sections<Section<number, Message>> {
  const sections: Section<number, Message>[] = [];
  let at = 0;
  let packageIdentifier = 0;
  while (at < octets.length) {
    const first = octets[at] ?? 0;
    if ((first & SECTION_FLAG) !== 0) {
      packageIdentifier = first & ~SECTION_FLAG;
      at += 1;
    }
    const list = commandList(packageIdentifier, versions, direction);
    if (list === undefined) {
      // The length of what follows cannot be known.
      const error = new WireError('out-of-range', `package ${packageIdentifier} is not spoken`, at - 1);
      return { sections, error };
    }
    const { commands, error, end } = list.read(octets, { from: at, stop: (cid) => (cid & SECTION_FLAG) !== 0 });
    sections.push({ packageIdentifier, commands });
    if (error !== undefined) return { sections, error };
    at = end;
  }
  return { sections, error: undefined };
}

function commandList(
  packageIdentifier: number,
  versions: PackageVersions,
  direction: CommandDirection,
): CommandList<Command> | undefined {
  switch (packageIdentifier) {
    case ts007.packageIdentifier:
      return ts007.list(1, direction);
    case ts003.packageIdentifier:
      return versions[1] === undefined ? undefined : ts003.list(versions[1], direction);
    case ts005.packageIdentifier:
      return versions[2] === undefined ? undefined : ts005.list(versions[2], direction);
    case ts004.packageIdentifier:
      return versions[3] === undefined ? undefined : ts004.list(versions[3], direction);
    case ts006.packageIdentifier:
      return versions[4] === undefined ? undefined : ts006.list(versions[4], direction);
    default:
      return undefined;
  }
}

function tokenOf(octets: Uint8Array): number {
  const last = octets.at(-1);
  if (last === undefined) throw new WireError('truncated', 'a multi-package frame ends with a token', 0);
  return last & TOKEN_MASK;
}
