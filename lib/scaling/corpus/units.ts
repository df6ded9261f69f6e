export type Unit = "words" | "bytes";

export const UNITS: readonly Unit[] = ["words", "bytes"];

/** A Chinese character, a run of letters, digits and apostrophes, or a mark of punctuation. */
const WORD = /\p{Script=Han}|(?:(?!\p{Script=Han})[\p{L}\p{N}\p{M}'_])+|[^\s]/gu;

const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/** Text as numbers: equal words, or bytes, get equal ones. */
export class UnitReader {
  readonly #unit: Unit;
  readonly #words = new Map<string, number>();

  constructor(unit: Unit) {
    this.#unit = unit;
  }

  read(text: Uint8Array): ArrayLike<number> {
    if (this.#unit === "bytes") return text;
    const words = DECODER.decode(text).match(WORD) ?? [];
    return Uint32Array.from(words, (word) => this.#idOf(word));
  }

  #idOf(word: string): number {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    const id = this.#words.size;
    this.#words.set(word, id);
    return id;
  }
}
