// The growth benchmark's results as a table and a plot, every arm, losers too: table.md and plot.svg beside them.
// --help lists the options.
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readOptions } from "../support/options.mjs";
import { plotSvg } from "./plot.mjs";
import { Results, RESULTS } from "./results.mjs";
import { summarise } from "./summary.mjs";

const HEAD = [
  "arm",
  "seeds",
  "validation loss",
  "training loss",
  "gap",
  "FLOPs",
  "of scratch",
  "minutes",
  "speed-up",
  "saving",
  "against the small model",
];

const options = readOptions("node bench/growth/table.mjs", {
  results: { value: "DIR", default: RESULTS, help: "of bench/growth/main.mjs" },
});
const folder = resolve(options.results);
const rows = summarise(new Results(folder).all());
if (rows.length === 0) {
  console.error(`${folder} has no results; make some with node bench/growth/main.mjs`);
  process.exit(66);
}
const table = markdown([HEAD, HEAD.map((_, i) => (i === 0 ? "---" : "--:")), ...rows.map(cells)]);
writeFileSync(join(folder, "table.md"), `${table}\n`);
writeFileSync(join(folder, "plot.svg"), plotSvg(rows));
console.log(table);

function cells(row) {
  const marked = (text, extrapolated) => (text === "" ? "" : text + (extrapolated ? "\\*" : ""));
  return [
    row.arm,
    row.seeds.length,
    withDeviation(row.loss, row.deviation, (value) => value.toFixed(4)),
    row.train_loss.toFixed(4),
    withDeviation(row.gap, row.gap_deviation, percent),
    row.flops.toExponential(2),
    row.share === null ? "" : `${(100 * row.share).toFixed(1)} %`,
    (row.train_seconds / 60).toFixed(1),
    marked(row.speed_up === null ? "" : row.speed_up.toFixed(2), row.speed_up_extrapolated),
    marked(row.saving === null ? "" : percent(row.saving), row.speed_up_extrapolated),
    marked(row.to_small === null ? "" : percent(row.to_small), row.to_small_extrapolated),
  ];
}

function withDeviation(value, deviation, format) {
  if (value === null) return "";
  return deviation === null ? format(value) : `${format(value)} ± ${format(deviation)}`;
}

function percent(share) {
  return `${(100 * share).toFixed(2).replace(/^-(?=0\.00$)/, "")} %`;
}

function markdown(lines) {
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}
