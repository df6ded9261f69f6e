// Our engine as a contender. The job: { shape, precision, threads }; precision int8 is bf16 with int8 weights. A step
// writes `tokens` tokens of one sequence.
import { resolveConfig } from "../../dist/config/resolve.js";
import { GREEDY } from "../../dist/eval/write-tokens.js";
import { engineSpecOf, planStages } from "../../dist/growth/stage-plan.js";
import { encodeLoadPlan } from "../../dist/native/encode.js";
import { createEngine } from "../../dist/native/engine.js";
import { initialLoad } from "../../dist/train/session.js";
import { answerRequests, say } from "../step/answers.mjs";
import { SEQ_LENGTH } from "./shapes.mjs";

const job = JSON.parse(process.argv.at(-1));
const { vocab_size, tokens, head_size, ...stage } = job.shape;
const config = resolveConfig({
  name: "bench-generate",
  device: "cpu",
  model: { family: "llama", seq_length: SEQ_LENGTH, vocab_size, head_size },
  data: { sources: [{ path: "unused" }] },
  stages: [{ ...stage, tokens: 1, global_batch_size: 1, micro_batch_size: 1 }],
});
const [plan] = planStages(config, vocab_size);
const int8_weights = job.precision === "int8";
const placement = {
  device: "cpu",
  device_index: 0,
  num_threads: job.threads,
  precision: int8_weights ? "bf16" : job.precision,
};
const options = { trainable: false, int8_weights };
const engine = await createEngine(engineSpecOf(config, plan, placement, options));
await engine.load(encodeLoadPlan(initialLoad(config, plan)));

const PROMPT = Int32Array.from({ length: 16 }, (_, i) => i + 1);
const call = (prompt, max_tokens) =>
  engine.generate({
    lanes: 1,
    rows: [{ lane: 0, prompt, seed: 0 }],
    max_tokens,
    ...GREEDY,
    stop_tokens: new Int32Array(),
    vocab_size,
  });

let length = SEQ_LENGTH;
async function step() {
  if (length + tokens >= SEQ_LENGTH) {
    await call(PROMPT, 1);
    length = PROMPT.length + 1;
  }
  const start = performance.now();
  await call(new Int32Array(), tokens);
  const ms = performance.now() - start;
  length += tokens;
  return { ms, length: length - tokens / 2 };
}

/** Milliseconds of each op a token, longest first; what is left over is outside ops. */
async function trace() {
  await step();
  await engine.trace(true);
  const { ms } = await step();
  const rows = (await engine.trace(false)).map(({ op, calls, seconds }) => ({
    op,
    calls: calls / tokens,
    ms: (1000 * seconds) / tokens,
  }));
  rows.sort((a, b) => b.ms - a.ms);
  const inOps = rows.reduce((sum, row) => sum + row.ms, 0);
  return { rows: [...rows, { op: "(outside ops)", calls: 1, ms: ms / tokens - inOps }] };
}

say({ device: engine.device.name, memory_bytes: engine.memory_bytes });
await answerRequests({ step, trace });
await engine.close();
