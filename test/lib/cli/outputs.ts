import { Writable } from "node:stream";

/** A stream that keeps what is written to it; with `columns` it looks like a terminal. */
export class Output extends Writable {
  text = "";
  readonly isTTY: boolean;
  readonly columns: number | undefined;

  constructor(columns?: number) {
    super();
    this.isTTY = columns !== undefined;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  /** What a person sees: each line as it was last rewritten. */
  get screen(): string[] {
    return this.text.split("\n").map((line) => line.split("\r\x1b[2K").at(-1)!);
  }
}
