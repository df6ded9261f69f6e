// All-reduce between processes of this machine: ours in shared memory and over TCP, and PyTorch's Gloo where Python has
// it, in turns within one run.
//   node bench/comm/main.mjs [--ranks N] [--rounds N] [--program FILE] [--python PROGRAM] [--out FILE]
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../../scripts/support/files.mjs";
import { describeCommit, describeMachine, torchVersion } from "../step/machine.mjs";

const { values } = parseArgs({
  options: {
    ranks: { type: "string", default: "4" },
    rounds: { type: "string", default: "5" },
    program: { type: "string", default: join(root, "build-native", "flm_comm_bench") },
    python: { type: "string", default: "python3" },
    out: { type: "string" },
  },
});
/** Bytes, and Gloo's iterations: as comm_bench.cpp has them. */
const SIZES = { 4096: 301, 1048576: 101, 67108864: 9 };
const ranks = Number(values.ranks);
const machine = describeMachine();
const torch = torchVersion(values.python);
if (torch === null) console.log(`no Gloo: ${values.python} cannot import torch`);

/** Milliseconds of each round, by contender and size. */
const times = {};
for (let round = 0; round < Number(values.rounds); ++round) {
  for (const row of lines(values.program, ["--json", "--ranks", values.ranks]))
    add(row.transport, row);
  if (torch !== null) for (const row of lines(values.python, glooArguments())) add("Gloo", row);
}

const results = Object.entries(times).flatMap(([name, sizes]) =>
  Object.entries(sizes).map(([bytes, rounds]) => {
    const ms = rounds.toSorted((a, b) => a - b)[rounds.length >> 1];
    // What each rank sends and receives by the best algorithm, so that numbers of ranks can be compared.
    const bus_gb_per_s = (Number(bytes) * 2 * (ranks - 1)) / ranks / ms / 1e6;
    return { name, bytes: Number(bytes), median_ms: ms, bus_gb_per_s, rounds };
  }),
);
for (const { name, bytes, median_ms, bus_gb_per_s } of results)
  console.log(
    `${name.padEnd(14)} ${String(bytes).padStart(9)} bytes  ${median_ms.toFixed(3).padStart(9)} ms  ` +
      `${bus_gb_per_s.toFixed(2).padStart(6)} GB/s`,
  );
if (!machine.quiet) console.log(`the machine was busy (${machine.busy_before}): do not quote`);
if (values.out) {
  const protocol = { verb: "all_reduce of f32", ranks, order: "in turns" };
  const report = { date: new Date().toISOString(), commit: describeCommit(), torch, machine, protocol, results }; // prettier-ignore
  writeFileSync(values.out, `${JSON.stringify(report, null, 2)}\n`);
}

function glooArguments() {
  const sizes = Object.entries(SIZES).map(([bytes, iterations]) => `${bytes}:${iterations}`);
  return [join(root, "bench/comm/gloo.py"), values.ranks, ...sizes];
}

function lines(program, args) {
  const text = execFileSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function add(name, { bytes, median_ms }) {
  ((times[name] ??= {})[bytes] ??= []).push(median_ms);
}
