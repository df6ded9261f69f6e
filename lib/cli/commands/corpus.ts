import { resolve } from "node:path";
import { Command, Option } from "commander";
import { readDocuments, type Source } from "../../data/read/documents.ts";
import { findFiles } from "../../data/read/glob.ts";
import { findSourceFiles, type SourceFile } from "../../data/read/source-files.ts";
import { FlmError } from "../../errors.ts";
import { CorpusSurvey, SURVEY_DEFAULTS } from "../../scaling/corpus/survey.ts";
import type { DataLaw } from "../../scaling/corpus/skills.ts";
import { corpusTheory } from "../../scaling/corpus/theory.ts";
import { type Unit, UNITS } from "../../scaling/corpus/units.ts";
import { type CorpusResult, corpusText } from "../corpus-text.ts";
import { positiveInteger, positiveNumber } from "../options.ts";

interface Options {
  unit: Unit;
  field: string;
  parameters?: number;
  beta?: number;
  coefficient?: number;
  sampleBytes: number;
  shuffles: number;
  seed: number;
  json?: boolean;
}

export function corpusCommand(): Command {
  return new Command("corpus")
    .description(
      "how a corpus grows in unique sequences, and what scaling theory makes of its size",
    )
    .argument(
      "<path...>",
      "files, directories or patterns: text, JSONL or Parquet, also .gz and .zst",
    )
    .addOption(
      new Option("--unit <unit>", "what sequences are made of").choices(UNITS).default("words"),
    )
    .option("--field <name>", "field of a JSONL line that holds the text", "text")
    .option("--parameters <n>", "size of a model, to place it between the bounds", positiveNumber)
    .option("--beta <x>", "exponent of your own data law L = E + B / D^beta", positiveNumber)
    .option("--coefficient <B>", "its B; without it the bounds cannot be told", positiveNumber)
    .option(
      "--sample-bytes <n>",
      "text that is counted; of more, documents are sampled",
      positiveInteger,
      SURVEY_DEFAULTS.sample_bytes,
    )
    .option(
      "--shuffles <n>",
      "orders of the documents to count",
      positiveInteger,
      SURVEY_DEFAULTS.shuffles,
    )
    .option("--seed <n>", "of sampling and shuffling", positiveInteger, SURVEY_DEFAULTS.seed)
    .option("--json", "print one result object on stdout")
    .addHelpText("after", '\nExample:\n  flm-train corpus "data/**/*.txt" --parameters 1e8')
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  const law = ownLaw(options);
  const survey = new CorpusSurvey({
    unit: options.unit,
    lengths: SURVEY_DEFAULTS.lengths,
    sample_bytes: options.sampleBytes,
    shuffles: options.shuffles,
    seed: options.seed,
  });
  const source: Source = { files: filesAt(paths), field: options.field, samples: "text" };
  for await (const { text } of readDocuments(source)) survey.add(text);
  const counted = survey.finish();
  const tokens = Math.round((counted.sample.units / counted.sample.bytes) * counted.bytes);
  const theory = corpusTheory(tokens, options.parameters ?? null, law);
  const result: CorpusResult = { ...counted, theory };
  if (options.json) process.stdout.write(`${JSON.stringify({ status: "done", ...result })}\n`);
  else process.stdout.write(corpusText(result));
}

function filesAt(paths: readonly string[]): SourceFile[] {
  const path = paths.map((given) => resolve(given));
  const missing = path.find((pattern) => findFiles(pattern).length === 0);
  if (missing !== undefined)
    throw new FlmError("DATA_NOT_FOUND", `there are no files at ${missing}`, {
      hint: "check the path; relative ones count from the working directory",
    });
  return findSourceFiles({ path, format: "auto", type: "text" }, 0);
}

function ownLaw({ beta, coefficient }: Options): Omit<DataLaw, "name"> | null {
  if (beta !== undefined) return { beta, B: coefficient ?? null };
  if (coefficient === undefined) return null;
  throw new FlmError("USAGE", "--coefficient is the B of a law whose --beta is missing", {
    hint: "give both, from a fit to your own runs",
  });
}
