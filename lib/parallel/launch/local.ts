import { randomUUID } from "node:crypto";
import { closeSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Writable } from "node:stream";
import { ExitCode, FlmError } from "../../errors.ts";
import type { Launch } from "./detect.ts";
import { ONE_OUTPUT } from "./environment.ts";
import { openJobSecret } from "./job-secret.ts";
import { RankProcess } from "./rank-process.ts";
import { openStoreSocket } from "./store-socket.ts";
import { type LocalOutcome, judge } from "./verdict.ts";

const LOOPBACK = "127.0.0.1";
const FORWARDED = ["SIGINT", "SIGTERM"] as const;
const DEFAULT_STOP_SECONDS = 30;
/** So many are allowed on any machine, for trying meshes out. */
const MANY_RANKS = 64;
const RANKS_A_CORE = 4;
/** For a rank that is left alone after a failure: it has nobody to save with, and may be the one that hangs. */
const LAST_RANK_SECONDS = 5;

export interface LocalRanksOptions {
  /** Ranks to start on this machine. */
  count: number;
  /** Where this process stands; its `rank` is the first that it starts. */
  launch: Launch;
  /** What a rank runs; by default this process's own command line. */
  command?: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Where the lines of other ranks than 0 go, behind their rank. Rank 0 inherits stdout and stderr. */
  stderr: Writable;
  /** How long the other ranks may live after one has failed. */
  stop_seconds?: number;
}

/**
 * Starts `count` ranks as child processes and supervises them, nothing else. SIGINT and SIGTERM are passed on, each as
 * often as it comes. When a rank fails, all others are ended: SIGTERM, and SIGKILL after `stop_seconds`, or some seconds
 * after all others have ended. The ranks end with this process too (`followLifeline`).
 *
 * @throws FlmError ENVIRONMENT where a rank cannot be started, or so many that the machine would be lost in them
 */
export async function runLocalRanks(options: LocalRanksOptions): Promise<LocalOutcome> {
  refuseTooMany(options.count, availableParallelism());
  const store =
    isWholeJob(options) && options.launch.master_port === null
      ? await openStoreSocket(LOOPBACK)
      : null;
  let secret: number | null = null;
  try {
    const env = rankEnvironment(options, store?.port ?? options.launch.master_port);
    if (isWholeJob(options) && !env.FLM_SECRET_FILE) secret = openJobSecret();
    const ranks = startRanks(options, env, { secret, store: store?.fd ?? null });
    // Rank 0 has it now: where that ends, nobody may be kept waiting for an answer.
    store?.close();
    return await supervise(ranks, (options.stop_seconds ?? DEFAULT_STOP_SECONDS) * 1000);
  } finally {
    store?.close();
    if (secret !== null) closeSync(secret);
  }
}

function startRanks(
  { count, launch, command = ownCommand(), stderr }: LocalRanksOptions,
  env: NodeJS.ProcessEnv,
  { secret, store }: { secret: number | null; store: number | null },
): RankProcess[] {
  const ranks: RankProcess[] = [];
  try {
    for (let local_rank = 0; local_rank < count; ++local_rank) {
      const rank = launch.rank + local_rank;
      const place = { RANK: String(rank), LOCAL_RANK: String(local_rank) };
      ranks.push(
        new RankProcess({
          rank,
          command,
          env: { ...env, ...place },
          secret,
          store: rank === 0 ? store : null,
          stderr,
        }),
      );
    }
  } catch (error) {
    for (const rank of ranks) rank.stop("SIGKILL");
    throw error;
  }
  return ranks;
}

async function supervise(ranks: readonly RankProcess[], stop_ms: number): Promise<LocalOutcome> {
  let wasSignalled = false;
  let deadline: NodeJS.Timeout | undefined;
  let lastDeadline: NodeJS.Timeout | undefined;
  const forward = (signal: (typeof FORWARDED)[number]) => {
    wasSignalled = true;
    for (const rank of ranks) rank.forward(signal);
  };
  const killAll = () => ranks.forEach((rank) => rank.stop("SIGKILL"));
  const stopAll = (code: number | null = null) => {
    // After a signal the ranks save and end together; another one would tell them to drop that.
    const endsTogether =
      wasSignalled || code === ExitCode.try_again || code === ExitCode.interrupted;
    if (!endsTogether) for (const rank of ranks) rank.stop("SIGTERM");
    deadline ??= setTimeout(killAll, stop_ms);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    const exits: Awaited<RankProcess["exit"]>[] = [];
    const ended = ranks.map(async ({ exit }) => {
      const how = await exit.catch((error: unknown) => {
        stopAll();
        throw error;
      });
      exits.push(how);
      if (how.code !== 0) stopAll(how.code);
      const hasFailed = deadline !== undefined && !wasSignalled;
      if (hasFailed && exits.length === ranks.length - 1)
        lastDeadline = setTimeout(killAll, Math.min(stop_ms, LAST_RANK_SECONDS * 1000));
    });
    const failed = (await Promise.allSettled(ended)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
    return judge(exits, wasSignalled);
  } finally {
    clearTimeout(deadline);
    clearTimeout(lastDeadline);
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}

/** A config for a cluster, started on somebody's laptop, would fill its memory with processes. */
function refuseTooMany(count: number, cores: number): void {
  const most = Math.max(MANY_RANKS, RANKS_A_CORE * cores);
  if (count <= most) return;
  throw new FlmError(
    "ENVIRONMENT",
    `${count} ranks would be started on this machine of ${cores} cores, which is more than ${most}`,
    { hint: "start them on several machines by a launcher (docs/parallel.md), or ask for fewer" },
  );
}

/** False where other nodes start further ranks of the same job. */
function isWholeJob({ count, launch }: LocalRanksOptions): boolean {
  return launch.launcher === "none" || launch.world_size === count;
}

/** The variables of torchrun, which `detectLaunch` reads in the rank. */
function rankEnvironment(options: LocalRanksOptions, port: number | null): NodeJS.ProcessEnv {
  const { count, launch, env = process.env } = options;
  const own = isWholeJob(options);
  const world_size = own ? count : launch.world_size;
  const address = own ? LOOPBACK : launch.master_address;
  return {
    // Ranks share the cores; results do not depend on the number of threads.
    FLM_THREADS: String(Math.max(1, Math.floor(availableParallelism() / count))),
    ...(own && { FLM_JOB_ID: `local-${randomUUID()}`, [ONE_OUTPUT]: "1" }),
    ...env,
    WORLD_SIZE: String(world_size),
    LOCAL_WORLD_SIZE: String(count),
    GROUP_RANK: String(launch.node_rank ?? 0),
    GROUP_WORLD_SIZE: String(world_size / count),
    ...(address !== null && { MASTER_ADDR: address }),
    ...(port !== null && { MASTER_PORT: String(port) }),
  };
}

/** With --import and the like, which Node took from the command line. */
function ownCommand(): string[] {
  return [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
}
