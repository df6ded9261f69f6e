import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringifyConfig } from "../../config/stringify.ts";
import type { Config } from "../../config/types.ts";
import {
  bestOf,
  chosenConfig,
  edgesOf,
  gridPoints,
  pointName,
  type SweepGrid,
  type SweepPoint,
  type SweepResult,
} from "../../scaling/sweep.ts";
import { version } from "../../version.ts";
import { textTable } from "../text-table.ts";
import { basinPlot } from "./basin-plot.ts";

/** What `flm-train sweep --json` prints. Paths are absolute. */
export interface SweepOutcome {
  status: "done" | "interrupted";
  results: readonly SweepResult[];
  /** Null where no run came to its end. */
  best: SweepResult | null;
  /** Keys whose best value is the smallest or largest tried. */
  edges: (keyof SweepPoint)[];
  /** The large model's config with the best values. */
  chosen: string | null;
  plot: string | null;
}

/** Sums up what was run, and writes the plot and the chosen config. */
export function sweepOutcome(
  config: Config,
  grid: SweepGrid,
  results: readonly SweepResult[],
  directory: string,
): SweepOutcome {
  const status = results.length === gridPoints(grid).length ? "done" : "interrupted";
  const best = bestOf(results);
  if (best === null) return { status, results, best, edges: [], chosen: null, plot: null };
  const plot = join(directory, "basin.svg");
  const chosen = join(directory, "chosen.yaml");
  writeFileSync(plot, basinPlot(results));
  writeFileSync(chosen, stringifyConfig(chosenConfig(config, best), version));
  return { status, results, best, edges: edgesOf(best, grid), chosen, plot };
}

export function sweepText(outcome: SweepOutcome, grid: SweepGrid): string {
  const { status, results, best, edges, chosen, plot } = outcome;
  const lines = [sweepTable(results, grid, best)];
  if (best) lines.push(`best: ${pointName(best)}, loss ${best.loss!.toFixed(4)}`);
  else if (status === "done") lines.push("every run diverged: try lower rates");
  if (edges.length > 0)
    lines.push(
      `at the edge of the grid: ${edges.join(", ")}; the same command with more values goes on`,
    );
  if (best) lines.push(`config for the large model: ${chosen}`, `plot: ${plot}`);
  if (status === "interrupted") lines.push("interrupted: the same command goes on");
  return `${lines.join("\n")}\n`;
}

/** A row for each learning rate, a column for each deviation and multiplier; the best is starred. */
function sweepTable(
  results: readonly SweepResult[],
  grid: SweepGrid,
  best: SweepPoint | null,
): string {
  const columns = grid.output_mult.flatMap((output_mult) =>
    grid.init_std.map((init_std) => ({ init_std, output_mult })),
  );
  const cell = (lr: number, column: (typeof columns)[number]) => {
    const result = results.find(
      (one) =>
        one.lr === lr && one.init_std === column.init_std && one.output_mult === column.output_mult,
    );
    if (!result) return "not run";
    const mark = best && result.lr === best.lr && isColumn(best, column) ? "*" : "";
    return `${mark}${result.loss === null ? "diverged" : result.loss.toFixed(4)}`;
  };
  const head = columns.map(({ init_std, output_mult }) => `std ${init_std} mult ${output_mult}`);
  const rows = grid.lr.map((lr) => [
    String(Number(lr.toPrecision(3))),
    ...columns.map((column) => cell(lr, column)),
  ]);
  return textTable([["lr", ...head], ...rows]);
}

function isColumn(point: SweepPoint, column: Omit<SweepPoint, "lr">): boolean {
  return point.init_std === column.init_std && point.output_mult === column.output_mult;
}
