import type { EvaluateResult } from "../eval/evaluate.ts";
import type { IqTaskResult, TaskComparison } from "../eval/iq/suite.ts";
import { PUBLISHED, PUBLISHED_REMARK, PUBLISHED_SOURCE } from "../eval/iq/published.ts";
import type { PerplexityResult } from "../eval/perplexity.ts";
import type { ChoiceTaskResult } from "../eval/choice/suite.ts";
import type { TaskResult } from "../eval/results.ts";
import { count } from "../format.ts";
import { textTable } from "./text-table.ts";

type Cells = readonly string[];

/** Scores as a table for a terminal. */
export function evalTable(result: EvaluateResult): string {
  const { suite, tasks, groups, comparison } = result;
  if (suite === "perplexity") return `${perplexityTable(tasks as PerplexityResult[])}\n`;
  const scores =
    suite === "iq" ? iqRows(tasks as IqTaskResult[]) : choiceRows(tasks as ChoiceTaskResult[]);
  const means = groups.map(({ name, score, ci95 }) => [name, one(score), interval(ci95)]);
  const notes = fittingNotes(tasks as (IqTaskResult | ChoiceTaskResult)[]);
  const parts = [
    [textTable(scores), ...notes].join("\n"),
    textTable([["group mean", "score", "95 % interval"], ...means]),
  ];
  if (suite === "iq") parts.push(publishedTable(tasks));
  if (comparison)
    parts.push(`against ${comparison.checkpoint}\n${comparisonTable(comparison.tasks)}`);
  return `${parts.join("\n\n")}\n`;
}

function iqRows(tasks: readonly IqTaskResult[]): Cells[] {
  return [
    ["task", "n", "score", "95 % interval", "floor", "likelihood", "soft"],
    ...tasks.map((task) => [
      ...commonCells(task),
      task.likelihood ? one(task.likelihood.score) : "",
      task.soft === null ? "" : one(task.soft),
    ]),
  ];
}

function choiceRows(tasks: readonly ChoiceTaskResult[]): Cells[] {
  return [
    ["task", "n", "score", "95 % interval", "floor", "per character"],
    ...tasks.map((task) => [...commonCells(task), one(task.per_character)]),
  ];
}

function commonCells({ name, n, score, ci95, floor }: TaskResult): string[] {
  return [name, String(n), one(score), ci95 ? interval(ci95) : "", one(floor)];
}

/** What a context that is too short has cost, a line for each task. */
function fittingNotes(
  tasks: readonly { name: string; shots_dropped: number; too_long: number }[],
): string[] {
  return tasks.flatMap(({ name, shots_dropped, too_long }) => {
    const notes = [];
    if (shots_dropped > 0) notes.push(`${shots_dropped} with fewer examples`);
    if (too_long > 0) notes.push(`${too_long} too long for the context, counted as failed`);
    return notes.length > 0 ? [`${name}: ${notes.join(", ")}`] : [];
  });
}

function perplexityTable(tasks: readonly PerplexityResult[]): string {
  return textTable([
    ["text", "tokens", "bits per byte", "nats per token", "perplexity"],
    ...tasks.map(({ name, n, bits_per_byte, loss, perplexity }) => [
      name,
      count(n),
      bits_per_byte.toFixed(4),
      loss.toFixed(4),
      perplexity.toPrecision(4),
    ]),
  ]);
}

function publishedTable(tasks: readonly TaskResult[]): string {
  const rows = PUBLISHED.map(({ task, published_as, gpt3, glm130b, flm101b }) => {
    const ours = tasks.find(({ name }) => name === task)!;
    return [
      task,
      one(ours.score),
      published_as,
      gpt3.toFixed(2),
      glm130b.toFixed(2),
      flm101b.toFixed(2),
    ];
  });
  const head = ["task", "this", "published as", "GPT-3", "GLM-130B", "FLM-101B"];
  return `published (${PUBLISHED_SOURCE})\n${textTable([head, ...rows])}\n${PUBLISHED_REMARK}`;
}

function comparisonTable(tasks: readonly TaskComparison[]): string {
  const rows = tasks.map(({ name, only_this, only_other, p }) => [
    name,
    String(only_this),
    String(only_other),
    p < 1e-4 ? p.toExponential(1) : p.toFixed(4),
  ]);
  return textTable([["task", "only this passes", "only the other", "McNemar p"], ...rows]);
}

function one(value: number): string {
  return value.toFixed(1);
}

function interval([low, high]: readonly [number, number]): string {
  return `${one(low)} – ${one(high)}`;
}
