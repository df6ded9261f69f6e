// Growth against training from scratch: runs arms and keeps their results. What is compared, and how it is judged:
// docs/growth.md. Needs the built addon and dist/.
//   node bench/growth/main.mjs --list | --arm NAME [--seed N] | --next [--hours H]
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "../../scripts/support/files.mjs";
import { armsOf } from "./arms.mjs";
import { flopsOf } from "./configs.mjs";
import { growthOptions } from "./options.mjs";
import { configHash, Results } from "./results.mjs";
import { runArm } from "./run-arm.mjs";

/** Until a result says better: two cores of an AVX512-BF16 machine on models this narrow, and its share of validation. */
const ASSUMED_FLOPS_PER_SECOND = 100e9;
const WALL_PER_TRAINING = 1.25;
const PROGRESS_MS = 30_000;
const TIME_IS_UP = "time is up";

const options = growthOptions();
const arms = armsOf(options);
const results = new Results(options.results);
const runs = options.results
  ? join(resolve(options.results), "runs")
  : join(root, "runs/bench-growth");
// An arm that has changed begins anew.
const directoryOf = (arm, seed) => join(runs, `${arm.name}-s${seed}-${configHash(arm.config)}`);
const deadline = Date.now() + options.hours * 3_600_000;
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());

if (options.list) list();
else if (options.arm !== undefined) await run(armNamed(options.arm), options.seed);
else await runMissing();
if (stop.signal.aborted) {
  console.error("stopped; the same command goes on from the last checkpoint");
  process.exitCode = stop.signal.reason === TIME_IS_UP ? 0 : 130;
}

/** Every wanted arm and seed: all arms with the first seed, then with the next. */
function wanted() {
  const seeds = [...new Set(arms.flatMap((arm) => arm.seeds))].sort((a, b) => a - b);
  return seeds.flatMap((seed) =>
    arms.filter((arm) => arm.seeds.includes(seed)).map((arm) => ({ arm, seed })),
  );
}

function list() {
  let missing = 0;
  for (const { arm, seed } of wanted()) {
    const result = results.find(arm, seed);
    const state = result ? "done" : existsSync(directoryOf(arm, seed)) ? "begun" : "missing";
    const minutes = minutesOf(arm);
    if (!result) missing += minutes;
    const loss = result ? result.validation_loss.toFixed(4) : "";
    console.log(
      `${arm.name.padEnd(22)} seed ${seed}  ${state.padEnd(7)} ${minutes.toFixed(0).padStart(3)} min  ` +
        `${flopsOf(arm.config).toExponential(2)} FLOPs  ${loss}`,
    );
  }
  console.log(`what is missing takes about ${(missing / 60).toFixed(1)} hours`);
}

function armNamed(name) {
  const arm = arms.find((each) => each.name === name);
  if (arm) return arm;
  console.error(`no arm ${name}; there are ${arms.map((each) => each.name).join(", ")}`);
  process.exit(64);
}

async function runMissing() {
  for (const { arm, seed } of wanted()) {
    if (stop.signal.aborted) return;
    const ends = Date.now() + minutesOf(arm) * 60_000;
    if (results.find(arm, seed) === undefined && ends < deadline) await run(arm, seed);
  }
}

async function run(arm, seed) {
  if (results.find(arm, seed) !== undefined) {
    console.log(`${arm.name} seed ${seed}: done already`);
    return;
  }
  console.log(`${arm.name} seed ${seed}: about ${minutesOf(arm).toFixed(0)} minutes`);
  let shown = Date.now();
  const onStep = ({ step, loss, tokens_per_second }) => {
    if (Date.now() > deadline) stop.abort(TIME_IS_UP);
    if (Date.now() - shown < PROGRESS_MS) return;
    shown = Date.now();
    console.log(
      `  step ${step}  loss ${loss.toFixed(4)}  ${tokens_per_second.toFixed(0)} tokens/s`,
    );
  };
  const out = directoryOf(arm, seed);
  const result = await runArm(arm, seed, { out, signal: stop.signal, onStep });
  if (result === null) return;
  const path = results.write(arm, seed, result);
  console.log(
    `${arm.name} seed ${seed}: validation loss ${result.validation_loss.toFixed(4)}, ${path}`,
  );
}

function minutesOf(arm) {
  const speeds = results.all().map(({ flops, train_seconds }) => flops / train_seconds);
  const speed = speeds.length > 0 ? Math.min(...speeds) : ASSUMED_FLOPS_PER_SECOND;
  return (WALL_PER_TRAINING * flopsOf(arm.config)) / speed / 60;
}
