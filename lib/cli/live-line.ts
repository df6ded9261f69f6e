import type { WriteStream } from "node:tty";

/** One line that is rewritten in place on a terminal; lines in between push it down. */
export class LiveLine {
  readonly #out: WriteStream | NodeJS.WritableStream;
  readonly #isTerminal: boolean;
  #shown = "";

  constructor(out: WriteStream | NodeJS.WritableStream) {
    this.#out = out;
    // A dumb one, as that of an editor, shows what should move the cursor as characters.
    this.#isTerminal = "isTTY" in out && out.isTTY === true && process.env.TERM !== "dumb";
  }

  get isTerminal(): boolean {
    return this.#isTerminal;
  }

  /** Replaces the live line. Without a terminal nothing is shown. */
  show(text: string): void {
    if (!this.#isTerminal) return;
    const width = (this.#out as WriteStream).columns || 80;
    this.#shown = text.length < width ? text : text.slice(0, width - 1);
    this.#out.write(`\r\x1b[2K${this.#shown}`);
  }

  /** A line that stays. */
  print(text: string): void {
    if (this.#shown) this.#out.write("\r\x1b[2K");
    this.#out.write(`${text}\n`);
    if (this.#shown) this.#out.write(this.#shown);
  }

  clear(): void {
    if (this.#shown) this.#out.write("\r\x1b[2K");
    this.#shown = "";
  }
}
