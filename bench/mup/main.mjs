// The learning rate's basin at several widths, under muP and in the standard parametrisation: trains what is missing of
// the grid. docs/scaling.md says what came out. Needs the built addon and dist/.
// --help lists the options.
import { configOf, gridPoints } from "./grid.mjs";
import { runMissing } from "./run-missing.mjs";

await runMissing(
  "mup",
  gridPoints().map((point) => ({ ...point, config: configOf(point) })),
);
