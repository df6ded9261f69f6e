// How much of one rank's speed on all threads several ranks reach that share them, in turns within one run.
// --help lists the options.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/support/files.mjs";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { median } from "../step/measure.mjs";
import { readOptions } from "../support/options.mjs";

const options = readOptions("node bench/ranks/main.mjs", {
  rounds: { value: "N", least: 1, default: 3, help: "runs of each mesh" },
  out: { value: "FILE", help: "results as JSON (default: none are written)" },
});
/** The first steps fault memory in. */
const WARMUP_STEPS = 4;
const threads = availableParallelism();

const CONTENDERS = {
  "one rank": {},
  "data parallel": { data_parallel_size: 2 },
  "tensor parallel": { tensor_parallel_size: 2, sequence_parallel: true },
  pipeline: { pipeline_parallel_size: 2 },
};

const machine = describeMachine();
const scratch = mkdtempSync(join(tmpdir(), "flm-ranks-"));
const speeds = Object.fromEntries(Object.keys(CONTENDERS).map((name) => [name, []]));
try {
  for (let round = 0; round < options.rounds; ++round)
    for (const name of Object.keys(CONTENDERS)) speeds[name].push(tokensPerSecond(name, round));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

const one = median(speeds["one rank"]);
const results = Object.entries(speeds).map(([name, rounds]) => ({
  name,
  tokens_per_second: median(rounds),
  share_of_one_rank: median(rounds) / one,
  rounds,
}));
for (const { name, tokens_per_second, share_of_one_rank } of results)
  console.log(
    `${name.padEnd(16)} ${tokens_per_second.toFixed(0).padStart(6)} tokens/s  ${share_of_one_rank.toFixed(2)}`,
  );
if (!machine.quiet) console.log(`the machine was busy (${machine.busy_before}): do not quote`);
if (options.out)
  writeFileSync(
    options.out,
    `${JSON.stringify({ date: new Date().toISOString(), commit: describeCommit(), machine, protocol: { threads, warmup_steps: WARMUP_STEPS, order: "in turns" }, results }, null, 2)}\n`,
  );

/** The median of one run's steps. */
function tokensPerSecond(name, round) {
  const out = join(scratch, `${name}-${round}`);
  const sets = Object.entries({ ...CONTENDERS[name] }).flatMap(([key, value]) => [
    "--set",
    `stages.0.parallel.${key}=${value}`,
  ]);
  execFileSync(
    process.execPath,
    [join(root, "dist/cli/main.js"), "bench/ranks/9m.yaml", "--out", out, ...sets],
    { cwd: root, stdio: ["ignore", "ignore", "pipe"] },
  );
  const rows = readFileSync(join(out, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  return median(rows.slice(WARMUP_STEPS).map((row) => JSON.parse(row).tokens_per_second));
}
