import { resolve } from "node:path";
import type { Config } from "../config/types.ts";
import type { PreparedData } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { counted } from "../format.ts";
import { NO_MASKS, NO_RAMP } from "../growth/ramp.ts";
import { rampOf } from "../growth/stage-plan.ts";
import type { Ramp } from "../native/types.ts";
import type { AnswerStyle, ChoiceItem } from "./choice/item.ts";
import { readChoices } from "./choice/read.ts";
import { runChoice } from "./choice/suite.ts";
import { EngineModel } from "./engine-model.ts";
import { heldOutData } from "./held-out-data.ts";
import { compareRuns, type IqOptions, type IqRun, runIq, type TaskComparison } from "./iq/suite.ts";
import { type ModelPlace, ONE_PROCESS, teamOf } from "./model-place.ts";
import {
  createModelEngine,
  findModelTogether,
  type ModelEngineOptions,
  rampWarnings,
  type TrainedModel,
  type Weights,
} from "./open-model.ts";
import { measureFiles, measurePerplexity, type PerplexityResult } from "./perplexity.ts";
import { type Scores, SUITES, type SuiteName } from "./results.ts";
import type { ScoringEngine } from "./score-continuations.ts";

export interface EvaluateOptions {
  suite: SuiteName;
  /** What the suite reads. choice: required. perplexity: the run's own validation text by default. iq: not read. */
  file?: string;
  /** perplexity: the field of a JSONL line that holds text. */
  field?: string;
  /** iq: items of each task. perplexity: documents of `file`. choice: questions. */
  limit?: number;
  /** choice: solved examples, taken from the beginning of the file. */
  shots?: number;
  /** choice: whether options are told apart by letters or by their text. */
  answers?: AnswerStyle;
  /** What the weights are held in; by default what the run computes in. */
  weights?: Weights;
  /** iq: another checkpoint, asked the same items. */
  compare?: string;
  /** Ends the scoring between two native calls. Of several ranks it has to fall on all at once. */
  signal?: AbortSignal;
  onProgress?: IqOptions["onProgress"];
}

export interface EvaluateResult extends Scores {
  suite: SuiteName;
  /** Absolute path. */
  checkpoint: string;
  /** What the user should know before trusting the scores. */
  warnings: string[];
  /** Item by item against another checkpoint. */
  comparison?: { checkpoint: string; tasks: TaskComparison[] };
}

/**
 * Scores a model. `path` is a checkpoint, or a run's directory, whose newest checkpoint is taken. Of several ranks that do
 * it together, each says its `place`, and all get the result.
 *
 * @throws FlmError CHECKPOINT_NOT_FOUND, CHECKPOINT_INVALID, DATA_NOT_FOUND, DATA_INVALID, USAGE, …; CANCELLED where the
 *   signal comes first
 */
export async function evaluate(
  path: string,
  options: EvaluateOptions,
  place: ModelPlace = ONE_PROCESS,
): Promise<EvaluateResult> {
  checkOptions(options);
  try {
    return await scoreModel(path, options, place);
  } catch (error) {
    const { signal } = options;
    if (!signal?.aborted || error !== signal.reason) throw error;
    // What its data are prepared by says the same.
    throw new FlmError("CANCELLED", "scoring was cancelled", { cause: error });
  }
}

async function scoreModel(
  path: string,
  options: EvaluateOptions,
  place: ModelPlace,
): Promise<EvaluateResult> {
  const model = await findModelTogether(path, place.ranks);
  const result = { suite: options.suite, checkpoint: model.checkpoint.directory };
  if (options.suite === "iq") {
    // Before the first one is scored, which takes long.
    const { compare } = options;
    const other = compare === undefined ? null : await findModelTogether(compare, place.ranks);
    const run = await runIqOn(model, options, place);
    const warnings = [...model.warnings, ...rampWarnings(model, "the scores are those")];
    const scored: EvaluateResult = { ...result, ...run.scores, warnings };
    if (other === null) return scored;
    const tasks = compareRuns(run, await runIqOn(other, options, place));
    const others = [...other.warnings, ...rampWarnings(other, "the scores are those")];
    return {
      ...scored,
      warnings: [...warnings, ...others.map((warning) => `${compare}: ${warning}`)],
      comparison: { checkpoint: other.checkpoint.directory, tasks },
    };
  }
  const measure = options.suite === "choice" ? scoreChoices : scorePerplexity;
  const { warnings = [], ...scores } = await measure(model, options, place);
  return { ...result, ...scores, warnings: [...model.warnings, ...warnings] };
}

/** Scores with what the user should know about the text. */
interface Measured extends Scores {
  warnings?: string[];
}

function engineModel(scoring: ScoringEngine, { tokenizer, config }: TrainedModel): EngineModel {
  return new EngineModel(scoring, tokenizer, config.eval.stop_tokens);
}

/** Its model writes, which it does without a ramp's masks. */
function runIqOn(
  model: TrainedModel,
  { weights, signal, ...options }: EvaluateOptions,
  place: ModelPlace,
): Promise<IqRun> {
  const scored = { weights, signal, place, masks: NO_MASKS, ramp: NO_RAMP };
  return withScoring(model, scored, (scoring) => runIq(engineModel(scoring, model), options));
}

/**
 * The questions that suite `choice` asks.
 *
 * @throws FlmError DATA_NOT_FOUND, DATA_EMPTY, DATA_INVALID; USAGE where examples leave none
 */
