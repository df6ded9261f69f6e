import type { Tokenizer } from "../data/types.ts";
import type { Progress } from "./write-tokens.ts";

/** The text of one continuation, handed out piece by piece as its tokens come. */
export class TextStream {
  readonly #tokenizer: Tokenizer;
  readonly #stop: readonly string[];
  #shown = "";
  #isCut = false;

  /** The text ends in front of the first of the strings in `stop`. */
  constructor(tokenizer: Tokenizer, stop: readonly string[] = []) {
    this.#tokenizer = tokenizer;
    this.#stop = stop;
  }

  /** All that has been handed out. */
  get text(): string {
    return this.#shown;
  }

  /** Whether one of the strings in `stop` has ended it. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** What is new and certain, and whether the text has ended. */
  read({ tokens, finish }: Omit<Progress, "index">): { piece: string; over: boolean } {
    const text = this.#tokenizer.decode(tokens);
    const end = firstOf(text, this.#stop);
    this.#isCut = end !== -1;
    const isLast = finish !== null;
    const certain = end !== -1 ? text.slice(0, end) : isLast ? text : this.#certainPart(text);
    const piece = certain.slice(this.#shown.length);
    if (piece.length > 0) this.#shown = certain;
    return { piece, over: isLast || this.#isCut };
  }

  /**
   * Without what the next token may change: the bytes of a character may still be on their way, and show as
   * replacement characters until then; the last letters may be the beginning of a stop string.
   */
  #certainPart(text: string): string {
    const whole = text.replace(/\ufffd+$/, "");
    let held = 0;
    for (const stop of this.#stop)
      for (let length = Math.min(stop.length - 1, whole.length); length > held; length--)
        if (whole.endsWith(stop.slice(0, length))) held = length;
    return whole.slice(0, whole.length - held);
  }
}

/** Where the first of the strings begins; -1 where there is none. */
function firstOf(text: string, strings: readonly string[]): number {
  const found = strings.map((each) => text.indexOf(each)).filter((at) => at !== -1);
  return found.length === 0 ? -1 : Math.min(...found);
}
