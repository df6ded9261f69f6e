import type { Config } from "../config/types.ts";
import type { PreparedData } from "../data/types.ts";
import { readChoices } from "../eval/choice/read.ts";
import { runChoice } from "../eval/choice/suite.ts";
import { EngineModel } from "../eval/engine-model.ts";
import { runIq } from "../eval/iq/suite.ts";
import type { Scores, SuiteName, TaskResult } from "../eval/results.ts";
import type { Ramp } from "../native/types.ts";
import type { RunEvent } from "./events.ts";
import type { Ranks } from "./ranks.ts";
import { scoringTeam } from "./scoring-team.ts";
import type { StageEngine } from "./session.ts";

export interface ScoredModel {
  engine: StageEngine;
  data: PreparedData;
  ramp: Ramp;
  step: number;
  ranks: Pick<Ranks, "rank" | "gather">;
  /** Ends the scoring; of several ranks all end it, where they next tell each other something. */
  signal: AbortSignal;
}

/**
 * Scores the running model by the suites of `eval.suites` other than perplexity, one event each. Collective over the
 * ranks of the stage, which all get the same. Within a growth ramp there are none: a model writes without masks, so what
 * it wrote would be that of another model.
 */
export async function* scoreSuites(
  { suites, limit, choice_file, stop_tokens }: Config["eval"],
  { engine, data, ramp, step, ranks, signal: stop }: ScoredModel,
): AsyncGenerator<Extract<RunEvent, { type: "evaluation" }>> {
  if (Object.values(ramp).some((m) => m !== 1)) return;
  const { seq_length, vocab_size } = engine.stage.plan.shape;
  const { micro_batch_size } = engine.stage.plan.config;
  const { team, signal } = scoringTeam(engine.stage, ranks, stop);
  const { native } = engine;
  const scoring = { engine: native, micro_batch_size, seq_length, vocab_size, ramp, team, signal };
  const model = new EngineModel({ ...scoring, files: data.files }, data.tokenizer, stop_tokens);
  const most = limit ?? Infinity;
  for (const suite of new Set(suites)) {
    if (suite === "perplexity" || signal.aborted) continue;
    const start = performance.now();
    const scoresOf: Promise<Scores> =
      suite === "iq"
        ? runIq(model, { limit: most }).then((run) => run.scores)
        : runChoice(model, readChoices(choice_file!, most), choice_file!);
    const scores = await unlessAborted(signal, scoresOf);
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
