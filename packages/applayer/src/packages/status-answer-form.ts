const PACKAGE_VERSION_CID = 0x00;
const FRAGMENTATION_PACKAGE = 3;

/**
 * Whether the octets after a TS004 version 2 status octet that says "session does not exist" are the count fields,
 * which the specification omits then, but which Basics Modem sends all the same. Three octets that follow are those
 * fields unless they are an answer of their own, and PackageVersionAns is the only one with three octets.
 */
export function isRepeatedStatus(rest: Uint8Array): boolean {
  if (rest.length !== 3) return false;
  return !(rest[0] === PACKAGE_VERSION_CID && rest[1] === FRAGMENTATION_PACKAGE);
}
