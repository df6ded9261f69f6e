// The muP coordinate check on the benchmark's model: how far activations move in the first steps, by width.
// --help lists the options.
import { writeFileSync } from "node:fs";
import { checkCoordinates, coordinateText } from "../../dist/cli/sweep/coordinate-check.js";
import { resolveConfig } from "../../dist/config/resolve.js";
import { root } from "../../scripts/support/files.mjs";
import { describeCommit } from "../step/machine.mjs";
import { readOptions } from "../support/options.mjs";
import { coordinatesSvg } from "./coordinates-plot.mjs";
import { BASE_WIDTH, configOf, WIDTHS } from "./grid.mjs";

/** The rate that the grid finds at its narrowest width. */
const LR = 4e-3;

const options = readOptions("node bench/mup/coordinates.mjs", {
  steps: { value: "N", least: 1, default: 8, help: "of each width" },
  out: { value: "FILE", help: "results as JSON (default: none are written)" },
  plot: { value: "FILE", help: "results as SVG (default: none is drawn)" },
});
const user = configOf({ parametrisation: "mup", width: BASE_WIDTH, lr: LR, seed: 1 });
const config = resolveConfig(user, { cwd: root });
const point = {
  lr: LR,
  init_std: config.model.init_std,
  output_mult: config.model.mup.output_mult,
};
const check = await checkCoordinates(config, {
  widths: WIDTHS,
  steps: options.steps,
  point,
});
process.stdout.write(coordinateText(check));
const made = { date: new Date().toISOString(), commit: describeCommit() };
if (options.out)
  writeFileSync(options.out, `${JSON.stringify({ ...made, lr: LR, ...check }, null, 1)}\n`);
if (options.plot) writeFileSync(options.plot, coordinatesSvg(check));
