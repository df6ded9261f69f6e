// What growth does for the generated tasks: trains a small model on solved items of other seeds than the scored ones,
// grows it once, and scores it at the end of either stage. Needs the built addon and dist/. Stopped, the same command
// goes on from the last checkpoint. Documentation: docs/evaluation.md.
// --help lists the options.
import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CheckpointStore } from "../../dist/checkpoint/store.js";
import { resolveConfig } from "../../dist/config/resolve.js";
import { evaluate } from "../../dist/eval/evaluate.js";
import { IQ_TASKS, iqItems } from "../../dist/eval/iq/tasks.js";
import { solvedText, trainingItems } from "../../dist/eval/iq/training-text.js";
import { runTraining } from "../../dist/train/train.js";
import { root } from "../../scripts/support/files.mjs";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { readOptions } from "../support/options.mjs";
import { configFor, DOCUMENTS, TASKS } from "./config.mjs";

const options = readOptions("node bench/iq/main.mjs", {
  out: {
    value: "FILE",
    default: join(root, "bench/results/iq-growth.json"),
    help: "results as JSON",
  },
  limit: { value: "N", least: 1, help: "items of each task (default: all)" },
  scale: { value: "S", above: 0, default: 1, help: "of the tokens that are trained on" },
});
const runs = join(root, "runs", "bench-iq");
const text = join(runs, "solved.jsonl");
const run = join(runs, `scale-${options.scale}`);
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop.abort());

mkdirSync(runs, { recursive: true });
const overlap = writeText();
const machine = describeMachine();
const config = configFor(text, options.scale);
let shown = 0;
const onStep = ({ step, loss, tokens_per_second }) => {
  if (Date.now() - shown < 30_000) return;
  shown = Date.now();
  console.log(`step ${step}  loss ${loss.toFixed(4)}  ${tokens_per_second.toFixed(0)} tokens/s`);
};
const result = await runTraining(resolveConfig(config), {
  out: run,
  signal: stop.signal,
  observer: { onStep },
});
if (result.status !== "done") {
  console.log("stopped; the same command goes on from the last checkpoint");
  process.exit(130);
}
const scored = [];
for (const checkpoint of lastOfEachStage()) scored.push(await score(checkpoint));
const made = { date: new Date().toISOString(), commit: describeCommit() };
mkdirSync(dirname(resolve(options.out)), { recursive: true });
const all = { ...made, machine, trained_on: TASKS, overlap, config, result, stages: scored };
writeFileSync(options.out, `${JSON.stringify(all, null, 1).replaceAll(`${root}/`, "")}\n`);
printTable();

/** Solved items as JSONL, unless they are there. Every prompt is looked up, by its hash, among those that are scored. */
function writeText() {
  const hash = (prompt) => createHash("sha256").update(prompt).digest("hex");
  const scoredPrompts = new Set(
    IQ_TASKS.flatMap((task) => iqItems(task).map(({ prompt }) => hash(prompt))),
  );
  const file = existsSync(text) ? null : openSync(`${text}`, "w");
  let documents = 0;
  let shared = 0;
  for (const item of trainingItems(IQ_TASKS.filter(({ name }) => TASKS.includes(name)))) {
    if (documents++ === DOCUMENTS) break;
    if (scoredPrompts.has(hash(item.prompt))) shared++;
    if (file !== null) writeSync(file, `${JSON.stringify({ text: solvedText(item) })}\n`);
  }
  if (file !== null) closeSync(file);
  if (shared > 0)
    throw new Error(`${shared} prompts of the training text are scored: nothing is shown by that`);
  return { documents: DOCUMENTS, scored_prompts: scoredPrompts.size, shared };
}

function lastOfEachStage() {
  const checkpoints = new CheckpointStore(join(run, "checkpoints")).checkpoints();
  return config.stages.map((_, stage) => {
    const own = checkpoints.filter(({ manifest }) => manifest.stage === stage);
    own.sort((a, b) => b.manifest.step - a.manifest.step);
    return own[0];
  });
}

async function score({ directory, manifest }) {
  const { limit } = options;
  console.log(`scoring ${directory}`);
  const { tasks, groups } = await evaluate(directory, { suite: "iq", limit });
  return { stage: config.stages[manifest.stage].name, step: manifest.step, tasks, groups };
}

/** As docs/evaluation.md has it. */
function printTable() {
  const cell = ({ score, ci95: [low, high] }) =>
    `${score.toFixed(1)} [${low.toFixed(0)}, ${high.toFixed(0)}]`;
  console.log(`| task | trained on | floor | ${scored.map(({ stage }) => stage).join(" | ")} |`);
  console.log(`| --- | --- | --- | ${scored.map(() => "---").join(" | ")} |`);
  for (const [i, { name, floor }] of scored[0].tasks.entries()) {
    const cells = scored.map(({ tasks }) => cell(tasks[i])).join(" | ");
    const trained = TASKS.includes(name) ? "yes" : "";
    console.log(`| \`${name}\` | ${trained} | ${floor.toFixed(1)} | ${cells} |`);
  }
}
