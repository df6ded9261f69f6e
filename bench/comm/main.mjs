// All-reduce between processes of this machine: ours in shared memory and over TCP, and PyTorch's Gloo where Python has
// it, in turns within one run.
// --help lists the options.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/support/files.mjs";
import { describeCommit, describeMachine, torchVersion } from "../step/machine.mjs";
import { readOptions } from "../support/options.mjs";

const options = readOptions("node bench/comm/main.mjs", {
  ranks: { value: "N", least: 2, default: 4, help: "processes" },
  rounds: { value: "N", least: 1, default: 5, help: "of each contender" },
  program: {
    value: "FILE",
    default: join(root, "build-native/flm_comm_bench"),
    help: "ours, a CMake target",
  },
  python: { value: "PROGRAM", default: "python3", help: "the interpreter that has torch" },
  out: { value: "FILE", help: "results as JSON (default: none are written)" },
});
/** Bytes, and Gloo's iterations: as comm_bench.cpp has them. */
const SIZES = { 4096: 301, 1048576: 101, 67108864: 9 };
const { ranks } = options;
const machine = describeMachine();
const torch = torchVersion(options.python);
if (torch === null) console.log(`no Gloo: ${options.python} cannot import torch`);

/** Milliseconds of each round, by contender and size. */
const times = {};
for (let round = 0; round < options.rounds; ++round) {
  for (const row of lines(options.program, ["--json", "--ranks", String(ranks)]))
    add(row.transport, row);
  if (torch !== null) for (const row of lines(options.python, glooArguments())) add("Gloo", row);
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
if (options.out) {
  const protocol = { verb: "all_reduce of f32", ranks, order: "in turns" };
  const report = { date: new Date().toISOString(), commit: describeCommit(), torch, machine, protocol, results }; // prettier-ignore
  writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`);
}

function glooArguments() {
  const sizes = Object.entries(SIZES).map(([bytes, iterations]) => `${bytes}:${iterations}`);
  return [join(root, "bench/comm/gloo.py"), options.ranks, ...sizes];
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
