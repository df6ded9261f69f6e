import { createHash } from "node:crypto";
import { FlmError } from "../../errors.ts";
import { hash64, HashSet } from "../../hash-set.ts";
import { quantile, uniform } from "../random.ts";
import { DocumentSample } from "./document-sample.ts";
import { growthCurve, type GrowthPoint, type PowerLaw, powerLaw } from "./growth-curve.ts";
import { type Unit, UnitReader } from "./units.ts";

export interface SurveyOptions {
  unit: Unit;
  /** Lengths of the sequences. */
  lengths: readonly number[];
  /** Text kept for counting; a larger corpus is sampled by documents. */
  sample_bytes: number;
  /** Orders of the documents that are counted; their spread is the interval of gamma. */
  shuffles: number;
  seed: number;
}

export const SURVEY_DEFAULTS: SurveyOptions = {
  unit: "words",
  lengths: [1, 2, 3, 4, 6, 8, 16],
  sample_bytes: 32e6,
  shuffles: 3,
  seed: 1,
};

export interface SequenceGrowth {
  n: number;
  sequences: number;
  unique: number;
  /** unique / sequences. */
  unique_share: number;
  method: "exact" | "hyperloglog";
  /** Null where there are too few points. */
  law: PowerLaw | null;
  /** Least and largest gamma over the shuffles. */
  gamma_interval: { low: number; high: number } | null;
  /** Of the sequences seen at least twice. */
  repeated_law: PowerLaw | null;
  points: GrowthPoint[];
}

export interface CorpusSurveyResult {
  unit: Unit;
  documents: number;
  bytes: number;
  duplicate_documents: number;
  duplicate_bytes: number;
  sample: { documents: number; bytes: number; units: number };
  growth: SequenceGrowth[];
  /** The same without exact copies of documents; null where there are none. */
  growth_without_duplicates: SequenceGrowth[] | null;
}

/** Reads a corpus document by document and counts how its unique sequences grow. */
export class CorpusSurvey {
  readonly #options: SurveyOptions;
  readonly #all: DocumentSample;
  readonly #distinct: DocumentSample;
  readonly #seen = new HashSet();
  #documents = 0;
  #bytes = 0;
  #duplicates = { documents: 0, bytes: 0 };

  constructor(options: SurveyOptions) {
    this.#options = options;
    this.#all = new DocumentSample(options.sample_bytes, options.seed);
    this.#distinct = new DocumentSample(options.sample_bytes, options.seed);
  }

  add(text: Uint8Array): void {
    this.#documents += 1;
    this.#bytes += text.length;
    this.#all.add(text);
    if (this.#seen.add(hash64(createHash("sha256").update(text).digest()))) {
      this.#distinct.add(text);
      return;
    }
    this.#duplicates.documents += 1;
    this.#duplicates.bytes += text.length;
  }

  /** @throws FlmError DATA_EMPTY without any document */
  finish(): CorpusSurveyResult {
    if (this.#documents === 0)
      throw new FlmError("DATA_EMPTY", "there is no text to count", {
        hint: "name files that hold some",
      });
    const { unit } = this.#options;
    const reader = new UnitReader(unit);
    const sampled = this.#all.documents();
    const units = sampled.map((text) => reader.read(text));
    const hasDuplicates = this.#duplicates.documents > 0;
    return {
      unit,
      documents: this.#documents,
      bytes: this.#bytes,
      duplicate_documents: this.#duplicates.documents,
      duplicate_bytes: this.#duplicates.bytes,
      sample: {
        documents: sampled.length,
        bytes: sampled.reduce((sum, text) => sum + text.length, 0),
        units: units.reduce((sum, document) => sum + document.length, 0),
      },
      growth: this.#growth(units),
      growth_without_duplicates: hasDuplicates
        ? this.#growth(this.#distinct.documents().map((text) => reader.read(text)))
        : null,
    };
  }

  #growth(documents: readonly ArrayLike<number>[]): SequenceGrowth[] {
    const longest = documents.reduce((most, { length }) => Math.max(most, length), 0);
    return this.#options.lengths
      .filter((n) => n <= longest)
      .map((n) => sequenceGrowth(documents, n, this.#options));
  }
}

function sequenceGrowth(
  documents: readonly ArrayLike<number>[],
  n: number,
  { shuffles, seed }: SurveyOptions,
): SequenceGrowth {
  const { points, is_exact } = growthCurve(documents, n);
  const last = points.at(-1)!;
  const law = powerLaw(points, "unique");
  const gammas = [law];
  for (let i = 1; i < shuffles; i++)
    gammas.push(powerLaw(growthCurve(shuffled(documents, seed + i), n).points, "unique"));
  const known = gammas.flatMap((found) => (found ? [found.gamma] : []));
  return {
    n,
    sequences: last.sequences,
    unique: last.unique,
    unique_share: last.unique / last.sequences,
    method: is_exact ? "exact" : "hyperloglog",
    law,
    gamma_interval: known.length > 1 ? { low: quantile(known, 0), high: quantile(known, 1) } : null,
    repeated_law: powerLaw(points, "repeated"),
    points,
  };
}

function shuffled<T>(values: readonly T[], seed: number): T[] {
  const random = uniform(seed);
  return values
    .map((value) => ({ value, drawn: random() }))
    .sort((a, b) => a.drawn - b.drawn)
    .map(({ value }) => value);
}
