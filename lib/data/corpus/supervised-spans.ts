import { readFileSync } from "node:fs";
import { AppendFile } from "./append-file.ts";
import type { EncodedDocument, TokenRange } from "./encode-batch.ts";

/** Where the supervised tokens of a token file lie: begin and end of each stretch, rising. */
export class SupervisedSpans {
  readonly #edges: Float64Array;

  constructor(edges: Float64Array) {
    this.#edges = edges;
  }

  get count(): number {
    return this.#edges.length / 2;
  }

  /** Those that begin within tokens begin to end - 1. */
  within(begin: number, end: number): TokenRange[] {
    const spans: TokenRange[] = [];
    for (let i = this.#firstFrom(begin); i < this.count && this.#edges[2 * i]! < end; i++)
      spans.push({ begin: this.#edges[2 * i]!, end: this.#edges[2 * i + 1]! });
    return spans;
  }

  /** Index of the first that begins at `token` or behind it. */
  #firstFrom(token: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#edges[2 * middle]! < token) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The name of the file beside a token file that holds its spans. */
export function spansPath(tokenFile: string): string {
  return tokenFile.replace(/\.tok$/, ".spans");
}

/** Writes the spans of a token file while that is written: little-endian doubles, all edges one after another. */
export class SpansWriter {
  readonly #file: AppendFile;
  #tokens: number;

  private constructor(file: AppendFile, tokens: number) {
    this.#file = file;
    this.#tokens = tokens;
  }

  static async create(path: string): Promise<SpansWriter> {
    return new SpansWriter(await AppendFile.create(path), 0);
  }

  /** Goes on behind so many edges, which belong to the token file's first `tokens`. */
  static async resume(path: string, edges: number, tokens: number): Promise<SpansWriter> {
    return new SpansWriter(await AppendFile.reopen(path, 8 * edges), tokens);
  }

  get edges(): number {
    return this.#file.bytes / 8;
  }

  /** The next documents of the token file. */
  async append(documents: readonly EncodedDocument[]): Promise<void> {
    const edges: number[] = [];
    for (const { ids, supervised } of documents) {
      for (const { begin, end } of supervised ?? [])
        edges.push(this.#tokens + begin, this.#tokens + end);
      this.#tokens += ids.length + 1;
    }
    await this.#file.append(new Uint8Array(Float64Array.from(edges).buffer));
  }

  /** Waits until all of it has reached the disk. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Null when the file does not hold rising edges of at most `tokens`. @throws Node's error when it cannot be read */
export function readSpans(path: string, tokens: number): SupervisedSpans | null {
  const bytes = readFileSync(path);
  if (bytes.length % 16 !== 0) return null;
  const edges = new Float64Array(new Uint8Array(bytes).buffer);
  const isRising = edges.every((edge, i) => edge >= (i === 0 ? 0 : edges[i - 1]!));
  return isRising && (edges.at(-1) ?? 0) <= tokens ? new SupervisedSpans(edges) : null;
}
