import { join, resolve } from "node:path";
import { resolveConfig } from "../config/resolve.ts";
import { loadTokenizer } from "../data/tokenizer/load.ts";
import type { Tokenizer } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { loadNative } from "../native/load.ts";
import type { NativeBinding } from "../native/types.ts";
import { AskedWeights } from "./import/asked-weights.ts";
import { importGpt2 } from "./import/gpt2.ts";
import type { HfConfig } from "./import/hf-config.ts";
import { type HfDirectory, openHfDirectory } from "./import/hf-directory.ts";
import type { ImportedModel } from "./import/imported-model.ts";
import { importLlama, LLAMA_LIKE } from "./import/llama.ts";
import { runName } from "./import/run-name.ts";
import { stopTokens, tokenizerWarnings } from "./import/tokenizer-warnings.ts";
import { writeRun } from "./import/write-run.ts";
import { createDirectory } from "./new-directory.ts";
import { tokenizerJson } from "./tokenizer-json.ts";
import type { WeightSource } from "./weight-source.ts";

export interface ImportOptions {
  /** The run's directory; it must not exist yet, or be empty. */
  out: string;
  /** Tokens of a sequence, where the model's own are more than is wanted. Not for learned positions. */
  seq_length?: number;
}

export interface ImportResult {
  /** Absolute path of the run's directory. */
  run_dir: string;
  family: string;
  parameters: number;
  warnings: string[];
}

/**
 * Makes a run of a Hugging Face model (Llama-like or GPT-2, safetensors), with one checkpoint at step 0, which can be
 * evaluated, generated with and exported. Holds a few rows of a matrix in memory, or one whole where it is transposed.
 *
 * @throws FlmError NOT_SUPPORTED for what our models do not compute, CHECKPOINT_INVALID, TOKENIZER_INVALID, USAGE, IO
 */
export async function importModel(path: string, options: ImportOptions): Promise<ImportResult> {
  const native = loadNative();
  const out = resolve(options.out);
  const directory = openHfDirectory(resolve(path));
  const weights = new AskedWeights(directory.weights, directory.weights.names);
  const imported = translate(directory.config, weights, options.seq_length);
  const { tokenizer, warnings } = readTokenizer(directory, imported, native);
  warnings.push(...imported.warnings, ...unusedWarnings(weights));
  const { model, stage, tensors } = imported;
  const isBytes = tokenizer.toJson() === null;
  // Without a tokenizer there ids are those of bytes here, and mean something else.
  const { tokenizer: json } = directory;
  const seq_length = model.seq_length!;
  const config = resolveConfig({
    name: runName(out),
    model,
    tokenizer: isBytes ? { type: "bytes" } : { type: "file", path: join(out, "tokenizer.json") },
    data: { sources: [{ path: join(out, "data") }] },
    eval: { stop_tokens: json === null ? [] : stopTokens(directory, tokenizer) },
    // The least that a stage can be: nothing has been trained here.
    stages: [{ ...stage, tokens: seq_length, global_batch_size: 1, warmup_steps: 0 }],
  });
  await createDirectory(out, (partial) =>
    writeRun(
      partial,
      {
        config,
        tensors,
        tokenizer: tokenizer.toJson(),
        vocab_size: tokenizer.vocab_size,
        origin: directory.path,
      },
      native,
    ),
  );
  const parameters = tensors.reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  return { run_dir: out, family: model.family!, parameters, warnings };
}

function unusedWarnings(weights: AskedWeights): string[] {
  const unused = weights.unasked();
  if (unused.length === 0) return [];
  return [
    `${unused.length} of the files' tensors are not used, the first is ${unused[0]}: ` +
      "config.json is of a model without them, or the model computes what ours do not",
  ];
}

function translate(
  config: HfConfig,
  weights: WeightSource,
  seq_length: number | undefined,
): ImportedModel {
  const type = config.text("model_type");
  if (LLAMA_LIKE.includes(type)) return importLlama(config, weights, seq_length);
  if (type !== "gpt2")
    throw new FlmError("NOT_SUPPORTED", `model_type ${type} cannot be imported`, {
      hint: `it must be ${[...LLAMA_LIKE, "gpt2"].join(", ")}`,
    });
  if (seq_length !== undefined)
    throw new FlmError("USAGE", "the sequence length of GPT-2 is that of its learned positions", {
      hint: "leave --seq-length out",
    });
  return importGpt2(config, weights);
}

function readTokenizer(
  directory: HfDirectory,
  { model }: ImportedModel,
  native: NativeBinding,
): { tokenizer: Tokenizer; warnings: string[] } {
  const { path, tokenizer: json } = directory;
  const bytes = loadTokenizer(native, "bytes");
  const rows = model.vocab_size!;
  if (json === null) {
    if (rows < bytes.vocab_size)
      throw new FlmError(
        "TOKENIZER_INVALID",
        `${path} has no tokenizer.json, and ${rows} tokens are too few for bytes`,
        { hint: "put the model's tokenizer.json there" },
      );
    const warnings = [`${path} has no tokenizer.json: text is read as bytes`];
    return { tokenizer: bytes, warnings };
  }
  if (json === tokenizerJson(bytes)) return { tokenizer: bytes, warnings: [] };
  const tokenizer = loadTokenizer(native, json, join(path, "tokenizer.json"));
  if (tokenizer.vocab_size > rows)
    throw new FlmError(
      "TOKENIZER_INVALID",
      `${path}/tokenizer.json has ${tokenizer.vocab_size} tokens, the model has rows for ${rows}`,
      { hint: "put the tokenizer.json there that belongs to the model" },
    );
  return { tokenizer, warnings: tokenizerWarnings(json, tokenizer.eos_id, directory) };
}
