import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Config } from "../config/types.ts";
import { CHAT_TEMPLATE } from "../data/read/chat-template.ts";
import { FlmError } from "../errors.ts";
import { findModel, rampWarnings, type TrainedModel } from "../eval/open-model.ts";
import { GGUF_TYPES, type GgufType } from "./gguf/quantize.ts";
import { writeGguf } from "./gguf/write.ts";
import { gpt2Model } from "./hf/gpt2.ts";
import { llamaModel } from "./hf/llama.ts";
import { writeHf } from "./hf/write.ts";
import { writePlain } from "./plain.ts";
import { createDirectory, refuseOccupied } from "./new-directory.ts";
import { checkpointWeights } from "./weight-source.ts";

export const EXPORT_FORMATS = ["hf", "gguf", "plain"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Those whose sources are conversations. */
const CHAT_OBJECTIVES: ReadonlySet<Config["objective"]["type"]> = new Set(["instruct", "dpo"]);

export interface ExportOptions {
  /** hf: what transformers loads (the plain layout for family flm). gguf: for llama.cpp. plain: our own names. */
  format: ExportFormat;
  /** A directory that does not exist yet, or an empty one. */
  out: string;
  /** How weights are stored; f32 by default. q8_0 is for gguf alone. */
  dtype?: GgufType;
}

export interface ExportResult {
  format: ExportFormat;
  /** Absolute paths. */
  checkpoint: string;
  out: string;
  /** Names of the files in `out`. */
  files: string[];
  warnings: string[];
}

/**
 * Writes a model for other programs. `path` is a checkpoint, or a run's directory, whose newest checkpoint is taken.
 * Holds a few rows of a matrix in memory, or one whole where it is transposed. `out` appears when it is complete.
 *
 * @throws FlmError NOT_SUPPORTED where the format cannot express the model, USAGE, IO, CHECKPOINT_NOT_FOUND, …
 */
export async function exportModel(path: string, options: ExportOptions): Promise<ExportResult> {
  const { format, dtype = "f32" } = options;
  checkOptions(format, dtype);
  const out = resolve(options.out);
  refuseOccupied(out);
  const model = await findModel(path);
  await createDirectory(out, (partial) => write(model, partial, format, dtype));
  const warnings = [...model.warnings, ...rampWarnings(model, "the weights are those")];
  const files = readdirSync(out).sort();
  return { format, checkpoint: model.checkpoint.directory, out, files, warnings };
}

async function write(
  { checkpoint, config, plan, tokenizer }: TrainedModel,
  directory: string,
  format: ExportFormat,
  dtype: GgufType,
): Promise<void> {
  const source = checkpointWeights(checkpoint);
  const wasTuned = CHAT_OBJECTIVES.has(config.objective.type);
  const chat = wasTuned ? { chat_template: CHAT_TEMPLATE } : {};
  if (format === "gguf") {
    const file = join(directory, `${config.name}-${dtype}.gguf`);
    return writeGguf(file, plan, source, tokenizer, { type: dtype, name: config.name, ...chat });
  }
  if (dtype === "q8_0")
    throw new FlmError("INTERNAL", `dtype ${dtype} passed the check of --format ${format}`);
  const { family } = config.model;
  if (format === "plain" || family === "flm")
    return writePlain(directory, plan, source, tokenizer, { type: dtype, ...chat });
  const model = family === "llama" ? llamaModel(plan, source) : gpt2Model(plan, source);
  const { seq_length } = plan.shape;
  const { stop_tokens } = config.eval;
  return writeHf(directory, model, tokenizer, { type: dtype, seq_length, stop_tokens, ...chat });
}

function checkOptions(format: ExportFormat, dtype: GgufType): void {
  if (!EXPORT_FORMATS.includes(format))
    throw new FlmError("USAGE", `there is no format ${format}`, {
      hint: `use ${EXPORT_FORMATS.join(", ")}`,
    });
  const types: readonly GgufType[] =
    format === "gguf" ? GGUF_TYPES : GGUF_TYPES.filter((type) => type !== "q8_0");
  if (!types.includes(dtype))
    throw new FlmError("USAGE", `format ${format} has no dtype ${dtype}`, {
      hint: `use ${types.join(", ")}`,
    });
}
