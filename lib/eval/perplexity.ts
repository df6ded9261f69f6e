import { readDocumentIndex } from "../data/corpus/document-index.ts";
import { TokenFileWriter } from "../data/corpus/token-file-writer.ts";
import { readDocuments, type Source } from "../data/read/documents.ts";
import { findSourceFiles } from "../data/read/source-files.ts";
import { validationRows } from "../data/stream/validation-rows.ts";
import type { DocumentTokenizer } from "../data/tokenizer/document-tokenizer.ts";
import type { RowPieces } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { lossOfRows } from "./loss-of-rows.ts";
import { withTokenFile } from "./own-token-file.ts";
import type { TaskResult } from "./results.ts";
import type { ScoringEngine } from "./score-continuations.ts";

/** Documents that are encoded by one native call. */
const BATCH_BYTES = 4 << 20;

/** The score is bits per byte; the floor, 8, is that of bytes that are all equally likely. */
export interface PerplexityResult extends TaskResult {
  /** Nats per token. */
  loss: number;
  /** Of a token: it does not compare between tokenizers, bits per byte do. */
  perplexity: number;
  bits_per_byte: number;
  /** UTF-8 bytes of the predicted tokens. */
  bytes: number;
}

/** Text as rows of an engine's token files. */
export interface MeasuredText {
  name: string;
  rows: readonly RowPieces[];
  /** UTF-8 bytes of a predicted token. */
  bytes_per_token: number;
}

/** How well a model predicts text that its engine has open. */
export async function measurePerplexity(
  { engine, micro_batch_size, ramp, team, signal }: ScoringEngine,
  { name, rows, bytes_per_token }: MeasuredText,
): Promise<PerplexityResult> {
  const { loss, targets } = await lossOfRows(engine, rows, micro_batch_size, ramp, team, signal);
  const bits_per_byte = loss / Math.LN2 / bytes_per_token;
  return {
    name,
    group: "perplexity",
    n: targets,
    score: bits_per_byte,
    ci95: null,
    floor: 8,
    loss,
    perplexity: Math.exp(loss),
    bits_per_byte,
    bytes: Math.round(bytes_per_token * targets),
  };
}

/**
 * How well a model predicts the documents of text or JSONL files. The engine's token files are open again afterwards.
 *
 * @param path a file, a directory or a glob
 * @param limit of documents
 * @throws FlmError DATA_NOT_FOUND, DATA_EMPTY, DATA_INVALID
 */
export async function measureFiles(
  scoring: ScoringEngine,
  tokenizer: DocumentTokenizer,
  path: string,
  field: string,
  limit = Infinity,
): Promise<PerplexityResult> {
  const source = findSource(path, field);
  const write = async (file: string): Promise<MeasuredText> => {
    const { targets, bytes } = await tokenizeDocuments(
      source,
      tokenizer,
      file,
      limit,
      scoring.signal,
    );
    // The token that ends a document of one byte is a target that stands for no text.
    if (bytes === 0)
      throw new FlmError("DATA_EMPTY", `${path} holds no text to predict`, {
        hint: "name files with text; for JSONL, --field names the field that holds it",
      });
    const documents = readDocumentIndex(file)!;
    const sources = [{ file: scoring.files.length, documents, supervised: null }];
    const rows = validationRows(sources, scoring.seq_length);
    return { name: path, rows, bytes_per_token: bytes / targets };
  };
  return withTokenFile(scoring, write, (text) => measurePerplexity(scoring, text));
}

function findSource(path: string, field: string): Source {
  try {
    const files = findSourceFiles({ path: [path], format: "auto", type: "text" }, 0);
    return { files, field, samples: "text" };
  } catch (error) {
    if (!(error instanceof FlmError) || error.code !== "DATA_NOT_FOUND") throw error;
    throw new FlmError("DATA_NOT_FOUND", `there are no files at ${path}`, {
      hint: "check the path; relative ones count from the working directory",
    });
  }
}

/** Writes a token file; returns what is predicted: all tokens of a document but its first. */
async function tokenizeDocuments(
  source: Source,
  tokenizer: DocumentTokenizer,
  path: string,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<{ targets: number; bytes: number }> {
  const measured = { targets: 0, bytes: 0 };
  const writer = await TokenFileWriter.create(path, tokenizer.vocab_size, tokenizer.eos_id);
  const append = async (texts: readonly Uint8Array[]): Promise<void> => {
    let end = 0;
    const ends = Uint32Array.from(texts, (text) => (end += text.length));
    const encoded = await tokenizer.encodeDocuments(Buffer.concat(texts), ends);
    let begin = 0;
    const documents = Array.from(encoded.ends, (stop) => {
      const ids = encoded.ids.subarray(begin, stop);
      begin = stop;
      return ids;
    });
    for (const [i, ids] of documents.entries()) {
      measured.targets += ids.length;
      measured.bytes += texts[i]!.length - tokenizer.bytesOf(ids[0]!);
    }
    await writer.append(documents);
  };
  try {
    let texts: Uint8Array[] = [];
    let bytes = 0;
    let left = limit;
    for await (const { text } of readDocuments(source)) {
      if (left-- <= 0) break;
      signal?.throwIfAborted();
      texts.push(text);
      bytes += text.length;
      if (bytes < BATCH_BYTES) continue;
      await append(texts);
      texts = [];
      bytes = 0;
    }
    if (texts.length > 0) await append(texts);
    await writer.finish();
  } finally {
    await writer.close();
  }
  return measured;
}
