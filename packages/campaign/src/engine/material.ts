import { type BlockChecksums, blockChecksums, FragmentEncoder } from '@airlift/applayer';
import { BugError } from '@airlift/kernel';
import { type FileChecksums, fileChecksums } from '../evidence/index.ts';
import { buildFragment, buildStatusRequest } from '../questions.ts';
import type { ImageFormat, SessionFormat } from '../session/session-format.ts';
import type { GroupFrame } from '../session/session-state.ts';

/** What devices check a block with. */
export interface Checks {
  readonly crc64: BlockChecksums;
  readonly crc32: FileChecksums;
}

interface Cut {
  readonly format: SessionFormat;
  readonly encoder: FragmentEncoder | undefined;
  readonly checks: Checks | undefined;
}

/** The content of a job, cut and coded for each of its formats. */
export class Material {
  readonly image: Uint8Array;
  readonly #cuts = new Map<string, Cut>();

  constructor(image: Uint8Array, formats: readonly SessionFormat[]) {
    this.image = image;
    for (const format of formats) this.#cuts.set(format.key, cut(image, format));
  }

  checks(formatKey: string): Checks | undefined {
    return this.#cuts.get(formatKey)?.checks;
  }

  /** The check values of all formats, for when the job is over. */
  allChecks(): readonly Checks[] {
    return [...this.#cuts.values()].flatMap(({ checks }) => checks ?? []);
  }

  /** What a frame to the group carries. */
  payload(formatKey: string, frame: GroupFrame): { readonly fPort: number; readonly payload: Uint8Array } {
    const found = this.#cuts.get(formatKey);
    if (found === undefined) throw new BugError('a frame of no format was due');
    const { format, encoder } = found;
    const { fPort } = format;
    if (format.kind === 'message') return { fPort, payload: this.image };
    if (frame.kind === 'status') return { fPort, payload: buildStatusRequest(true) };
    if (encoder === undefined) throw new BugError('an image format without an encoder');
    return { fPort, payload: buildFragment(frame.number, encoder.fragment(frame.number), format.fragIndexBase) };
  }
}

function cut(image: Uint8Array, format: SessionFormat): Cut {
  if (format.kind === 'message') return { format, encoder: undefined, checks: undefined };
  const { fragSize, codeRule } = format;
  const encoder = new FragmentEncoder({ block: image, fragSize, rule: codeRule });
  return { format, encoder, checks: checksOf(image, format) };
}

/** What devices check an image with that they got in the format. */
export function checksOf(image: Uint8Array, { fragSize, nbFrag, padding }: ImageFormat): Checks {
  return { crc64: blockChecksums(image, padding), crc32: fileChecksums(image, nbFrag * fragSize) };
}
