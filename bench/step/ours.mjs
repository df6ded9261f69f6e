// Our training step as a contender. The job: { shape, optimizer, norm_eps, init_std, precision, threads }.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveConfig } from "../../dist/config/resolve.js";
import { TokenFileWriter } from "../../dist/data/corpus/token-file-writer.js";
import { NO_RAMP } from "../../dist/growth/ramp.js";
import { planStages } from "../../dist/growth/stage-plan.js";
import { loadNative } from "../../dist/native/load.js";
import { choosePlacement } from "../../dist/native/placement.js";
import { PIECE_LAST_TARGET, PIECE_NEW_SEGMENT } from "../../dist/native/types.js";
import { aloneIn } from "../../dist/train/rank-stage.js";
import { initialLoad, StageEngine } from "../../dist/train/session.js";
import { answerRequests, say } from "./answers.mjs";

const TRACED_STEPS = 3;
const BATCHES = 16;

const job = JSON.parse(process.argv.at(-1));
const { family, vocab_size, batch_size, seq_length, ...stage } = job.shape;
const config = resolveConfig({
  name: "bench-step",
  device: "cpu",
  model: { family, seq_length, norm_eps: job.norm_eps, init_std: job.init_std },
  data: { sources: [{ path: "unused" }] },
  optimizer: job.optimizer,
  stages: [
    {
      ...stage,
      tokens: 1,
      global_batch_size: batch_size,
      micro_batch_size: batch_size,
      parallel: { recompute: job.recompute },
    },
  ],
});
const [plan] = planStages(config, vocab_size);

const folder = mkdtempSync(join(tmpdir(), "flm-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, "tokens");
await writeRandomTokens(path, BATCHES * batch_size * (seq_length + 1));
const { engine: found, device } = choosePlacement(
  { ...config, precision: job.precision },
  loadNative(),
);
const placement = { ...found, num_threads: job.threads };
const parts = { config, placement, device, world: null, files: [path] };
const engine = await StageEngine.create(parts, aloneIn(plan), initialLoad(config, plan));

async function writeRandomTokens(path, count) {
  const writer = await TokenFileWriter.create(path, vocab_size, 0);
  const random = () => Math.floor(Math.random() * vocab_size);
  await writer.append([Uint32Array.from({ length: count }, random)]);
  await writer.finish();
  await writer.close();
}

let steps = 0;
async function step() {
  const first = (steps++ % BATCHES) * batch_size;
  const pieces = Array.from({ length: batch_size }, (_, row) => {
    const offset = (first + row) * (seq_length + 1);
    return [row, 0, offset, seq_length, PIECE_NEW_SEGMENT | PIECE_LAST_TARGET];
  });
  const batch = Float64Array.from(pieces.flat());
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { loss } = await engine.step(batch, {
    lr: config.optimizer.lr,
    ramp: NO_RAMP,
    stop: false,
    max_loss: Infinity,
    max_grad_norm: Infinity,
  });
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpu_ms: (user + system) / 1000, loss };
}

/** Seconds of one step by op, longest first; what is left over is outside ops. */
async function trace() {
  await engine.native.trace(true);
  let ms = 0;
  for (let i = 0; i < TRACED_STEPS; i++) ms += (await step()).ms;
  const rows = (await engine.native.trace(false)).map(({ op, calls, seconds }) => ({
    op,
    calls: calls / TRACED_STEPS,
    ms: (1000 * seconds) / TRACED_STEPS,
  }));
  rows.sort((a, b) => b.ms - a.ms);
  const inOps = rows.reduce((sum, row) => sum + row.ms, 0);
  const rest = { op: "(outside ops)", calls: 1, ms: ms / TRACED_STEPS - inOps };
  return { rows: [...rows, rest] };
}

const { parameters, flops_per_token } = plan;
say({ parameters, flops_per_token, device: engine.native.device.name });
await answerRequests({
  step,
  trace,
  memory: async () => ({ peak_rss_bytes: process.resourceUsage().maxRSS * 1024 }),
});
await engine.native.close();
