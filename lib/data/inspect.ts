import { sourceNames } from "../config/source-names.ts";
import type { Config } from "../config/types.ts";
import { PIECE_FIELDS, PIECE_NEW_SEGMENT, PIECE_NO_TARGETS } from "../native/types.ts";
import { readDocumentIndex, readTokens } from "./corpus/document-index.ts";
import { readSpans, spansPath } from "./corpus/supervised-spans.ts";
import { paddingShare } from "./padding.ts";
import { type SourceUse, sourceUse } from "./repeats.ts";
import type { PreparedData } from "./types.ts";
import { dataWarnings } from "./warnings.ts";

/** What `flm-train data inspect --json` prints. Shares are from 0 to 1. */
export interface DataInspection {
  sources: readonly SourceFacts[];
  duplicate_documents: number;
  bad_rows: number;
  /** The first batch of the first stage. */
  batch: BatchFacts;
  rows: readonly (readonly Segment[])[];
  warnings: readonly string[];
}

export interface SourceFacts extends SourceUse {
  name: string;
  path: readonly string[];
  type: Config["data"]["sources"][number]["type"];
  supervised_tokens: number;
  validation_tokens: number;
}

export interface BatchFacts {
  rows: number;
  seq_length: number;
  padding_share: number;
  target_share: number;
  /** Inputs of each source, as shares of all that are no padding. */
  source_shares: readonly number[];
}

/** What attention sees together. */
export interface Segment {
  source: number;
  inputs: number;
  /** Its tokens in order: targets of the loss, or only read. */
  parts: readonly { text: string; supervised: boolean }[];
}

/**
 * Looks at what a run would train on. `rows` of the first batch are decoded.
 *
 * @param ofStages of `prepareStages`
 */
export function inspectData(
  config: Config,
  ofStages: readonly PreparedData[],
  rows: number,
): DataInspection {
  const data = ofStages[0]!;
  const { global_batch_size, seq_length } = config.stages[0]!;
  const pieces = data.stream().next(global_batch_size, seq_length);
  return {
    sources: sourceFacts(config, ofStages),
    duplicate_documents: data.duplicate_documents,
    bad_rows: data.bad_rows,
    batch: batchFacts(pieces, global_batch_size, seq_length, config.data.sources.length),
    rows: Array.from({ length: Math.min(rows, global_batch_size) }, (_, row) =>
      segmentsOf(pieces, row, data),
    ),
    warnings: dataWarnings(config, ofStages),
  };
}

/** Where the vocabulary grows, tokens are those of the last stage. */
function sourceFacts(config: Config, ofStages: readonly PreparedData[]): SourceFacts[] {
  const { sources } = config.data;
  const names = sourceNames(sources);
  const data = ofStages.at(-1)!;
  return sourceUse(config, ofStages).map((use, i) => {
    const { path, type } = sources[i]!;
    const { documents, tokens } = use;
    const spans =
      type === "text" ? null : readSpans(spansPath(data.files[i]!), tokens)!.within(0, tokens);
    return {
      name: names[i]!,
      path,
      type,
      ...use,
      supervised_tokens:
        spans?.reduce((sum, { begin, end }) => sum + end - begin, 0) ?? tokens - documents,
      validation_tokens: readDocumentIndex(data.files[sources.length + i]!)!.tokens,
    };
  });
}

function batchFacts(
  pieces: Float64Array,
  rows: number,
  seq_length: number,
  sources: number,
): BatchFacts {
  const inputs = new Array<number>(sources).fill(0);
  let targets = 0;
  for (let i = 0; i < pieces.length; i += PIECE_FIELDS) {
    const [, file, , length, flags] = pieces.subarray(i, i + PIECE_FIELDS);
    inputs[file!]! += length!;
    if ((flags! & PIECE_NO_TARGETS) === 0) targets += length!;
  }
  const used = inputs.reduce((sum, own) => sum + own, 0);
  return {
    rows,
    seq_length,
    padding_share: paddingShare(pieces, rows, seq_length),
    target_share: targets / used,
    source_shares: inputs.map((own) => own / used),
  };
}

function segmentsOf(pieces: Float64Array, row: number, data: PreparedData): Segment[] {
  const segments: { source: number; inputs: number; parts: Segment["parts"][number][] }[] = [];
  for (let i = 0; i < pieces.length; i += PIECE_FIELDS) {
    const [at, source, offset, length, flags] = pieces.subarray(i, i + PIECE_FIELDS);
    if (at !== row) continue;
    const isNew = (flags! & PIECE_NEW_SEGMENT) !== 0;
    if (isNew) segments.push({ source: source!, inputs: 0, parts: [] });
    const segment = segments.at(-1)!;
    segment.inputs += length!;
    // Targets are the tokens behind the inputs; the first input of a segment is no target.
    const file = data.files[source!]!;
    const text = (count: number, start: number) =>
      data.tokenizer.decode(readTokens(file, count, start)!);
    if (isNew) segment.parts.push({ text: text(1, offset!), supervised: false });
    const supervised = (flags! & PIECE_NO_TARGETS) === 0;
    segment.parts.push({ text: text(length!, offset! + 1), supervised });
  }
  return segments;
}
