import { rm } from "node:fs/promises";
import type { DocumentTokenizer } from "../tokenizer/document-tokenizer.ts";
import type { EncodedDocument } from "./encode-batch.ts";
import { orClose } from "./or-close.ts";
import { spansPath, SpansWriter } from "./supervised-spans.ts";
import { endsPath, type TokenFileProgress, TokenFileWriter } from "./token-file-writer.ts";

/** How much of an output is there. */
export interface OutputProgress extends TokenFileProgress {
  /** Of supervised spans; null where every token is supervised. */
  readonly edges: number | null;
}

/** A token file and, where not all of it is supervised, the file of spans beside it. */
export class Output {
  readonly #tokens: TokenFileWriter;
  readonly #spans: SpansWriter | null;

  private constructor(tokens: TokenFileWriter, spans: SpansWriter | null) {
    this.#tokens = tokens;
    this.#spans = spans;
  }

  /** @param progress of an earlier attempt that had reached the disk; null begins anew, whatever such an attempt left */
  static async open(
    path: string,
    { vocab_size, eos_id }: DocumentTokenizer,
    hasSpans: boolean,
    progress: OutputProgress | null,
  ): Promise<Output> {
    const spans = spansPath(path);
    if (progress === null) {
      for (const left of [path, endsPath(path), spans]) await rm(left, { force: true });
      const tokens = await TokenFileWriter.create(path, vocab_size, eos_id);
      const open = () => SpansWriter.create(spans);
      return orClose(tokens, async () => new Output(tokens, hasSpans ? await open() : null));
    }
    const tokens = await TokenFileWriter.resume(path, vocab_size, eos_id, progress);
    const open = () => SpansWriter.resume(spans, progress.edges!, progress.tokens);
    return orClose(tokens, async () => new Output(tokens, hasSpans ? await open() : null));
  }

  get progress(): OutputProgress {
    return { ...this.#tokens.progress, edges: this.#spans?.edges ?? null };
  }

  async append(documents: readonly EncodedDocument[]): Promise<void> {
    await this.#spans?.append(documents);
    await this.#tokens.append(documents.map(({ ids }) => ids));
  }

  /** Waits until what has been appended has reached the disk. */
  async sync(): Promise<void> {
    await this.#spans?.sync();
    await this.#tokens.sync();
  }

  async finish(): Promise<void> {
    await this.#spans?.sync();
    await this.#tokens.finish();
  }

  async close(): Promise<void> {
    await this.#spans?.close();
    await this.#tokens.close();
  }
}
