import type { Config } from "../config/types.ts";
import type { PreparedData } from "../data/types.ts";
import { readChoices } from "../eval/choice/read.ts";
import { runChoice } from "../eval/choice/suite.ts";
import { EngineModel } from "../eval/engine-model.ts";
import { runIq } from "../eval/iq/suite.ts";
import type { Scores, SuiteName, TaskResult } from "../eval/results.ts";
import type { Ramp } from "../native/types.ts";
import { ranksOf } from "../parallel/mesh.ts";
import type { RunEvent } from "./events.ts";
import type { StageEngine } from "./session.ts";

export interface ScoredModel {
  engine: StageEngine;
  data: PreparedData;
  ramp: Ramp;
  step: number;
  /** Ends the scoring between two tasks, of a stage that has one rank. */
  signal: AbortSignal;
}

/**
 * Scores the running model by the suites of `eval.suites` other than perplexity, one event each. Within a growth ramp
 * there are none: a model writes without masks, so what it wrote would be that of another model.
 */
export async function* scoreSuites(
  { suites, limit, choice_file }: Config["eval"],
  { engine, data, ramp, step, signal: stop }: ScoredModel,
): AsyncGenerator<Extract<RunEvent, { type: "evaluation" }>> {
  if (Object.values(ramp).some((m) => m !== 1)) return;
  const { seq_length, vocab_size } = engine.stage.plan.shape;
  const { micro_batch_size } = engine.stage.plan.config;
  const model = new EngineModel(
    {
      engine: engine.native,
      files: data.files,
      micro_batch_size,
      seq_length,
      vocab_size,
      ramp,
    },
    data.tokenizer,
  );
  // Ranks hear of a stop at different moments, but have to make the same calls.
  const signal = ranksOf(engine.stage.mesh) === 1 ? stop : new AbortController().signal;
  const most = limit ?? Infinity;
  for (const suite of new Set(suites)) {
    if (suite === "perplexity" || signal.aborted) continue;
    const start = performance.now();
    const scores: Scores | null =
      suite === "iq"
        ? await unlessAborted(
            signal,
            runIq(model, { limit: most, signal }).then((run) => run.scores),
          )
        : await runChoice(model, readChoices(choice_file!, most), choice_file!);
    if (scores === null) return;
    yield { ...eventOf(suite, step, scores), seconds: (performance.now() - start) / 1000 };
  }
}

/** @throws FlmError DATA_NOT_FOUND or DATA_INVALID for a file of questions, which is better known before the training. */
export function checkSuites({ choice_file, limit }: Config["eval"]): void {
  if (choice_file !== null) readChoices(choice_file, limit ?? Infinity);
}

function eventOf(suite: SuiteName, step: number, { tasks, groups }: Scores) {
  const kept = tasks.map(({ name, group, n, score, ci95, floor }: TaskResult) => ({
    name,
    group,
    n,
    score,
    ci95,
    floor,
  }));
  return { type: "evaluation", suite, step, tasks: kept, groups } as const;
}

/** Null where the work ended because of the signal. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted && error === signal.reason) return null;
    throw error;
  }
}
