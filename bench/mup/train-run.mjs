// Trains a config in a process of its own, on one thread, and says with which loss it ended.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/support/files.mjs";
import { mean, readRows } from "../support/numbers.mjs";

/** Losses of single batches are noisy: this share of the steps at the end is averaged. */
const TAIL = 0.1;
const DONE = 0;
const DIVERGED = 70;

/**
 * @typedef {object} RunResult
 * @property {number | null} loss of the last training steps; null where the run diverged
 * @property {number | null} validation_loss at the end; null without a validation set
 * @property {number} steps
 * @property {number} tokens
 * @property {number} flops of training, in matrix products
 * @property {number} train_seconds of the steps, by the clock
 */

/**
 * @param {object} config
 * @param {string} out the run's directory; what an attempt before has left there is deleted, and checkpoints afterwards
 * @param {AbortSignal} signal ends the process
 * @returns {Promise<RunResult | null>} null when it was stopped
 */
export async function trainRun(config, out, signal) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const path = `${out}.yaml`;
  writeFileSync(path, JSON.stringify(config)); // JSON is YAML
  const { code, output } = await flmTrain(["train", path, "--json", "--out", out], signal);
  rmSync(path);
  if (signal.aborted) return null;
  if (code !== DONE && code !== DIVERGED)
    throw new Error(`${config.name} ended with ${code}: ${output}`);
  rmSync(join(out, "checkpoints"), { recursive: true, force: true });
  const rows = readRows(join(out, "metrics.jsonl"));
  const last = rows.at(-1);
  return {
    loss: code === DIVERGED ? null : mean(rows.slice(-TAIL * rows.length).map(({ loss }) => loss)),
    validation_loss: JSON.parse(output).validation_loss ?? null,
    ...{ steps: last.step, tokens: last.tokens, flops: last.flops_total },
    train_seconds: rows.reduce((sum, { step_ms }) => sum + step_ms / 1000, 0),
  };
}

function flmTrain(args, signal) {
  const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), ...args], {
    cwd: root,
    env: { ...process.env, FLM_THREADS: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = () => child.kill("SIGKILL");
  signal.addEventListener("abort", stop);
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      signal.removeEventListener("abort", stop);
      resolve({ code, output });
    });
  });
}
