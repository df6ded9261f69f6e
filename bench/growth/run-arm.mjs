// Trains one arm with one seed, or goes on where it was stopped, and says what came out.
import { join } from "node:path";
import { runTraining } from "../../dist/train/train.js";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { resolved } from "./configs.mjs";
import { configHash } from "./results.mjs";
import { mean, readRows } from "../support/numbers.mjs";

const LAST_STEPS = 100;

/**
 * @param {import("./arms.mjs").Arm} arm
 * @param {{ out: string, signal: AbortSignal, onStep: (row: object) => void }} options `out`: the run's directory
 * @returns {Promise<object | null>} null when the signal stopped it; the same call goes on then
 */
export async function runArm(arm, seed, { out, signal, onStep }) {
  const machine = describeMachine();
  const name = `${arm.name}-s${seed}`;
  const options = { out, signal, observer: { onStep } };
  const { status, ...end } = await runTraining(resolved(arm.config, name, seed), options);
  if (status !== "done") return null;
  const rows = readRows(join(out, "metrics.jsonl"));
  const events = readRows(join(out, "events.jsonl"));
  const { role, reference, config } = arm;
  return {
    arm: arm.name,
    seed,
    role,
    reference,
    config_hash: configHash(config),
    made: { date: new Date().toISOString(), commit: describeCommit() },
    machine,
    ...{ steps: end.steps, tokens: end.tokens, flops: rows.at(-1).flops_total },
    train_seconds: rows.reduce((sum, { step_ms }) => sum + step_ms / 1000, 0),
    validation_loss: end.validation_loss,
    train_loss: mean(rows.slice(-LAST_STEPS).map(({ loss }) => loss)),
    curve: validationCurve(rows, events),
    growth: events.filter(({ type }) => type === "growth"),
    config,
  };
}

function validationCurve(rows, events) {
  const at = new Map();
  let seconds = 0;
  for (const { step, tokens, flops_total, step_ms } of rows) {
    seconds += step_ms / 1000;
    at.set(step, { step, tokens, flops: flops_total, train_seconds: seconds });
  }
  return events
    .filter(({ type, step }) => type === "validation" && at.has(step))
    .map(({ step, loss, tokens }) => ({ ...at.get(step), loss, validation_tokens: tokens }));
}
