import * as z from "zod";
import { key } from "./key.ts";

export const parallelSchema = z.strictObject({
  tensor_parallel_size: key(z.int().min(1).default(1), "Ranks that share every matrix."),
  pipeline_parallel_size: key(z.int().min(1).default(1), "Ranks that share the layers."),
  virtual_pipeline_size: key(
    z.int().min(1).default(1),
    "Pieces of the model on each pipeline rank (interleaved schedule).",
  ),
  data_parallel_size: key(
    z.int().min(1).nullable().default(null),
    "Copies of the model; null is the number of ranks / (tensor · pipeline sizes).",
  ),
  sequence_parallel: key(
    z.boolean().default(false),
    "Split norms and residuals along the sequence between tensor-parallel ranks.",
  ),
  recompute: key(
    z.enum(["none", "selective", "full"]).default("selective"),
    "Recompute activations in the backward pass instead of keeping them: nothing; what norms make, which costs next to nothing; or whole blocks.",
  ),
});
