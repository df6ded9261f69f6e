// From the command to the end of the first optimizer step, tokens ready, and JavaScript's share of later steps: the
// processor time of the main thread, which is all that runs JavaScript, over the time that passes. Of the first step also
// the processor time that the system takes, most of it for clearing memory: up to 3 s a GB where a virtual machine has
// to get back what it freed, a tenth of one where it has it. Needs the built addon and dist/. The first call trains the
// tokenizers.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "../../scripts/support/files.mjs";
import { readOptions } from "../support/options.mjs";
import { describeCommit, describeMachine } from "./machine.mjs";
import { SHAPES } from "./shapes.mjs";

const MODELS = {
  "1m": {
    family: "llama",
    num_layers: 4,
    hidden_size: 128,
    num_attention_heads: 4,
    ffn_hidden_size: 344,
    vocab_size: 1024,
    batch_size: 16,
    seq_length: 128,
  },
  "9m": SHAPES["9m"],
  "134m": SHAPES["134m"],
};
/** Whose JavaScript is looked at, behind as many in which it is compiled. */
const STEPS = { "1m": 600, "9m": 50, "134m": 10 };
/** Until the first step, which is short of a second away, and later, where looking would take time from the steps. */
const [POLL_FIRST_MS, POLL_MS] = [2, 200];

const options = readOptions("node bench/step/start.mjs", {
  model: {
    value: "NAME",
    among: Object.keys(MODELS),
    multiple: true,
    default: Object.keys(MODELS),
    help: "model and batch",
  },
  rounds: { value: "N", least: 1, default: 5, help: "starts of each model" },
  out: { value: "FILE", help: "results as JSON (default: none are written)" },
});
const folder = join(root, "runs/bench-start");
mkdirSync(folder, { recursive: true });
const machine = describeMachine();
const results = [];
for (const name of options.model) {
  const config = join(folder, `${name}.yaml`);
  writeFileSync(config, JSON.stringify(configOf(name, MODELS[name])));
  await start(config, 1); // makes the tokens
  const starts = [];
  for (let round = 0; round < options.rounds; round++) starts.push((await start(config, 1)).first);
  const { javascript_share, javascript_ms } = await start(config, STEPS[name]);
  starts.sort((a, b) => a.seconds - b.seconds);
  const median = starts[Math.floor(starts.length / 2)];
  const javascript = { steps: STEPS[name], javascript_share, javascript_ms };
  results.push({ model: name, first_step_seconds: median.seconds, starts, ...javascript });
  console.log(
    `${name.padEnd(5)} first step after ${median.seconds.toFixed(2)} s (best ${starts[0].seconds.toFixed(2)}), ` +
      `the system ${median.system_seconds.toFixed(2)} s (${starts[0].system_seconds.toFixed(2)})  ` +
      `JavaScript ${(100 * javascript_share).toFixed(2)} % of the time of ${STEPS[name]} steps, ` +
      `${javascript_ms.toFixed(3)} ms each`,
  );
}
const made = { date: new Date().toISOString(), commit: describeCommit() };
if (options.out)
  writeFileSync(options.out, `${JSON.stringify({ ...made, machine, results }, null, 1)}\n`);

function configOf(name, { family, batch_size, vocab_size, seq_length, ...shape }) {
  return {
    name,
    device: "cpu",
    precision: "bf16",
    model: { family, seq_length, tie_embeddings: false },
    tokenizer: { type: "bpe", vocab_size },
    data: {
      sources: [
        { path: ["md", "ts", "js"].map((ending) => join(root, `node_modules/**/*.${ending}`)) },
      ],
      cache_dir: join(folder, "cache"),
    },
    // Neither is a part of a step.
    eval: { interval_steps: 1e6 },
    checkpoint: { interval_steps: 1e6 },
    stages: [{ ...shape, tokens: 1e7, global_batch_size: batch_size }],
  };
}

/** Runs until `steps` steps have ended, and as many again, and then no further. */
async function start(config, steps) {
  const out = join(folder, "run");
  rmSync(out, { recursive: true, force: true });
  const begin = performance.now();
  const command = [join(root, "dist/cli/main.js"), config, "--out", out];
  const child = spawn(process.execPath, command, { stdio: "ignore" });
  let ended = false;
  child.once("exit", () => (ended = true));
  const rowsAre = async (least, poll) => {
    let count;
    while ((count = rows(join(out, "metrics.jsonl"))) < least) {
      if (ended) throw new Error(`the run of ${config} ended before step ${least}`);
      await delay(poll);
    }
    return { at: performance.now(), count, cpu: mainThreadSeconds(child.pid) };
  };
  const row = await rowsAre(1, POLL_FIRST_MS);
  const first = { seconds: (row.at - begin) / 1000, system_seconds: systemSeconds(child.pid) };
  const warm = await rowsAre(steps, POLL_MS);
  const last = await rowsAre(2 * steps - 1, POLL_MS);
  child.kill("SIGKILL");
  const javascript_ms = 1000 * (last.cpu - warm.cpu);
  return {
    first,
    javascript_share: javascript_ms / (last.at - warm.at),
    javascript_ms: javascript_ms / (last.count - warm.count),
  };
}

function rows(path) {
  try {
    return readFileSync(path, "utf8").split("\n").length - 1;
  } catch {
    return 0; // not there yet
  }
}

/** Of all threads. */
function systemSeconds(pid) {
  // Fields are counted behind the name, which may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  const TICKS_PER_SECOND = 100;
  return Number(fields[12]) / TICKS_PER_SECOND;
}

function mainThreadSeconds(pid) {
  const [nanoseconds] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ");
  return Number(nanoseconds) * 1e-9;
}
