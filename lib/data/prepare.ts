import { join } from "node:path";
import type { Config } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import type { NativeBinding } from "../native/types.ts";
import { buildCorpus } from "./corpus/build.ts";
import { fillDirectory } from "./corpus/cache.ts";
import { type DocumentIndex, readDocumentIndex } from "./corpus/document-index.ts";
import { type PassOptions, throwIfCancelled } from "./corpus/pass.ts";
import { findSources, readSettings, recipeKey, samplesOf, sourcesKey } from "./corpus/recipe.ts";
import { openTokenized, type TokenizedCorpus, type TokenizedFile } from "./corpus/tokenized.ts";
import { croppingWarnings } from "./cropping.ts";
import { heldOutWarnings } from "./held-out.ts";
import { checkHeldOut } from "./mixing/held-out.ts";
import { stageWeights } from "./mixing/stage-weights.ts";
import { savedPassageLength, type StreamSource } from "./stream/cursor.ts";
import { PairsIndex, pairRows } from "./stream/pairs-index.ts";
import { PassageIndex, type Passages } from "./stream/passages.ts";
import { SamplesIndex } from "./stream/samples-index.ts";
import { TrainingStream } from "./stream/training-stream.ts";
import { validationRows } from "./stream/validation-rows.ts";
import type { PreparedData, RowPieces, Tokenizer } from "./types.ts";

export interface PrepareOptions extends PassOptions {
  native: NativeBinding;
  /**
   * `PreparedData.sources_key` of another process that has prepared the same: what it has made is opened, and no source
   * is looked for. Where it is not there, this counts for nothing.
   */
  sources_key?: string;
}

/** Other tokens than those of a config's tokenizer. */
export interface OtherTokens {
  /** The tokenizer.json to use in place of the config's. */
  json: string;
  /** Of a stage with a smaller vocabulary: the data in the tokens of the whole tokenizer, by which passages are cut. */
  whole?: PreparedData;
}

/**
 * Makes the corpus of a config ready to train on: reads the sources, drops exact duplicates, holds documents out,
 * trains or loads the tokenizer and writes token files into `data.cache_dir`. What is there already for the same
 * files and settings is used as it is.
 *
 * @param other for the tokens of another tokenizer than the config's
 * @throws FlmError DATA_NOT_FOUND, DATA_EMPTY, DATA_INVALID, TOKENIZER_INVALID, NOT_SUPPORTED, IO or CANCELLED
 */
export async function prepareData(
  config: Config,
  options: PrepareOptions,
  other?: OtherTokens,
): Promise<PreparedData> {
  throwIfCancelled(options.signal);
  const { native } = options;
  const settings = readSettings(config, other?.json);
  const place = (key: string) => join(config.data.cache_dir, recipeKey(settings, key));
  const kind = config.tokenizer.type === "bytes" ? "bytes" : "json";
  const open = (directory: string) => openTokenized(directory, samplesOf(config), kind, native);
  const { sources_key: known } = options;
  const theirs = known === undefined ? null : open(place(known));
  if (theirs) return prepared(config, theirs, { sources_key: known!, made_of: [] }, other?.whole);

  const sources = findSources(config);
  const sources_key = sourcesKey(sources);
  const directory = place(sources_key);
  const cached = open(directory);
  if (!cached)
    await fillDirectory(
      directory,
      (work) => buildCorpus({ ...settings, sources }, work, native, options),
      () => open(directory) !== null,
    );
  const corpus = cached ?? open(directory);
  if (!corpus) throw new FlmError("INTERNAL", `${directory} was written but cannot be used`);
  const made_of = sources.flatMap(({ files }) =>
    files.map(({ path, size, mtime_ns }) => ({ path, size, mtime_ns })),
  );
  return prepared(config, corpus, { sources_key, made_of }, other?.whole);
}

function prepared(
  config: Config,
  corpus: TokenizedCorpus,
  origin: Pick<PreparedData, "sources_key" | "made_of">,
  whole: PreparedData | undefined,
): PreparedData {
  const { data, objective, seed, stages } = config;
  const arePairs = objective.type === "dpo";
  const { tokenizer, training, validation, summary } = corpus;
  const stage_weights = stageWeights(
    config,
    training.map(({ documents }) => documents.tokens),
  );
  if (data.mixing === "dynamic")
    checkHeldOut(
      config,
      stage_weights[0]!,
      validation.map(({ documents }) => documents.count),
    );
  // One length for the whole run: a stage with shorter rows cuts passages again.
  const longest = Math.max(...stages.map(({ seq_length }) => seq_length));
  // Pieces name the training files first, then the validation files.
  const passagesOf = (
    { documents, supervised }: TokenizedFile,
    file: number,
    length: number,
  ): Passages => {
    if (supervised === null)
      return new PassageIndex(
        documents,
        data,
        length,
        whole && sameDocuments(whole, file, documents),
      );
    return arePairs
      ? new PairsIndex(documents, supervised, length)
      : new SamplesIndex(documents, supervised, length);
  };
  const streamSources = (passage_length: number): StreamSource[] =>
    training.map((own, file) => ({
      file,
      passages: passagesOf(own, file, passage_length),
      weight: stage_weights[0]![file]!,
    }));
  const validationSources = validation.map((own, i) => ({ ...own, file: training.length + i }));
  const sum = (
    of: readonly { documents: { tokens: number; count: number } }[],
    key: "tokens" | "count",
  ) => of.reduce((total, { documents }) => total + documents[key], 0);
  return {
    tokenizer,
    files: [...training, ...validation].map(({ path }) => path),
    ...origin,
    ...summary,
    warnings: [
      ...summary.warnings,
      ...heldOutWarnings(data.validation, corpus),
      ...croppingWarnings(config, stagesIn(tokenizer, config, whole), training),
    ],
    train_tokens: sum(training, "tokens"),
    train_documents: sum(training, "count"),
    validation_tokens: sum(validation, "tokens"),
    stage_weights,
    stream: (state) =>
      new TrainingStream(streamSources(savedPassageLength(state) ?? longest), data, seed, state),
    takeOver: (stream) => stream.continueIn(streamSources(stream.passage_length)),
    validationRows: (seq_length, source) =>
      (source === undefined ? validationSources : [validationSources[source]!]).flatMap((own) =>
        arePairs ? pairRowsOf(own, seq_length) : validationRows([own], seq_length),
      ),
    trainingPairs: (seq_length) =>
      training.flatMap((own, file) => pairRowsOf({ file, ...own }, seq_length)),
  };
}

/** The stages that read a corpus in these tokens. */
function stagesIn(
  { vocab_size }: Tokenizer,
  { stages }: Config,
  whole: PreparedData | undefined,
): Config["stages"] {
  const most = whole?.tokenizer.vocab_size ?? vocab_size;
  return stages.filter((stage) => Math.min(stage.vocab_size ?? most, most) === vocab_size);
}

/** The documents of a training file as the whole tokenizer has them. */
function sameDocuments(whole: PreparedData, file: number, own: DocumentIndex): DocumentIndex {
  const documents = readDocumentIndex(whole.files[file]!);
  if (documents?.count === own.count) return documents;
  throw new FlmError(
    "INTERNAL",
    `${whole.files[file]} has ${documents?.count} documents, in smaller tokens there are ${own.count}`,
  );
}

/** Two rows for each pair of answers. */
function pairRowsOf(
  { file, documents, supervised }: TokenizedFile & { file: number },
  seq_length: number,
): RowPieces[] {
  return pairRows(file, new PairsIndex(documents, supervised!, seq_length), seq_length);
}
