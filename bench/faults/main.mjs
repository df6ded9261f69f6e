// How soon the ranks of a running job notice that one of them has been killed, or has stopped, and end: from the signal
// until the last of the others has named it, and until that one has ended. There is no launcher in between.
// --help lists the options.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { median } from "../step/measure.mjs";
import { readOptions } from "../support/options.mjs";
import { RANKS, startRanks, takeAway, untilTheyTrain } from "./job.mjs";

const options = readOptions("node bench/faults/main.mjs", {
  rounds: { value: "N", least: 1, default: 20, help: "of each signal and transport" },
  out: { value: "FILE", help: "results as JSON (default: none are written)" },
});
/** The signal comes at a random moment of some steps. */
const MOST_DELAY_MS = 200;

const machine = describeMachine();
const mayUnshare = spawnSync("unshare", ["--mount", "true"]).status === 0;
if (!mayUnshare) console.log("no TCP: unshare --mount is not allowed here");
const cases = ["shared memory", ...(mayUnshare ? ["TCP"] : [])].flatMap((transport) =>
  ["SIGKILL", "SIGSTOP"].map((signal) => ({ transport, signal, rounds: [] })),
);
for (let round = 0; round < options.rounds; ++round)
  for (const { transport, signal, rounds } of cases) rounds.push(await lose(transport, signal));

const results = cases.map(({ transport, signal, rounds }) => ({
  transport,
  signal,
  named_ms: spread(rounds.map(({ named_ms }) => named_ms)),
  ended_ms: spread(rounds.map(({ ended_ms }) => ended_ms)),
  rounds,
}));
for (const { transport, signal, named_ms, ended_ms } of results)
  console.log(
    `${transport.padEnd(14)} ${signal}  named after ${show(named_ms)}, ended after ${show(ended_ms)}`,
  );
if (!machine.quiet) console.log(`the machine was busy (${machine.busy_before})`);
if (options.out) {
  const protocol = { ranks: RANKS, rounds: options.rounds, order: "in turns", launcher: "excluded" }; // prettier-ignore
  const report = { date: new Date().toISOString(), commit: describeCommit(), machine, protocol, results }; // prettier-ignore
  writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`);
}

/** One job, and what became of it. */
async function lose(transport, signal) {
  const directory = mkdtempSync(join(tmpdir(), "flm-faults-"));
  const run = join(directory, "run");
  const ranks = await startRanks(transport, run);
  try {
    await untilTheyTrain(ranks, run);
    await setTimeout(Math.random() * MOST_DELAY_MS);
    return await takeAway(ranks, Math.floor(Math.random() * RANKS), signal);
  } finally {
    for (const rank of ranks) rank.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  }
}

function spread(times) {
  return { median: Math.round(median(times)), worst: Math.round(Math.max(...times)) };
}

function show(times) {
  return `${times.median} ms (at worst ${times.worst})`;
}
