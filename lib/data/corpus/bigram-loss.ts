import { readTokens } from "./document-index.ts";
import { BigramModel } from "./bigram.ts";

/** Tokens that are counted, and tokens that are scored: enough for a baseline, and a bound on memory and time. */
const MAX_TOKENS = 20e6;

/**
 * Nats per validation target of a bigram model of the training tokens: what a language model that is worth its name
 * must stay below. From each file the first tokens are taken, an equal share of 20 million; null without a target.
 */
export function bigramLoss(
  training: readonly string[],
  validation: readonly string[],
  eos_id: number,
  vocab_size: number,
): number | null {
  const model = new BigramModel(firstTokens(training), eos_id, vocab_size);
  const { loss_sum, targets } = model.score(firstTokens(validation), eos_id);
  return targets === 0 ? null : loss_sum / targets;
}

function firstTokens(paths: readonly string[]): Uint32Array {
  const parts = paths.map((path) => readTokens(path, Math.floor(MAX_TOKENS / paths.length))!);
  const joined = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
