import { join } from "node:path";
import type { Config } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import type { NativeBinding } from "../native/types.ts";
import { buildCorpus } from "./corpus/build.ts";
import { fillDirectory } from "./corpus/cache.ts";
import { type PassOptions, throwIfCancelled } from "./corpus/pass.ts";
import { readRecipe, recipeKey } from "./corpus/recipe.ts";
import { openTokenized, type TokenizedCorpus, type TokenizedFile } from "./corpus/tokenized.ts";
import { savedPassageLength, type StreamSource } from "./stream/cursor.ts";
import { PassageIndex } from "./stream/passages.ts";
import { SamplesIndex } from "./stream/samples-index.ts";
import { TrainingStream } from "./stream/training-stream.ts";
import { validationRows } from "./stream/validation-rows.ts";
import type { PreparedData } from "./types.ts";

export interface PrepareOptions extends PassOptions {
  native: NativeBinding;
}

/**
 * Makes the corpus of a config ready to train on: reads the sources, drops exact duplicates, holds documents out,
 * trains or loads the tokenizer and writes token files into `data.cache_dir`. What is there already for the same
 * files and settings is used as it is.
 *
 * @throws FlmError DATA_NOT_FOUND, DATA_EMPTY, DATA_INVALID, TOKENIZER_INVALID, NOT_SUPPORTED, IO or CANCELLED
 */
export async function prepareData(config: Config, options: PrepareOptions): Promise<PreparedData> {
  throwIfCancelled(options.signal);
  const { native } = options;
  const recipe = readRecipe(config);
  const directory = join(config.data.cache_dir, recipeKey(recipe));
  const kind = config.tokenizer.type === "bytes" ? "bytes" : "json";
  const open = () => openTokenized(directory, recipe.sources, kind, native);
  const cached = open();
  if (cached) return prepared(config, cached);
  await fillDirectory(
    directory,
    (work) => buildCorpus(recipe, work, native, options),
    () => open() !== null,
  );
  const built = open();
  if (!built) throw new FlmError("INTERNAL", `${directory} was written but cannot be used`);
  return prepared(config, built);
}

function prepared({ data, seed, stages }: Config, corpus: TokenizedCorpus): PreparedData {
  const { tokenizer, training, validation, summary } = corpus;
  // One length for the whole run: a stage with shorter rows cuts passages again.
  const longest = Math.max(...stages.map(({ seq_length }) => seq_length));
  // Pieces name the training files first, then the validation files.
  const streamSources = (passage_length: number): StreamSource[] =>
    training.map(({ documents, supervised }, file) => ({
      file,
      passages: supervised
        ? new SamplesIndex(documents, supervised, passage_length)
        : new PassageIndex(documents, data, passage_length),
      weight: data.sources[file]!.weight,
    }));
  const validationSources = validation.map(({ documents, supervised }, i) => ({
    file: training.length + i,
    documents,
    supervised,
  }));
  const sum = (
    of: readonly { documents: { tokens: number; count: number } }[],
    key: "tokens" | "count",
  ) => of.reduce((total, { documents }) => total + documents[key], 0);
  return {
    tokenizer,
    files: [...training, ...validation].map(({ path }) => path),
    ...summary,
    warnings: [...summary.warnings, ...cutSamples(training, longest)],
    train_tokens: sum(training, "tokens"),
    train_documents: sum(training, "count"),
    validation_tokens: sum(validation, "tokens"),
    stream: (state) =>
      new TrainingStream(streamSources(savedPassageLength(state) ?? longest), data, seed, state),
    validationRows: (seq_length, source) =>
      validationRows(
        source === undefined ? validationSources : [validationSources[source]!],
        seq_length,
      ),
  };
}

/** Of a sample that no row holds, the stream leaves the beginning out. */
function cutSamples(training: readonly TokenizedFile[], seq_length: number): string[] {
  return training.flatMap(({ documents, supervised }, source) => {
    if (supervised === null) return [];
    let cut = 0;
    for (let i = 0; i < documents.count; i++) if (documents.length(i) - 1 > seq_length) cut++;
    if (cut === 0) return [];
    return [
      `${cut} of the ${documents.count} samples of data.sources.${source} are longer than the longest ` +
        `seq_length ${seq_length}: their beginnings are left out`,
    ];
  });
}
