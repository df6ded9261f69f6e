import type { Config } from "../config/types.ts";
import { prepareData, type PrepareOptions } from "./prepare.ts";

/** What `flm-train tokenize --json` prints; paths absolute. */
export interface TokenizeResult {
  files: readonly string[];
  fingerprint: string;
  vocab_size: number;
  train_tokens: number;
  train_documents: number;
  duplicate_documents: number;
  bad_rows: number;
  validation_tokens: number;
  warnings: readonly string[];
}

/** Makes the token files of a config, or finds them made. @throws FlmError as `train` does for bad data. */
export async function tokenize(config: Config, options: PrepareOptions): Promise<TokenizeResult> {
  const data = await prepareData(config, options);
  return {
    files: data.files,
    fingerprint: data.fingerprint,
    vocab_size: data.tokenizer.vocab_size,
    train_tokens: data.train_tokens,
    train_documents: data.train_documents,
    duplicate_documents: data.duplicate_documents,
    bad_rows: data.bad_rows,
    validation_tokens: data.validation_tokens,
    warnings: data.warnings,
  };
}
