// The muP benchmark's results as a table on stdout and a plot. --help lists the options.
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "../../scripts/support/files.mjs";
import { readOptions } from "../support/options.mjs";
import { RATES } from "./grid.mjs";
import { plotSvg } from "./plot.mjs";
import { RunLog } from "./run-log.mjs";
import { basins, shiftOf } from "./summary.mjs";

const options = readOptions("node bench/mup/table.mjs", {
  results: {
    value: "FILE",
    default: join(root, "bench/results/mup/runs.jsonl"),
    help: "of bench/mup/main.mjs",
  },
  plot: { value: "FILE", help: "results as SVG (default: none is drawn)" },
});
const all = basins(new RunLog(resolve(options.results)).all());
if (all.length === 0) {
  console.error(`${options.results} has no run; make some with node bench/mup/main.mjs`);
  process.exit(66);
}
const head = ["", "width", ...RATES.map(String), "seeds", "best", "by seed", "shift"];
console.log(markdown([head, head.map((_, i) => (i === 0 ? "---" : "--:")), ...all.map(cells)]));
if (options.plot) writeFileSync(resolve(options.plot), plotSvg(all));

function cells(basin) {
  const { parametrisation, width, seeds, rates, best, best_by_seed } = basin;
  const cellOf = (lr) => {
    const rate = rates.find((each) => each.lr === lr);
    if (!rate) return "";
    return lr === best ? `**${number(rate.loss)}**` : number(rate.loss);
  };
  return [
    parametrisation,
    width,
    ...RATES.map(cellOf),
    seeds.length,
    best,
    best_by_seed.join(", "),
    shiftOf(basin, all) ?? "",
  ];
}

function number(loss) {
  return Number.isFinite(loss) ? loss.toFixed(3) : "diverged";
}

function markdown(lines) {
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}
