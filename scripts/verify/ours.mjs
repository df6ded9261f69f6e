// flm-train's side of the comparison: trains a family's model through the package's own modules and writes what it
// computed to DIRECTORY/ours.json, beside the checkpoints and token files that PyTorch starts from.
//   node scripts/verify/ours.mjs FAMILY DIRECTORY
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CheckpointStore } from "../../dist/checkpoint/store.js";
import { resolveConfig } from "../../dist/config/resolve.js";
import { NO_RAMP } from "../../dist/growth/ramp.js";
import { engineSpecOf, planStages } from "../../dist/growth/stage-plan.js";
import { loadNative } from "../../dist/native/load.js";
import { choosePlacement } from "../../dist/native/placement.js";
import { NO_INSTRUCTIONS } from "../../dist/native/types.js";
import { aloneIn } from "../../dist/train/rank-stage.js";
import { alone } from "../../dist/train/ranks.js";
import { saveCheckpoint } from "../../dist/train/save-checkpoint.js";
import { initialLoad, StageEngine } from "../../dist/train/session.js";
import { everyNextToken, makeTokens, stepPieces, writeTokenFile } from "./batches.mjs";
import { BATCH_SIZE, configOf, VOCAB_SIZE } from "./families.mjs";

const STEPS = { f32: 10, bf16: 50 };
const TOKENS = 4000;

const [family, out] = process.argv.slice(2);
const directory = resolve(out);
mkdirSync(directory, { recursive: true });

const config = resolveConfig(configOf(family));
const [plan] = planStages(config, VOCAB_SIZE);
const { seq_length } = plan.shape;
const lr = config.optimizer.lr;

const tokens = makeTokens(TOKENS, VOCAB_SIZE);
const { contexts, file, pieces: contextPieces } = everyNextToken(tokens, VOCAB_SIZE);
const files = ["stream", "contexts"].map((name) => join(directory, `${name}.tokens`));
await writeTokenFile(files[0], tokens, VOCAB_SIZE);
await writeTokenFile(files[1], file, VOCAB_SIZE);
const batches = Array.from({ length: STEPS.bf16 }, (_, step) =>
  stepPieces(step, BATCH_SIZE, seq_length, tokens),
);

/** Biases start at zero in training; here they do not, so that leaving one out shows. */
function wildInitialLoad() {
  const load = initialLoad(config, plan);
  const moves = load.moves.map((move) =>
    move.tensor.endsWith(".bias") ? { ...move, fill: "normal", fill_value: 0.1 } : move,
  );
  return { ...load, moves };
}

async function withEngine(precision, clip_grad, use) {
  const { engine: placement, device } = choosePlacement({ device: "cpu", precision }, loadNative());
  const optimizer = { ...config.optimizer, clip_grad };
  const load = wildInitialLoad();
  const parts = { config: { ...config, optimizer }, placement, device, world: null, files };
  const engine = await StageEngine.create(parts, aloneIn(plan), load);
  try {
    return await use(engine);
  } finally {
    await engine.native.close();
  }
}

function train(engine, batch) {
  const limits = { max_loss: Infinity, max_grad_norm: Infinity };
  return engine.step(Float64Array.from(batch), { lr, ramp: NO_RAMP, stop: false, ...limits });
}

async function trainAll(engine, steps) {
  const reports = [];
  for (const batch of batches.slice(0, steps)) reports.push(await train(engine, batch));
  return { losses: reports.map((r) => r.loss), grad_norms: reports.map((r) => r.grad_norm) };
}

async function tokenLosses(engine, pieces, rows) {
  const { token_losses } = await engine.native.evaluate({
    pieces: Float64Array.from(pieces),
    num_micro_batches: Math.ceil(rows / plan.config.micro_batch_size),
    ramp: NO_RAMP,
    per_token: true,
    instructions: NO_INSTRUCTIONS,
  });
  return Array.from(token_losses);
}

async function save(engine, step) {
  const store = new CheckpointStore(join(directory, "checkpoints"));
  const facts = {
    package_version: "0.0.0",
    step,
    epoch: 1,
    parent: null,
    stage: 0,
    stage_step: step,
    tokens: step * BATCH_SIZE * seq_length,
    flops: 0,
    skipped_steps: 0,
    data: null,
    seed: config.seed,
    growth: [],
    identity: {},
    device: { kind: "cpu", name: engine.native.device.name, precision: "f32" },
  };
  const { done } = await saveCheckpoint(store, alone(1), { engine, facts, behind: false, keep: 2 });
  return (await done).checkpoint.directory;
}

// Without clipping, and from zero moments, exp_avg after one step is (1 - beta1) times the gradient.
const inspected = await withEngine("f32", null, async (engine) => {
  const initial = await save(engine, 0);
  const token_losses = await tokenLosses(engine, batches[0], BATCH_SIZE);
  const next_token_losses = [];
  for (const [i, { length }] of contexts.entries()) {
    const losses = await tokenLosses(engine, contextPieces[i], VOCAB_SIZE);
    next_token_losses.push(
      Array.from({ length: VOCAB_SIZE }, (_, row) => losses[row * seq_length + length - 1]),
    );
  }
  await train(engine, batches[0]);
  return { initial, token_losses, next_token_losses, after_one_step: await save(engine, 1) };
});
const { clip_grad } = config.optimizer;
const f32 = await withEngine("f32", clip_grad, (engine) => trainAll(engine, STEPS.f32));
const bf16 = await withEngine("bf16", clip_grad, (engine) => trainAll(engine, STEPS.bf16));

const placement = { device: "cpu", device_index: 0, num_threads: 0, precision: "f32" };
const { masks: _, ...spec } = engineSpecOf(config, plan, placement);
writeFileSync(
  join(directory, "ours.json"),
  JSON.stringify({ spec, lr, tokens, batches, contexts, inspected, f32, bf16 }),
);
