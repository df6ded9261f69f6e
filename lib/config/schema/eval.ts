import * as z from "zod";
import { key } from "./key.ts";

/** Far above any vocabulary, and within 32 bits. */
const MOST_TOKENS = 2 ** 24;

export const evalSchema = z.strictObject({
  interval_steps: key(z.int().min(1).default(100), "Steps between evaluations."),
  suites: key(
    z.array(z.enum(["perplexity", "iq", "choice"])).default(["perplexity"]),
    "What is evaluated; an empty list is nothing.",
  ),
  limit: key(
    z.int().min(1).nullable().default(50),
    "Items of each task, or questions, that iq and choice score while training; null is all.",
  ),
  choice_file: key(
    z.string().min(1).nullable().default(null),
    "choice only, required there: multiple-choice questions as JSONL (docs/evaluation.md).",
  ),
  sample_prompt: key(
    z.string().min(1).nullable().default(null),
    "Text that the model continues at the end of each stage; null generates nothing.",
  ),
  sample_tokens: key(z.int().min(1).default(64), "Tokens of that continuation."),
  stop_tokens: key(
    z.array(z.int().min(0).max(MOST_TOKENS)).default([]),
    "Ids of tokens that end what the model writes, beside the one that ends a document; import takes over those of generation_config.json.",
  ),
});
