import { stageSteps } from "../config/steps.ts";
import type { Config } from "../config/types.ts";
import { readDocumentIndex } from "./corpus/document-index.ts";
import { sharesAt, stageWeights } from "./mixing/stage-weights.ts";
import type { PreparedData } from "./types.ts";

/**
 * Beyond this, reading the same text again teaches clearly less than new text would (Muennighoff et al. 2023,
 * arXiv 2305.16264).
 */
const MANY_EPOCHS = 4;

/** How a source takes part in a run. */
export interface SourceUse {
  readonly documents: number;
  readonly tokens: number;
  /** Of the run's tokens, from 0 to 1. */
  readonly share: number;
  /** How often the run reads it. */
  readonly epochs: number;
}

/**
 * What each entry of `data.sources` will be to the run of `config`, rows taken to be full. Under dynamic batch loading,
 * which nobody can foresee, the weights that it begins with count.
 */
export function sourceUse(config: Config, { files }: Pick<PreparedData, "files">): SourceUse[] {
  const { data, stages } = config;
  const indices = data.sources.map((_, i) => readDocumentIndex(files[i]!)!);
  const weights = stageWeights(
    config,
    indices.map(({ tokens }) => tokens),
  );
  const used = indices.map(() => 0);
  for (const [stage, { global_batch_size, seq_length }] of stages.entries()) {
    const inputs = stageSteps(config, stage) * global_batch_size * seq_length;
    // Half-way through, a linear change has its mean.
    const shares = sharesAt(weights, data.mixing, { stage, done: 0.5 });
    for (const [i, share] of shares.entries()) used[i]! += share * inputs;
  }
  const total = used.reduce((sum, inputs) => sum + inputs, 0);
  return indices.map(({ count, tokens }, i) => ({
    documents: count,
    tokens,
    share: used[i]! / total,
    // The token that ends a document is a target only.
    epochs: count === 0 ? 0 : used[i]! / (tokens - count),
  }));
}

/** One sentence for each source that the run reads again and again. */
export function repeatWarnings(config: Config, data: Pick<PreparedData, "files">): string[] {
  return sourceUse(config, data).flatMap(({ epochs }, i) =>
    epochs <= MANY_EPOCHS
      ? []
      : [
          `this run reads data.sources.${i} ${epochs.toFixed(1)} times; more text, or a smaller weight for it, ` +
            `would help beyond ${MANY_EPOCHS}`,
        ],
  );
}
