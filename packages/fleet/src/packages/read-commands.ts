import type { ReadRange, ReadResult } from '@airlift/wire';

/**
 * The commands of a downlink as a device stack executes them: what it does not know it skips octet by octet, and a
 * command that is cut off ends the frame.
 * @param read a codec's tolerant reading of these octets
 * @param isHole CIDs whose command the stack lacks: their payload is taken for commands
 */
export function readCommands<M>(
  octets: Uint8Array,
  read: (octets: Uint8Array, range: ReadRange) => ReadResult<M>,
  isHole: (cid: number) => boolean = () => false,
): M[] {
  return [...readStrayCommands(octets, read, isHole).commands];
}

/** As `readCommands`, and whether anything was skipped or cut off. */
export function readStrayCommands<M>(
  octets: Uint8Array,
  read: (octets: Uint8Array, range: ReadRange) => ReadResult<M>,
  isHole: (cid: number) => boolean = () => false,
): { readonly commands: readonly M[]; readonly strayed: boolean } {
  const commands: M[] = [];
  let strayed = false;
  for (let from = 0; from < octets.length; ) {
    const result = read(octets, { from, stop: isHole });
    commands.push(...result.commands);
    if (result.error !== undefined) strayed = true;
    if (result.error !== undefined && result.error.code !== 'unknown-cid') break;
    from = result.end + 1;
  }
  return { commands, strayed };
}
