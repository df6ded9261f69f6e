import { stageSteps } from "../config/steps.ts";
import type { Config } from "../config/types.ts";
import { readDocumentIndex } from "./corpus/document-index.ts";
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

/** What each entry of `data.sources` will be to the run of `config`, rows taken to be full. */
export function sourceUse(config: Config, { files }: Pick<PreparedData, "files">): SourceUse[] {
  const { sources } = config.data;
  const inputs = config.stages.reduce(
    (sum, stage, i) => sum + stageSteps(config, i) * stage.global_batch_size * stage.seq_length,
    0,
  );
  const indices = sources.map((_, i) => readDocumentIndex(files[i]!)!);
  const weights = sources.map(({ weight }, i) => (indices[i]!.count > 0 ? weight : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return indices.map(({ count, tokens }, i) => {
    const share = weights[i]! / total;
    // The token that ends a document is a target only.
    const epochs = count === 0 ? 0 : (share * inputs) / (tokens - count);
    return { documents: count, tokens, share, epochs };
  });
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
