import { stageSteps } from "../config/steps.ts";
import type { Config } from "../config/types.ts";
import { type DocumentIndex, readDocumentIndex } from "./corpus/document-index.ts";
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
  /** Where the vocabulary grows, those of the last stage. */
  readonly tokens: number;
  /** Of the run's tokens, from 0 to 1. */
  readonly share: number;
  /** How often the run reads it. */
  readonly epochs: number;
}

/** What is read in each stage, from token files of its own where the vocabulary grows. */
export type StagesFiles = readonly Pick<PreparedData, "files">[];

/**
 * What each entry of `data.sources` will be to the run of `config`, rows taken to be full. Under dynamic batch loading,
 * which nobody can foresee, the weights that it begins with count.
 */
export function sourceUse(config: Config, ofStages: StagesFiles): SourceUse[] {
  const { data, stages } = config;
  const indicesOf = new Map<string, DocumentIndex[]>();
  const used = data.sources.map(() => ({ documents: 0, tokens: 0, inputs: 0, epochs: 0 }));
  for (const [stage, { global_batch_size, seq_length }] of stages.entries()) {
    const files = ofStages[stage]!.files.slice(0, data.sources.length);
    const indices = indicesOf.get(files[0]!) ?? files.map((file) => readDocumentIndex(file)!);
    indicesOf.set(files[0]!, indices);
    const all = indices.map(({ tokens }) => tokens);
    const inputs = stageSteps(config, stage) * global_batch_size * seq_length;
    // Half-way through, a linear change has its mean.
    const shares = sharesAt(stageWeights(config, all), data.mixing, { stage, done: 0.5 });
    for (const [i, { count, tokens }] of indices.entries()) {
      const source = used[i]!;
      source.documents = count;
      source.tokens = tokens;
      source.inputs += shares[i]! * inputs;
      // The token that ends a document is a target only.
      if (count > 0) source.epochs += (shares[i]! * inputs) / (tokens - count);
    }
  }
  const total = used.reduce((sum, { inputs }) => sum + inputs, 0);
  return used.map(({ inputs, ...rest }) => ({ ...rest, share: inputs / total }));
}

/** One sentence for each source that the run reads again and again. */
export function repeatWarnings(config: Config, ofStages: StagesFiles): string[] {
  return sourceUse(config, ofStages).flatMap(({ epochs }, i) =>
    epochs <= MANY_EPOCHS
      ? []
      : [
          `this run reads data.sources.${i} ${epochs.toFixed(1)} times; more text, or a smaller weight for it, ` +
            `would help beyond ${MANY_EPOCHS}`,
        ],
  );
}
