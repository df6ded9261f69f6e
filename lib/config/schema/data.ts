import * as z from "zod";
import { key } from "./key.ts";

const path = z.string().min(1);

const nats = z.number().gt(0);

/** Far above any count of tokens; sums and powers of it are finite. */
export const MAX_WEIGHT = 1e15;

const sourceSchema = z.strictObject({
  name: key(
    z.string().min(1).nullable().default(null),
    "Name in reports and in stages[].weights; null is its place in the list, from 0.",
  ),
  path: key(
    z
      .union([path, z.array(path).min(1)], { error: "must be a path or a list of paths" })
      .transform((input) => (typeof input === "string" ? [input] : input)),
    "File, directory or glob, or a list of them, relative to the working directory.",
  ),
  weight: key(
    z.number().gt(0).max(MAX_WEIGHT).default(1),
    "Share of the tokens, relative to the other sources' weights.",
  ),
  reference_loss: key(
    z
      .union([nats, z.array(nats).min(1)], { error: "must be a loss, or a list of one a stage" })
      .nullable()
      .default(null),
    "mixing dynamic: validation loss that this source is to reach, in nats per token; one for all stages, or a list of one a stage.",
  ),
  format: key(
    z.enum(["auto", "text", "jsonl", "parquet"]).default("auto"),
    "auto goes by the file's name.",
  ),
  field: key(
    z.string().min(1).default("text"),
    "The field of a jsonl or parquet row that holds its text.",
  ),
  type: key(
    z.enum(["text", "proposition", "conversation"]).default("text"),
    "What a row is: text, a proposition with a label (objective freelm), or messages (objective instruct; with two answers dpo).",
  ),
});

const validationSchema = z.strictObject({
  fraction: key(
    z.number().min(0).max(0.5).default(0.01),
    "Documents held out, chosen by their hash.",
  ),
});

export const dataSchema = z.strictObject({
  sources: key(z.array(sourceSchema).min(1), "What to train on."),
  validation: key(validationSchema.prefault({}), "What to measure on."),
  document_mask: key(z.boolean().default(true), "Attention does not cross the end of a document."),
  packing: key(
    z.boolean().default(true),
    "Fill sequences with several documents; false gives every document its own.",
  ),
  mixing: key(
    z.enum(["stages", "linear", "dynamic"]).default("stages"),
    "How the sources' weights change: with each stage; within each stage linearly, from those of the stage before to its own; or with the validation losses of the sources (dynamic batch loading).",
  ),
  temperature: key(
    z.number().min(0.1).nullable().default(null),
    "A source's share is proportional to weight · tokens^(1/temperature): 1 is by size, large values are equal shares. null is the weights alone.",
  ),
  on_bad_row: key(
    z.enum(["error", "skip"]).default("error"),
    "What a row that cannot be read does: end the run, or be left out, counted and reported.",
  ),
  cache_dir: key(
    path.default(".flm-cache"),
    "Where token files and trained tokenizers are kept, shared by runs.",
  ),
});
