import type { Json } from "../json.ts";

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
}

/** A corpus that is ready to train on: token files, a tokenizer, and the order of everything. */
export interface PreparedData {
  readonly tokenizer: Tokenizer;
  /** Token files in the order in which pieces name them. */
  readonly files: readonly string[];
  /** Changes when any token or its place changes. */
  readonly fingerprint: string;
  readonly train_tokens: number;
  readonly train_documents: number;
  readonly duplicate_documents: number;
  readonly validation_tokens: number;
  /** UTF-8 bytes of a validation target, for bits per byte; 0 without validation. */
  readonly bytes_per_token: number;
  /** The same for each of `data.sources`. */
  readonly source_bytes_per_token: readonly number[];
  /** Nats per validation token of an interpolated bigram model of the training tokens; null without validation. */
  readonly bigram_loss: number | null;
  /** What the user should know about the data, one sentence each. */
  readonly warnings: readonly string[];
  /** The endless stream of training rows, from its beginning or from where `state` was taken. */
  stream(state?: Json): BatchStream;
  /**
   * The validation set, of all sources or of one, in order, as rows of `seq_length`; every token is a target at most
   * once.
   */
  validationRows(seq_length: number, source?: number): RowPieces[];
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
}

export interface PrepareProgress {
  phase: "reading" | "training tokenizer" | "tokenizing";
  /** Bytes of text done, and in all where that is known. */
  done: number;
  total: number | null;
}
