// FLM-101B's schedule in small, on eight ranks of this machine: three stages, each split TP 2 x PP 2 x DP 2, with
// sequence parallelism and two growth events. `npm run smoke`; arguments are handed on to flm-train.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./support/files.mjs";

const STEPS = [12, 6, 6];
const BATCH = [8, 8, 8];
const HEADS = [14, 16, 20];
const SEQ_LENGTH = 64;

const sets = {
  name: "smoke",
  precision: "f32",
  "model.seq_length": SEQ_LENGTH,
  "data.sources.0.path": '["docs/*.md"]',
  "growth.ramp_steps": 3,
};
for (const [i, steps] of STEPS.entries())
  Object.assign(sets, {
    [`stages.${i}.tokens`]: steps * BATCH[i] * SEQ_LENGTH,
    [`stages.${i}.global_batch_size`]: BATCH[i],
    [`stages.${i}.micro_batch_size`]: 1,
    [`stages.${i}.num_attention_heads`]: HEADS[i],
    [`stages.${i}.warmup_steps`]: 2,
    [`stages.${i}.parallel`]:
      "{ tensor_parallel_size: 2, pipeline_parallel_size: 2, data_parallel_size: 2, sequence_parallel: true }",
  });

const out = mkdtempSync(join(tmpdir(), "flm-smoke-"));
const start = performance.now();
try {
  const args = Object.entries(sets).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const program = join(root, "dist/cli/main.js");
  const command = [
    program,
    "examples/flm-mini.yaml",
    "--out",
    out,
    ...args,
    ...process.argv.slice(2),
  ];
  const { status, signal } = spawnSync(process.execPath, command, { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error(`flm-train ended with ${signal ?? `exit code ${status}`}`);
  check(out);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`smoke test: eight ranks, three stages, passed in ${seconds} s`);
} catch (error) {
  console.error(`smoke test: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}

/** All steps were taken, the loss fell, and growth changed nothing. */
function check(run) {
  const rows = (name) =>
    readFileSync(join(run, name), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  const losses = rows("metrics.jsonl").map(({ loss }) => loss);
  const expected = STEPS.reduce((sum, steps) => sum + steps, 0);
  if (losses.length !== expected)
    throw new Error(`${losses.length} of ${expected} steps were taken`);
  if (!(losses.at(-1) < losses[0]))
    throw new Error(`the loss went from ${losses[0]} to ${losses.at(-1)}`);
  const growth = rows("events.jsonl").filter(({ type }) => type === "growth");
  if (growth.length !== STEPS.length - 1)
    throw new Error(`there were ${growth.length} growth events`);
  for (const { loss_before, loss_after } of growth)
    if (!(Math.abs(loss_after / loss_before - 1) < 1e-5))
      throw new Error(`growth changed the loss from ${loss_before} to ${loss_after}`);
}
