import type { Json } from "../json.ts";
import type { StreamSource } from "./stream/cursor.ts";

/** Text to token ids and back. Ids are below `vocab_size`. */
export interface Tokenizer {
  readonly vocab_size: number;
  /** The token that ends every document. */
  readonly eos_id: number;
  /** Changes when any text would be encoded differently. */
  readonly fingerprint: string;
  encode(text: string): Promise<Int32Array>;
  /** Bytes that are no UTF-8 become U+FFFD. */
  decode(ids: ArrayLike<number>): string;
  /** Hugging Face's tokenizer.json; null for the embedded byte tokenizer. */
  toJson(): string | null;
  /** Bytes of text that a token stands for; 0 for special tokens. */
  bytesOf(id: number): number;
}

/** A file that a corpus was made of, with what tells whether it has changed. */
export interface DataFile {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  /** Time of the last modification in nanoseconds, as decimal digits. */
  readonly mtime_ns: string;
}

/** A corpus that is ready to train on: token files, a tokenizer, and the order of everything. */
export interface PreparedData {
  readonly tokenizer: Tokenizer;
  /** Token files in the order in which pieces name them. */
  readonly files: readonly string[];
  /** What they were made of, in reading order; empty where another process has looked at it. */
  readonly made_of: readonly DataFile[];
  /** Changes when one of these files does. */
  readonly sources_key: string;
  /** Changes when any token or its place changes. */
  readonly fingerprint: string;
  readonly train_tokens: number;
  readonly train_documents: number;
  readonly duplicate_documents: number;
  /** Rows, and damaged files, left out by `data.on_bad_row`. */
  readonly bad_rows: number;
  readonly validation_tokens: number;
  /** UTF-8 bytes of a validation target, for bits per byte; 0 without validation. */
  readonly bytes_per_token: number;
  /** The same for each of `data.sources`. */
  readonly source_bytes_per_token: readonly number[];
  /** Weights of the sources in each stage, relative; 0 for a source without training text. */
  readonly stage_weights: readonly (readonly number[])[];
  /** Nats per validation token of an interpolated bigram model of the training tokens; null without validation. */
  readonly bigram_loss: number | null;
  /** What the user should know about the data, one sentence each. */
  readonly warnings: readonly string[];
  /** The endless stream of training rows, from its beginning or from where `state` was taken. */
  stream(state?: Json): BatchStream;
  /** Lets a stream of the same text in other tokens go on in these. */
  takeOver(stream: BatchStream): void;
  /**
   * The validation set, of all sources or of one, in order, as rows of `seq_length`; every token is a target at most
   * once, and each source begins with a row of its own. With objective dpo, as `trainingPairs`.
   */
  validationRows(seq_length: number, source?: number): RowPieces[];
  /**
   * With objective dpo: the rows of all training pairs in the order of the files, that of the chosen answer before that
   * of the rejected one. They are the rows of `stream`.
   */
  trainingPairs(seq_length: number): RowPieces[];
}

/** The pieces of one row, PIECE_FIELDS numbers each; their row number is for the caller to set. */
export type RowPieces = Float64Array;

export interface BatchStream {
  /** The next `rows` rows of `seq_length` inputs, numbered from 0: `StepInput.pieces`. */
  next(rows: number, seq_length: number): Float64Array;
  /** Plain data from which `PreparedData.stream` continues exactly. */
  state(): Json;
  /** Times that each source has been read through, for warnings. */
  epochs(): number[];
  /** Inputs of a passage of text, which stay together. */
  readonly passage_length: number;
  /** The same passages in other tokens from now on: of the one that is being read, from the same share on. */
  continueIn(sources: readonly StreamSource[]): void;
  /** Relative shares of the tokens that the sources have from the next passage on. */
  mix(weights: readonly number[]): void;
  /** Those shares now; their sum is 1. */
  shares(): readonly number[];
}

export interface PrepareProgress {
  phase: "reading" | "training tokenizer" | "tokenizing";
  /** Bytes of text done, and in all where that is known. */
  done: number;
  total: number | null;
}
