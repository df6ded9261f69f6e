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

  /** Characters that it has room for. */
  get width(): number {
    return this.#isTerminal ? ((this.#out as WriteStream).columns || 80) - 1 : Infinity;
  }

  /** Replaces the live line. Without a terminal nothing is shown. */
  show(text: string): void {
    if (!this.#isTerminal) return;
    this.#shown = text.slice(0, this.width);
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

/** A part of a line; the greater its rank, the sooner it gives way. */
export interface Part {
  text: string;
  rank: number;
}

/** The parts in their order, without those of the greatest ranks where the width has no room for all. */
export function fitted(parts: readonly Part[], width: number): string {
  const text = parts.map((part) => part.text).join("  ");
  if (text.length <= width || parts.length === 1) return text;
  const last = Math.max(...parts.map(({ rank }) => rank));
  return fitted(
    parts.filter(({ rank }) => rank < last),
    width,
  );
}
