// Times our training step on the CPU and PyTorch's, in turns within one run. What is measured, and how to read it:
// bench/README.md. Needs the built addon and dist/; without PyTorch only our side runs.
//   node bench/step/main.mjs [--shape 9m]... [--precision f32]... [--rounds 10] [--out FILE]
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Contender } from "./contender.mjs";
import { describeCommit, describeMachine, torchVersion } from "./machine.mjs";
import { median, takeTurns } from "./measure.mjs";
import { stepOptions } from "./options.mjs";
import { stepTable, traceTable } from "./report.mjs";
import { INIT_STD, NORM_EPS, OPTIMIZER, SHAPES } from "./shapes.mjs";

const options = stepOptions();
const { shape, precision, recompute, against, rounds, warmup, threads, python, out } = options;
const state_precision = options["state-precision"];
const torch = against.length > 0 ? torchVersion(python) : null;
if (against.length > 0 && torch === null)
  console.error(`${python} cannot import torch: only our side is timed`);
const machine = describeMachine();
const results = [];
for (const name of shape)
  for (const each of precision) {
    const result = await measure(name, each);
    results.push(result);
    console.log(`${stepTable(result)}\n${traceTable(result.trace)}\n`);
  }
if (!machine.quiet)
  console.log(
    `The machine was busy before this began (${(100 * machine.busy_before).toFixed(0)} % of the processors): do not quote these numbers.`,
  );
if (out !== undefined) {
  mkdirSync(dirname(resolve(out)), { recursive: true });
  const ours = { state_precision, recompute };
  const order = "in turns, rotated";
  const protocol = { rounds, warmup, threads, optimizer: OPTIMIZER, ours, order };
  const made = { date: new Date().toISOString(), commit: describeCommit(), torch };
  writeFileSync(out, `${JSON.stringify({ ...made, machine, protocol, results }, null, 2)}\n`);
}

async function measure(name, precision) {
  const shape = SHAPES[name];
  const settings = { optimizer: OPTIMIZER, norm_eps: NORM_EPS, init_std: INIT_STD };
  const job = { shape, precision, threads, ...settings };
  const script = (file) => join(import.meta.dirname, file);
  const ours = new Contender("flm-train", process.execPath, [script("ours.mjs")], {
    ...job,
    optimizer: { ...OPTIMIZER, state_precision },
    recompute,
  });
  const theirs = (torch === null ? [] : against).map((form) => {
    const compile = form === "compile";
    return new Contender(`PyTorch ${form}`, python, ["-B", script("torch_step.py")], {
      ...job,
      compile,
    });
  });
  const all = [ours, ...theirs];
  try {
    const { flops_per_token, parameters, device } = await checkedHello(ours, theirs);
    const failures = [];
    const steps = await takeTurns(all, {
      rounds,
      warmup,
      onFailure(contender, error) {
        if (contender === ours) throw error;
        failures.push(error.message);
      },
      onRound: (round) => console.error(`${name} ${precision}: round ${round} of ${rounds}`),
    });
    const tokens = shape.batch_size * shape.seq_length;
    const contenders = [];
    for (const [contender, taken] of steps)
      contenders.push({
        name: contender.name,
        ...summarise(taken, tokens, flops_per_token),
        ...(await contender.ask("memory")),
      });
    const { rows: trace } = await ours.ask("trace");
    const ratio = ratioToBest(contenders);
    const what = { shape: name, precision, device, parameters, tokens_per_step: tokens };
    return { ...what, contenders, ratio, failures, trace };
  } finally {
    await Promise.all(all.map((contender) => contender.close()));
  }
}

/** @throws Error where the sides do not train models of equal size */
async function checkedHello(ours, theirs) {
  const hello = await ours.hello();
  for (const contender of theirs) {
    const { parameters } = await contender.hello();
    if (parameters !== hello.parameters)
      throw new Error(
        `${contender.name} has ${parameters} parameters, flm-train ${hello.parameters}: not the same model`,
      );
  }
  return hello;
}

function summarise(steps, tokens, flops_per_token) {
  const times = steps.map(({ ms }) => ms);
  const median_ms = median(times);
  const tokens_per_second = (1000 * tokens) / median_ms;
  return {
    median_ms,
    min_ms: Math.min(...times),
    median_cpu_ms: median(steps.map(({ cpu_ms }) => cpu_ms)),
    tokens_per_second,
    gflops: (tokens_per_second * flops_per_token) / 1e9,
    loss: steps.at(-1).loss,
    times_ms: times,
  };
}

/** Against the quicker form of PyTorch; null when there is none. */
function ratioToBest([ours, ...theirs]) {
  if (theirs.length === 0) return null;
  const best = theirs.reduce((a, b) => (b.median_ms < a.median_ms ? b : a));
  return {
    against: best.name,
    tokens_per_second: best.median_ms / ours.median_ms,
    cpu_time: ours.median_cpu_ms / best.median_cpu_ms,
  };
}
