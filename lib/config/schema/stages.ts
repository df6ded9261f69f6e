import * as z from "zod";
import { MAX_WEIGHT } from "./data.ts";
import { growthOverrideSchema } from "./growth.ts";
import { key } from "./key.ts";
import { parallelSchema } from "./parallel.ts";
import { layers, size } from "./size.ts";
import { tokenCount } from "./token-count.ts";

const share = z.number().min(0).max(MAX_WEIGHT);

export const stageSchema = z.strictObject({
  name: key(z.string().min(1).optional(), "Name in reports.", "stage-1, stage-2, …"),
  num_layers: key(
    layers.optional(),
    "Decoder layers.",
    "required, but for the last stage of a preset",
  ),
  hidden_size: key(
    size.optional(),
    "Width of the residual stream.",
    "required, but for the last stage of a preset",
  ),
  num_attention_heads: key(
    size.optional(),
    "Query heads.",
    "required, but for the last stage of a preset",
  ),
  num_kv_heads: key(
    size.optional(),
    "Key and value heads; fewer than query heads is grouped-query attention.",
    "num_attention_heads, or the preset's",
  ),
  ffn_hidden_size: key(
    size.optional(),
    "Width of the FFN.",
    "gelu: 4 · hidden_size; swiglu: 8/3 · hidden_size rounded up to a multiple of 64; or the preset's",
  ),
  tokens: key(
    tokenCount,
    "Training tokens of this stage: a number, or 400k, 1.5M, 3B, 2T (powers of 1000); rounded up to whole steps.",
  ),
  vocab_size: key(
    size.nullable().default(null),
    "Tokens of this stage's vocabulary: bytes, special tokens and the tokenizer's first merges; null is all of the tokenizer's. It never shrinks.",
  ),
  seq_length: key(size.optional(), "Tokens in a sequence.", "model.seq_length"),
  global_batch_size: key(
    size.optional(),
    "Sequences in an optimizer step, over all ranks.",
    "the previous stage's; 16 in the first",
  ),
  micro_batch_size: key(
    size.optional(),
    "Sequences that a rank computes at once; the rest of its share is accumulated.",
    "the largest divisor, up to 16, of a rank's share",
  ),
  lr: key(
    z.number().gt(0).optional(),
    "Peak learning rate of this stage (base rate under muP).",
    "optimizer.lr",
  ),
  warmup_steps: key(
    z.int().min(0).optional(),
    "Steps in which the rate moves linearly from where it stands to this stage's.",
    "a fiftieth of the stage's steps, at most 2000",
  ),
  weights: key(
    z
      .union([z.array(share).min(1), z.record(z.string(), share)], {
        error: "must be a list of one weight a source, or weights by the sources' names",
      })
      .nullable()
      .default(null),
    "Weights of data.sources in this stage: a list in their order, or a mapping from their names; 0 leaves one out. null is those of the stage before, in the first stage data.sources[].weight.",
  ),
  growth: key(
    growthOverrideSchema.prefault({}),
    "Any key of `growth`, for the growth into this stage; without meaning in the first.",
    "growth",
  ),
  parallel: key(parallelSchema.prefault({}), "How this stage is spread over ranks."),
});