export function readQuestions({ file, limit, shots = 0 }: EvaluateOptions): {
  path: string;
  items: ChoiceItem[];
} {
  const path = resolve(file!);
  const items = readChoices(path, limit);
  if (shots >= items.length)
    throw new FlmError(
      "USAGE",
      `${path} gives ${counted(items.length, "question")}, of which ${counted(shots, "example")} would leave none to score`,
      { hint: "use fewer shots or a larger file" },
    );
  return { path, items };
}

async function scoreChoices(
  model: TrainedModel,
  { weights, signal, ...options }: EvaluateOptions,
  place: ModelPlace,
): Promise<Measured> {
  const { path, items } = readQuestions(options);
  return withScoring(model, { weights, signal, place, ...atItsStep(model) }, (scoring) =>
    runChoice(engineModel(scoring, model), items, path, options),
  );
}

async function scorePerplexity(
  model: TrainedModel,
  { file, field = "text", limit, weights, signal }: EvaluateOptions,
  place: ModelPlace,
): Promise<Measured> {
  const options = { weights, signal, place, ...atItsStep(model) };
  return withScoring(model, options, async (scoring) => {
    if (file !== undefined) {
      const path = resolve(file);
      return {
        tasks: [await measureFiles(scoring, model.tokenizer, path, field, limit)],
        groups: [],
      };
    }
    const { data, warnings } = await heldOutData(model, place.ranks, signal);
    await scoring.engine.openTokenFiles(data.files);
    return { tasks: await measureValidation(scoring, model.config, data), groups: [], warnings };
  });
}

/** All of the validation text and, where there are several sources, that of each. */
async function measureValidation(
  scoring: ScoringEngine,
  { data: { sources } }: Config,
  data: PreparedData,
): Promise<PerplexityResult[]> {
  const { bytes_per_token, source_bytes_per_token } = data;
  const rows = data.validationRows(scoring.seq_length);
  const tasks = [await measurePerplexity(scoring, { name: "validation", rows, bytes_per_token })];
  if (sources.length === 1) return tasks;
  for (const [i, source] of sources.entries()) {
    const own = data.validationRows(scoring.seq_length, i);
    if (own.length === 0) continue;
    const name = source.name ?? `data.sources.${i} ${source.path.join(" ")}`;
    const text = { name, rows: own, bytes_per_token: source_bytes_per_token[i]! };
    tasks.push(await measurePerplexity(scoring, text));
  }
  return tasks;
}

interface ScoringOptions extends ModelEngineOptions {
  place: ModelPlace;
  ramp: Ramp;
  signal: AbortSignal | undefined;
}

/** What training computes at the checkpoint's step, also within a growth ramp. */
function atItsStep({ plan, checkpoint }: TrainedModel): Pick<ScoringOptions, "masks" | "ramp"> {
  return { masks: plan.masks, ramp: rampOf(plan, checkpoint.manifest.stage_step) };
}

async function withScoring<T>(
  model: TrainedModel,
  { ramp, signal, ...options }: ScoringOptions,
  use: (scoring: ScoringEngine) => Promise<T>,
): Promise<T> {
  const { micro_batch_size } = model.plan.config;
  const { seq_length, vocab_size } = model.plan.shape;
  signal?.throwIfAborted();
  const engine = await createModelEngine(model, micro_batch_size, options);
  const team = teamOf(options.place);
  try {
    const sizes = { micro_batch_size, seq_length, vocab_size };
    return await use({ engine, files: [], ...sizes, ramp, team, signal });
  } finally {
    await engine.close();
  }
}

/** Options that one suite alone has. */
const OWNERS: readonly [keyof EvaluateOptions, SuiteName][] = [
  ["field", "perplexity"],
  ["shots", "choice"],
  ["answers", "choice"],
];

/** @throws FlmError USAGE, also for an option that the suite would pass over */
export function checkOptions(options: EvaluateOptions): void {
  const { suite, file, limit, shots, compare } = options;
  if (!(SUITES as readonly string[]).includes(suite))
    throw new FlmError("USAGE", `there is no suite ${suite}`, { hint: `use ${SUITES.join(", ")}` });
  if (suite === "choice" && file === undefined)
    throw new FlmError("USAGE", "the choice suite needs a file of questions", {
      hint: "flm-train eval RUN --suite choice questions.jsonl",
    });
  if (suite === "iq" && file !== undefined)
    throw new FlmError("USAGE", `the iq suite makes its own items and does not read ${file}`, {
      hint: "leave the file out, or use --suite choice or --suite perplexity",
    });
  if (suite !== "iq" && compare !== undefined)
    throw new FlmError("USAGE", `the ${suite} suite cannot compare two checkpoints`, {
      hint: "use --suite iq, or evaluate both",
    });
  for (const [option, owner] of OWNERS)
    if (options[option] !== undefined && suite !== owner)
      throw new FlmError("USAGE", `${option} is for the ${owner} suite, not for ${suite}`, {
        hint: "leave it out",
      });
  if (suite === "perplexity" && file === undefined && limit !== undefined)
    throw new FlmError(
      "USAGE",
      "limit counts documents of a file; the run's own text is scored whole",
      {
        hint: "leave it out, or name a file",
      },
    );
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1))
    throw new FlmError("USAGE", `limit is ${limit}; it must be a whole number from 1 on`);
  if (shots !== undefined && !(Number.isInteger(shots) && shots >= 0))
    throw new FlmError("USAGE", `shots is ${shots}; it must be a whole number from 0 on`);
}
