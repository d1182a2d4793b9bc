import { type BlockShape, FragmentBook } from './fragment-book.ts';
import { FragmentRows, type RowName } from './fragment-rows.ts';
import type { FragmentWords } from './fragment-words.ts';
import type { DecoderRowRule } from './parity-row.ts';

/** Transmissions that devices may still be in the middle of; a device holds its own book however old it is. */
const MOST_BOOKS = 8;

/** The transmissions that the devices of a fleet hear, so that what many of them heard is kept and computed once. */
export class FragmentLibrary {
  /** By size and rule; the latest last. */
  readonly #books = new Map<string, FragmentBook[]>();
  readonly #rows = new Map<string, FragmentRows>();

  rows(fragments: number, rule: DecoderRowRule): FragmentRows {
    const key = `${fragments}/${rule}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const rows = new FragmentRows(fragments, rule);
    this.#rows.set(key, rows);
    return rows;
  }

  /**
   * The book for a device that has just heard a fragment: one that contradicts nothing of what it heard so far.
   * @param before the book it had so far
   * @param heard what it keeps of that
   */
  bookFor(
    shape: BlockShape & { readonly rowRule: DecoderRowRule },
    name: RowName,
    words: FragmentWords,
    before: FragmentBook | undefined,
    heard: readonly RowName[],
  ): FragmentBook {
    const { fragments, fragmentSize, rowRule } = shape;
    const key = `${fragments}/${fragmentSize}/${rowRule}`;
    const books = this.#books.get(key) ?? [];
    this.#books.set(key, books);
    const notes = new Map<RowName, FragmentWords>([[name, words]]);
    for (const one of heard) {
      const known = before?.wordsOf(one);
      if (known !== undefined) notes.set(one, known);
    }
    const found = books.findLast((book) => contradictsNothing(book, notes));
    const book = found ?? new FragmentBook({ fragments, fragmentSize }, this.rows(fragments, rowRule));
    for (const [one, known] of notes) book.holds(one, known);
    if (found === undefined) books.push(book);
    if (books.length > MOST_BOOKS) books.shift();
    return book;
  }
}

function contradictsNothing(book: FragmentBook, notes: ReadonlyMap<RowName, FragmentWords>): boolean {
  for (const [name, words] of notes) if (book.wordsOf(name) !== undefined && !book.holds(name, words)) return false;
  return true;
}
