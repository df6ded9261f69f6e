// Predicts the held-out width's loss from the narrow ones, by the fit of `flm-train fit`, and prints how far off it is.
// --help lists the options.
import { join, resolve } from "node:path";
import { fitLoss, predictLoss } from "../../dist/scaling/loss-fit.js";
import { root } from "../../scripts/support/files.mjs";
import { RunLog } from "../mup/run-log.mjs";
import { FITTED_WIDTHS, HELD_OUT_WIDTH } from "./runs.mjs";
import { mean } from "../support/numbers.mjs";
import { readOptions } from "../support/options.mjs";

const options = readOptions("node bench/scaling/table.mjs", {
  results: {
    value: "FILE",
    default: join(root, "bench/results/scaling/runs.jsonl"),
    help: "of bench/scaling/main.mjs",
  },
});
const all = new RunLog(resolve(options.results)).all();
/** Seeds that have run every fitted width, so that those are means over the same ones. */
const seeds = [...new Set(all.map(({ seed }) => seed))].filter((seed) =>
  FITTED_WIDTHS.every((width) => all.some((run) => run.width === width && run.seed === seed)),
);
const runs = all.filter(({ seed }) => seeds.includes(seed));
const widths = [...FITTED_WIDTHS, HELD_OUT_WIDTH].map((width) => {
  const own = runs.filter((run) => run.width === width);
  const losses = own.map(({ validation_loss }) => validation_loss);
  return { width, parameters: own[0]?.parameters, losses, loss: mean(losses) };
});
const missing = widths.find(({ losses }) => losses.length === 0);
if (missing) {
  console.error(
    `there is no run of width ${missing.width}; make some with node bench/scaling/main.mjs`,
  );
  process.exit(66);
}
console.log("| width | parameters | seeds | validation loss |\n| --: | --: | --: | --: |");
for (const { width, parameters, losses, loss } of widths)
  console.log(`| ${width} | ${parameters} | ${losses.length} | ${loss.toFixed(4)} |`);

const [heldOut, fitted] = [widths.at(-1), widths.slice(0, -1)];
const fit = fitLoss(
  fitted.flatMap(({ parameters, losses }) => losses.map((loss) => ({ x: parameters, loss }))),
);
const { loss: predicted, interval } = predictLoss(fit, heldOut.parameters);
const gap = fitted.at(-1).loss - heldOut.loss;
const error = predicted - heldOut.loss;
console.log(`
L = ${fit.a.toPrecision(4)} · C^${fit.b.toFixed(4)} + ${fit.c.toFixed(4)}
width ${heldOut.width}: predicted ${predicted.toFixed(4)}${interval ? ` [${interval.low.toFixed(4)}, ${interval.high.toFixed(4)}]` : ""}, measured ${heldOut.loss.toFixed(4)}
error ${error.toFixed(4)}, ${((100 * Math.abs(error)) / gap).toFixed(0)} % of the gap of ${gap.toFixed(4)} to width ${fitted.at(-1).width}`);
