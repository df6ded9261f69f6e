import type { Config } from "../config/types.ts";
import type { PrepareOptions } from "./prepare.ts";
import { prepareStages } from "./prepare-stages.ts";

/**
 * What `flm-train tokenize --json` prints; paths absolute. Where the vocabulary grows, all but files and warnings is of the
 * last stage.
 */
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
  const stages = await prepareStages(config, options);
  const data = stages.at(-1)!;
  return {
    files: [...new Set(stages.flatMap(({ files }) => files))],
    fingerprint: data.fingerprint,
    vocab_size: data.tokenizer.vocab_size,
    train_tokens: data.train_tokens,
    train_documents: data.train_documents,
    duplicate_documents: data.duplicate_documents,
    bad_rows: data.bad_rows,
    validation_tokens: data.validation_tokens,
    warnings: [...new Set(stages.flatMap(({ warnings }) => warnings))],
  };
}
