// What a large job costs its rank 0: the time in which all ranks join and gather, the bytes that it sends, its memory,
// and how long its event loop stands still. The other ranks are connections of a few processes on this machine, which
// count what they are sent and do not read it. --help lists the options.
import { fork } from "node:child_process";
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { joinHere } from "../../dist/parallel/rendezvous/join-here.js";
import { describeCommit, describeMachine } from "../step/machine.mjs";
import { readOptions } from "../support/options.mjs";

const options = readOptions("node bench/rendezvous/main.mjs", {
  ranks: { value: "N", least: 2, default: 1024, help: "ranks of the job, at most 8000" },
  out: { value: "FILE", help: "results as JSON (default: none are written)" },
});
const CROWDS = 2;
const PORT = 29_471;
const RANKS_PER_NODE = 8;
/** As long as anybody needs here: what stands still is measured, and ends nothing. */
const PATIENCE = { silence_ms: 600_000, handshake_ms: 60_000 };

const machine = describeMachine();
const crowds = Array.from({ length: CROWDS }, (_, i) => startCrowd(i));
const stalls = monitorEventLoopDelay({ resolution: 1 });
const before = process.memoryUsage().rss;
const peak = watchMemory();

const joining = joinHere({
  launch: {
    ...{ launcher: "torchrun", rank: 0, world_size: options.ranks, local_rank: 0 },
    ...{ local_world_size: options.ranks, node_rank: 0, ranks_to_start: 1, attempt: 0, reason: "" },
    ...{ master_address: "127.0.0.1", master_port: PORT, job_id: "bench" },
  },
  config_hash: "bench",
  seen_epoch: 0,
  endpoint: endpointOf(0),
  secret_file: null,
  timeout_seconds: 600,
  timing: PATIENCE,
});
const phases = { connect: await everyCrowd(), join: await everyCrowd() };
const world = await joining;
const gathering = world.gather("bench", valueOf(0));
phases.gather = await everyCrowd();
await gathering;
for (const crowd of crowds) crowd.kill();
clearInterval(peak.timer);

const result = {
  ranks: options.ranks,
  ...phases,
  rank0_memory_mb: (peak.bytes - before) / 1e6,
};
for (const [name, { seconds, megabytes, stall_ms }] of Object.entries(phases))
  console.log(
    `${name.padEnd(8)} ${seconds.toFixed(2).padStart(7)} s  ${megabytes.toFixed(1).padStart(8)} MB sent  ` +
      `rank 0 stands still for ${stall_ms.toFixed(0)} ms at most`,
  );
console.log(`rank 0 takes ${result.rank0_memory_mb.toFixed(0)} MB more memory`);
if (!machine.quiet) console.log(`the machine was busy (${machine.busy_before})`);
if (options.out)
  writeFileSync(
    options.out,
    `${JSON.stringify({ date: new Date().toISOString(), commit: describeCommit(), machine, result }, null, 2)}\n`,
  );
process.exit(0);

function startCrowd(i) {
  const ranks = [];
  for (let rank = 1 + i; rank < options.ranks; rank += CROWDS)
    ranks.push({ rank, host: hostOf(rank), endpoint: endpointOf(rank), value: valueOf(rank) });
  const crowd = fork(fileURLToPath(new URL("crowd.mjs", import.meta.url)));
  crowd.send({ port: PORT, world_size: options.ranks, ranks });
  return crowd;
}

/** Until all crowds have come to the end of a phase, which they begin together. */
async function everyCrowd() {
  stalls.reset();
  stalls.enable();
  const begin = performance.now();
  for (const crowd of crowds) crowd.send("go on");
  const bytes = await Promise.all(
    crowds.map((crowd) => new Promise((resolve) => crowd.once("message", resolve))),
  );
  stalls.disable();
  return {
    seconds: (performance.now() - begin) / 1000,
    megabytes: bytes.reduce((sum, some) => sum + some, 0) / 1e6,
    stall_ms: stalls.max / 1e6,
  };
}

function watchMemory() {
  const seen = { bytes: before, timer: null };
  seen.timer = setInterval(() => {
    seen.bytes = Math.max(seen.bytes, process.memoryUsage().rss);
  }, 50);
  return seen;
}

function hostOf(rank) {
  return `gpu-node-${String(Math.floor(rank / RANKS_PER_NODE)).padStart(4, "0")}.cluster.example`;
}

/** As a rank on a GPU has it. */
function endpointOf(rank) {
  const uuid = Array.from({ length: 5 }, (_, i) => ((rank + 1) * 0x9e3779b1 * (i + 1)) >>> 0);
  return {
    host: `${hostOf(rank)} ${uuid[0].toString(16)}`,
    unix_name: `flm-${rank}-${uuid[1].toString(16)}`,
    address: `10.0.${Math.floor(rank / RANKS_PER_NODE) % 256}.1`,
    port: 40_000 + (rank % RANKS_PER_NODE),
    nccl: {
      gpu: `GPU-${uuid.map((part) => part.toString(16)).join("-")}`,
      version: "2.27.3",
      reason: null,
    },
  };
}

/** Of the length of what a writer says of a shard. */
function valueOf(rank) {
  const path = `/scratch/runs/flm-101b/checkpoints/tmp-step-00001000.e0001/shard-${rank}.safetensors`;
  return { files: [{ path, size: 2 ** 31 - rank, xxh64: "0123456789abcdef" }] };
}
