import { addAllWords, type FragmentWords } from './fragment-words.ts';

/** A fragment that a decoder made use of after the first coded one. */
export interface UsedFragment {
  /** The columns whose sum it is. */
  readonly row: () => readonly number[];
  /** Names the row among those of decoders of one shape. */
  readonly rowName: number;
  readonly words: FragmentWords;
}

/** What a decoder has: the plain fragments it heard, by column, and the others that determine the missing ones. */
export interface SolvableBlock {
  readonly known: readonly (FragmentWords | undefined)[];
  readonly used: readonly UsedFragment[];
}

const CANDIDATES = 4;

/**
 * Blocks that decoders have solved, so that in a large fleet not everyone has to solve the same one. A decoder may take a
 * block over when everything it heard itself agrees with it: with as many independent fragments as there are unknowns,
 * no other block does.
 */
export class SolvedBlocks {
  readonly #byShape = new Map<string, SolvedBlock[]>();

  /**
   * All fragments of the one block that agrees with what a decoder has, or undefined when it is not among those solved.
   * @param shape decoders of one shape have the same text here
   */
  find(shape: string, block: SolvableBlock): readonly FragmentWords[] | undefined {
    return this.#byShape.get(shape)?.find((solved) => solved.agreesWith(block))?.fragments;
  }

  /** Notes a block; a few of each shape are kept. */
  add(shape: string, fragments: readonly FragmentWords[]): void {
    const others = this.#byShape.get(shape) ?? [];
    this.#byShape.set(shape, [new SolvedBlock(fragments), ...others].slice(0, CANDIDATES));
  }
}

class SolvedBlock {
  readonly fragments: readonly FragmentWords[];
  /** Coded fragments that were compared already: all devices hear the same ones. */
  readonly #compared = new WeakMap<FragmentWords, { readonly rowName: number; readonly agrees: boolean }>();

  constructor(fragments: readonly FragmentWords[]) {
    this.fragments = fragments;
  }

  agreesWith({ known, used }: SolvableBlock): boolean {
    const hasKnown = known.every((words, column) => words === undefined || areEqual(words, this.fragments[column]));
    return hasKnown && used.every((fragment) => this.#contains(fragment));
  }

  #contains({ row, rowName, words }: UsedFragment): boolean {
    const earlier = this.#compared.get(words);
    if (earlier?.rowName === rowName) return earlier.agrees;
    const sum = new Int32Array(words.length);
    addAllWords(
      sum,
      row().flatMap((column) => this.fragments[column] ?? []),
    );
    const agrees = areEqual(sum, words);
    this.#compared.set(words, { rowName, agrees });
    return agrees;
  }
}

function areEqual(a: FragmentWords, b: FragmentWords | undefined): boolean {
  return a === b || (a.length === b?.length && a.every((word, i) => word === b[i]));
}
