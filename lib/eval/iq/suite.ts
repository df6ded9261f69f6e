import type { LanguageModel } from "../language-model.ts";
import type { Scores, TaskResult } from "../results.ts";
import { groupMean, type Interval, mcnemar, percent, wilson } from "../statistics.ts";
import { type Floor, floorsOf } from "./floors.ts";
import { IQ_GROUPS } from "./item.ts";
import { askAll, type Outcome } from "./outcome.ts";
import { IQ_TASKS, iqItems, type IqTask } from "./tasks.ts";

/** `score` is that of generation: the line that the model writes is the answer. */
export interface IqTaskResult extends TaskResult {
  ci95: Interval;
  /** Score of each trivial rule on the same items. */
  floors: Floor[];
  /** The answer is the likeliest option: by its log-probability, and by that over its characters. */
  likelihood: { score: number; ci95: Interval; per_character: number } | null;
  /** Mean nearness of the lines to the answers, in percent; for tasks at their floor, and in no average. */
  soft: number | null;
  /** Scores of the items that share a tag, such as two keys. */
  by: Record<string, Record<string, { n: number; score: number }>>;
  /** Items that lost worked examples, and items that did not fit at all: those count as failed. */
  shots_dropped: number;
  too_long: number;
  /** How finely the tokenizer cuts the answers: copying letters is harder in large tokens. */
  tokens_per_character: number;
}

export interface IqOptions {
  /** The first items of each task's set; all by default. */
  limit?: number;
  onProgress?: (progress: { task: string; done: number; total: number }) => void;
}

/** Scores of a suite with what every item came to, for comparing two models item by item. */
export interface IqRun {
  scores: Scores<IqTaskResult>;
  outcomes: readonly (readonly Outcome[])[];
}

/** Tags whose values are few enough to score apart. */
const SCORED_TAGS = ["digits", "keys"] as const;

/** Asks a model the thirteen tasks. */
export async function runIq(model: LanguageModel, options: IqOptions = {}): Promise<IqRun> {
  const outcomes: Outcome[][] = [];
  for (const task of IQ_TASKS) outcomes.push(await askTask(model, task, options));
  const tasks = await Promise.all(IQ_TASKS.map((task, i) => taskResult(model, task, outcomes[i]!)));
  const groups = IQ_GROUPS.map((name) => {
    const columns = IQ_TASKS.flatMap(({ group }, i) =>
      group === name ? [outcomes[i]!.map(({ passed }) => passed)] : [],
    );
    return { name, ...groupMean(columns) };
  });
  return { scores: { tasks, groups }, outcomes };
}

/** A task on which two models differ. */
export interface TaskComparison {
  name: string;
  /** Items that only one of the two passes. */
  only_this: number;
  only_other: number;
  /** McNemar's exact test. */
  p: number;
}

/** Compares two models that were asked the same items. */
export function compareRuns(these: IqRun, others: IqRun): TaskComparison[] {
  return IQ_TASKS.map(({ name }, i) => {
    const pairs = these.outcomes[i]!.map(
      ({ passed }, j) => [passed, others.outcomes[i]![j]!.passed] as const,
    );
    const only_this = pairs.filter(([mine, other]) => mine && !other).length;
    const only_other = pairs.filter(([mine, other]) => !mine && other).length;
    return { name, only_this, only_other, p: mcnemar(only_this, only_other) };
  });
}

function askTask(
  model: LanguageModel,
  task: IqTask,
  { limit, onProgress }: IqOptions,
): Promise<Outcome[]> {
  const items = iqItems(task, limit);
  let done = 0;
  return askAll(model, items, () => {
    onProgress?.({ task: task.name, done: ++done, total: items.length });
  });
}

async function taskResult(
  model: LanguageModel,
  { name, group }: IqTask,
  outcomes: readonly Outcome[],
): Promise<IqTaskResult> {
  const items = outcomes.map(({ item }) => item);
  const passed = outcomes.map((outcome) => outcome.passed);
  const likeliest = outcomes.flatMap((outcome) => outcome.likeliest ?? []);
  const perCharacter = outcomes.flatMap((outcome) => outcome.likeliest_per_character ?? []);
  const similarities = outcomes.flatMap((outcome) => outcome.similarity ?? []);
  const floors = floorsOf(name, items);
  const answers = items.map(({ answer }) => answer).join("\n");
  return {
    name,
    group,
    n: outcomes.length,
    score: percent(passed),
    ci95: wilson(passed),
    floor: Math.max(...floors.map(({ score }) => score)),
    floors,
    likelihood:
      likeliest.length === 0
        ? null
        : {
            score: percent(likeliest),
            ci95: wilson(likeliest),
            per_character: percent(perCharacter),
          },
    soft:
      similarities.length === 0
        ? null
        : (100 * similarities.reduce((sum, value) => sum + value, 0)) / similarities.length,
    by: scoresByTag(outcomes),
    shots_dropped: outcomes.filter(({ shots_dropped }) => shots_dropped > 0).length,
    too_long: outcomes.filter(({ fits }) => !fits).length,
    tokens_per_character: (await model.countTokens(answers)) / answers.length,
  };
}

function scoresByTag(outcomes: readonly Outcome[]): IqTaskResult["by"] {
  const by: IqTaskResult["by"] = {};
  for (const tag of SCORED_TAGS) {
    const values = new Set(outcomes.flatMap(({ item }) => item.tags?.[tag] ?? []));
    if (values.size === 0) continue;
    const ordered = [...values].sort((a, b) => a - b);
    by[tag] = Object.fromEntries(
      ordered.map((value) => {
        const own = outcomes.filter(({ item }) => item.tags?.[tag] === value);
        return [String(value), { n: own.length, score: percent(own.map((o) => o.passed)) }];
      }),
    );
  }
  return by;
}
