// What a growth event costs beside one checkpoint saved and one loaded: saves the smaller model, grows it from that
// checkpoint, and for comparison saves the larger one and loads that as it is. Files stay in the page cache for both.
// --help lists the options.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointStore } from "../../dist/checkpoint/store.js";
import { resolveConfig } from "../../dist/config/resolve.js";
import { planStages } from "../../dist/growth/stage-plan.js";
import { loadNative } from "../../dist/native/load.js";
import { choosePlacement } from "../../dist/native/placement.js";
import { saveCheckpoint } from "../../dist/train/save-checkpoint.js";
import { grownLoad, initialLoad, resumeLoad, StageEngine } from "../../dist/train/session.js";
import { aloneIn } from "../../dist/train/rank-stage.js";
import { alone } from "../../dist/train/ranks.js";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { median } from "../step/measure.mjs";
import { readOptions } from "../support/options.mjs";

const SHAPES = {
  quickstart: {
    vocab_size: 1024,
    stages: [
      { num_layers: 4, hidden_size: 128, num_attention_heads: 4 },
      { num_layers: 6, hidden_size: 192, num_attention_heads: 6 },
    ],
  },
  "134m": {
    vocab_size: 32_000,
    stages: [
      { num_layers: 6, hidden_size: 512, num_attention_heads: 8 },
      { num_layers: 12, hidden_size: 768, num_attention_heads: 12 },
    ],
  },
};

const options = readOptions("node bench/growth/event.mjs", {
  shape: {
    value: "NAME",
    among: Object.keys(SHAPES),
    default: "quickstart",
    help: "of the two models",
  },
  rounds: { value: "N", least: 1, default: 3, help: "events" },
});
const { vocab_size, stages } = SHAPES[options.shape];
const config = resolveConfig({
  name: "growth-event",
  model: { family: "llama", seq_length: 128 },
  data: { sources: [{ path: "unused" }] },
  stages: stages.map((stage) => ({ ...stage, tokens: 1e6 })),
});
const [before, after] = planStages(config, vocab_size);
const { engine, device } = choosePlacement({ device: "cpu", precision: "bf16" }, loadNative());
const parts = { config, placement: engine, device, world: null, files: [] };
const machine = describeMachine();
const times = { save_before: [], grow: [], save_after: [], load_after: [] };
const cpuTimes = structuredClone(times);
for (let round = 0; round < options.rounds; round++) {
  const folder = mkdtempSync(join(tmpdir(), "flm-growth-event-"));
  try {
    await measure(new CheckpointStore(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const medians = (all) =>
  Object.fromEntries(Object.entries(all).map(([what, values]) => [what, median(values)]));
const result = {
  ...{ date: new Date().toISOString(), commit: describeCommit(), machine },
  ...{ shape: options.shape, parameters: [before.parameters, after.parameters] },
  ...{ seconds: medians(times), cpu_seconds: medians(cpuTimes), times },
};
console.log(JSON.stringify(result, null, 1));

async function measure(store) {
  const create = (plan, load) => StageEngine.create(parts, aloneIn(plan), load);
  const small = await create(before, initialLoad(config, before));
  const parent = await timed("save_before", () => save(store, small, 1));
  await small.native.close();
  const grown = await timed("grow", () => create(after, grownLoad(config, after, parent)));
  const child = await timed("save_after", () => save(store, grown, 2));
  await grown.native.close();
  const loaded = await timed("load_after", () => create(after, resumeLoad(child)));
  await loaded.native.close();
}

async function save(store, engine, step) {
  const facts = {
    ...{ package_version: "0", step, epoch: 1, parent: null, stage: 0, stage_step: step },
    ...{ tokens: 0, flops: 0, skipped_steps: 0, loss: null, validation: null, data: {}, seed: 1 },
    ...{ growth: [], identity: {}, device: { kind: "cpu", name: "", precision: "bf16" } },
  };
  const { done } = await saveCheckpoint(store, alone(1), { engine, facts, behind: false, keep: 2 });
  return (await done).checkpoint;
}

async function timed(what, run) {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const result = await run();
  const { user, system } = process.cpuUsage(cpu);
  times[what].push((performance.now() - start) / 1e3);
  cpuTimes[what].push((user + system) / 1e6);
  return result;
}
