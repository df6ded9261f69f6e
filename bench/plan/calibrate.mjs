// How far one measured efficiency carries: calibrates a plan with two models and predicts the step time of others. All
// take turns, so that a busy moment meets every one of them. Needs the built addon and dist/.
// --help lists the options.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { calibrateFrom } from "../../dist/plan/calibrate-from.js";
import { planRun } from "../../dist/plan/plan.js";
import { median } from "../../dist/scaling/calibrate.js";
import { runTraining } from "../../dist/train/train.js";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { readOptions } from "../support/options.mjs";
import { CALIBRATED, configOf, UNSEEN } from "./shapes.mjs";

/** Of each round: caches and threads are cold. */
const WARM_UP = 3;

const options = readOptions("node bench/plan/calibrate.mjs", {
  rounds: { value: "N", least: 1, default: 5, help: "of every model" },
  steps: { value: "N", least: 1, default: 12, help: "timed, in each round" },
  out: { value: "FILE", help: "results as JSON (default: none are written)" },
});
const steps = options.steps + WARM_UP;
const machine = describeMachine();
const shapes = { ...CALIBRATED, ...UNSEEN };
const times = Object.fromEntries(Object.keys(shapes).map((name) => [name, []]));
for (let round = 0; round < options.rounds; round++)
  for (const [name, shape] of Object.entries(shapes))
    times[name].push(...(await stepTimes(configOf(name, [shape], steps))));

const calibration = calibrateFrom(
  configOf("calibrated", Object.values(CALIBRATED), steps),
  columnsOf(Object.keys(CALIBRATED).map((name) => times[name])),
);
const rows = Object.entries(shapes).map(([name, shape]) => {
  const plan = planRun(configOf(name, [shape], steps), { calibration });
  const [predicted, measured] = [1000 * plan.stages[0].step_seconds, median(times[name])];
  return { name, unseen: name in UNSEEN, predicted, measured, error: predicted / measured - 1 };
});
console.log(
  `efficiency ${calibration.efficiency.toFixed(4)}${machine.quiet ? "" : "; the machine was busy"}`,
);
for (const { name, unseen, predicted, measured, error } of rows)
  console.log(
    `${name.padEnd(14)} ${unseen ? "unseen    " : "calibrated"} ` +
      `predicted ${predicted.toFixed(1)} ms, measured ${measured.toFixed(1)} ms: ${(100 * error).toFixed(1)} %`,
  );
if (options.out) {
  const made = { date: new Date().toISOString(), commit: describeCommit(), machine };
  const result = {
    ...made,
    rounds: options.rounds,
    efficiency: calibration.efficiency,
    rows,
  };
  writeFileSync(options.out, `${JSON.stringify(result, null, 1)}\n`);
}

async function stepTimes(config) {
  const folder = mkdtempSync(join(tmpdir(), "flm-calibrate-"));
  const found = [];
  const observer = { onStep: ({ step_ms }) => found.push(step_ms) };
  try {
    await runTraining(config, { out: join(folder, config.name), observer });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return found.slice(WARM_UP);
}

/** As metrics.jsonl has them, a stage behind the other; calibration leaves out the first few of each once more. */
function columnsOf(stages) {
  const step_ms = stages.flat();
  const stage = stages.flatMap((each, i) => each.map(() => i));
  return { stage, ramp: step_ms.map(() => 1), step_ms };
}
