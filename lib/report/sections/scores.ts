import type { RunFacts } from "../facts/run-facts.ts";
import { type GroupHistory, type SuiteScores, type TaskScore, tasksOf } from "../facts/scores.ts";
import { type Html, html } from "../draw/html.ts";
import { type Axes, dots, horizontals, line, ribbon } from "../draw/path.ts";
import { plot } from "../draw/plot.ts";
import { linearScale } from "../draw/scale.ts";
import { type Column, table } from "../draw/table.ts";
import { countUnit, decimals, NOTHING } from "../draw/units.ts";
import { growthLines, stageBands } from "./stage-marks.ts";
import { scoreBar } from "./score-bar.ts";

/** What the suites of `eval.suites` said: each group over time, and every task at the last evaluation. */
export function scores(run: RunFacts): Html | null {
  if (run.suites.length === 0) return null;
  return html`${run.suites.map((suite) => section(run, suite))}`;
}

function section(run: RunFacts, suite: SuiteScores): Html {
  const { last, groups, evaluations } = suite;
  return html`<section>
    <h2>Evaluation: ${suite.suite}</h2>
    ${
      evaluations > 1 &&
      html`<div class="multiples">
        ${groups.map(
          (group) =>
            html`<figure>
              <h3>${group.name}</h3>
              ${overTime(run, group)}
            </figure>`,
        )}
      </div>`
    }
    <h3>After step ${last.step.toLocaleString("en")}</h3>
    ${table(`Scores of ${suite.suite}`, COLUMNS, taskRows(suite))}
    <p class="note">
      Percentages, with 95 % intervals. The floor is what the best rule without understanding
      reaches (guessing, or a fixed rule); only an interval above it shows an ability. In the
      drawings: <i class="swatch train"></i> score, <i class="swatch interval"></i> interval,
      <i class="swatch baseline"></i> floor.
    </p>
  </section>`;
}

function overTime(
  { steps, stages, summary }: RunFacts,
  { name, floor, points }: GroupHistory,
): Html {
  const end = steps.tokens.at(-1) ?? points.at(-1)!.tokens;
  const axes: Axes = { x: linearScale(0, end), y: linearScale(0, 100, true) };
  const tokens = points.map((at) => at.tokens);
  return plot({
    axes,
    x: countUnit("training tokens", end),
    y: { factor: 1, title: "score (%)" },
    description: `Score of ${summary.name} in ${name} against training tokens, with its interval and floor`,
    back: stageBands(axes, stages, "tokens"),
    lines: [
      ribbon(
        axes,
        points.map((at) => [at.tokens, ...at.ci95] as const),
        "interval",
      ),
      growthLines(axes, stages, "tokens"),
      horizontals(axes, [floor], "baseline"),
      line(
        axes,
        tokens,
        points.map(({ score }) => score),
        "train",
      ),
      dots(
        axes,
        points.map(({ tokens: x, score }) => [x, score] as const),
        "score",
      ),
    ],
    size: "small",
  });
}

/** A task, or the mean of a group in front of its tasks. */
interface ScoreRow extends Omit<TaskScore, "group" | "n"> {
  n: number | null;
  isGroup: boolean;
}

function taskRows({ last, groups }: SuiteScores): ScoreRow[] {
  return groups.flatMap(({ name, floor, points }): ScoreRow[] => {
    const { score, ci95 } = points.at(-1)!;
    return [
      { name, score, ci95: [...ci95], floor, n: null, isGroup: true },
      ...tasksOf(last, name).map((task) => ({ ...task, isGroup: false })),
    ];
  });
}

const COLUMNS: readonly Column<ScoreRow>[] = [
  {
    title: "group and task",
    cell: ({ name, isGroup }) =>
      isGroup ? html`<b>${name}</b>` : html`<span class="task">${name}</span>`,
    isText: true,
  },
  { title: "items", cell: ({ n }) => (n === null ? "" : n.toLocaleString("en")) },
  { title: "score", cell: ({ score }) => decimals(score, 1) },
  {
    title: "95 % interval",
    cell: ({ ci95 }) => (ci95 ? `${decimals(ci95[0], 1)} – ${decimals(ci95[1], 1)}` : NOTHING),
  },
  { title: "floor", cell: ({ floor }) => decimals(floor, 1) },
  { title: "0 to 100", cell: scoreBar, isText: true },
  { title: "against the floor", cell: againstFloor, isText: true },
];

function againstFloor({ ci95, floor }: ScoreRow): string {
  if (ci95 === null || !Number.isFinite(floor)) return NOTHING;
  if (ci95[0] > floor) return "above";
  return ci95[1] < floor ? "below" : "no difference shown";
}
