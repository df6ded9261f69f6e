// A job of four ranks that are started one by one, as a launcher does it on several machines.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { root } from "../../scripts/support/files.mjs";

export const RANKS = 4;
const WARMUP_STEPS = 10;
const POLL_MS = 20;
/** What ranks end with that have lost another one. */
const TRY_AGAIN = 75;

/**
 * Each transport's ranks are started behind these words. Ranks that share neither their network nor their mounts are
 * on two hosts to each other: in mount namespaces of their own they talk over TCP, here through loopback.
 */
const TRANSPORTS = { "shared memory": [], TCP: ["unshare", "--mount"] };

/** The ranks as child processes. */
export async function startRanks(transport, directory) {
  const port = await freePort();
  return Array.from({ length: RANKS }, (_, rank) => startRank(transport, rank, port, directory));
}

export async function untilTheyTrain(ranks, directory) {
  const metrics = join(directory, "metrics.jsonl");
  while (!existsSync(metrics) || readFileSync(metrics, "utf8").split("\n").length <= WARMUP_STEPS) {
    const ended = ranks.find(({ exitCode }) => exitCode !== null);
    if (ended) throw new Error(`a rank ended before its time: ${ended.said}`);
    await setTimeout(POLL_MS);
  }
}

function startRank(transport, rank, port, directory) {
  const config = join(root, "bench/faults/4-ranks.yaml");
  const command = [process.execPath, join(root, "dist/cli/main.js"), config, "--out", directory];
  const [program, ...args] = [...TRANSPORTS[transport], ...command];
  const place = { RANK: rank, WORLD_SIZE: RANKS, LOCAL_RANK: rank, LOCAL_WORLD_SIZE: RANKS };
  const meeting = { MASTER_ADDR: "127.0.0.1", MASTER_PORT: port };
  const env = { ...process.env, FLM_THREADS: 1, ...place, ...meeting };
  const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "ignore", "pipe"] });
  child.said = "";
  child.stderr.on("data", (text) => (child.said += text));
  child.closed = once(child, "close");
  return child;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Sends `signal` to one of the ranks.
 *
 * @returns milliseconds from then until the last of the others had named it, and until the last of them had ended
 */
export async function takeAway(ranks, victim, signal) {
  const others = ranks.filter((_, rank) => rank !== victim);
  const lost = new RegExp(`lost rank ${victim}\\b`);
  const start = performance.now();
  const ends = others.map(async (child) => {
    let named_ms, ended_ms;
    child.stderr.on("data", () => {
      if (lost.test(child.said)) named_ms ??= performance.now() - start;
    });
    child.on("exit", () => (ended_ms = performance.now() - start));
    const [code] = await child.closed;
    if (code !== TRY_AGAIN || named_ms === undefined)
      throw new Error(`a rank ended with ${code} when rank ${victim} was lost: ${child.said}`);
    return { named_ms, ended_ms };
  });
  ranks[victim].kill(signal);
  const all = await Promise.all(ends);
  const last = (key) => Math.max(...all.map((times) => times[key]));
  return { victim, named_ms: last("named_ms"), ended_ms: last("ended_ms") };
}
