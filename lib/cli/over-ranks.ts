import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { ExitCode, FlmError } from "../errors.ts";
import { checkSplit, type ModelPlace, ONE_PROCESS } from "../eval/model-place.ts";
import { findModel, placementOf, type Weights } from "../eval/open-model.ts";
import { detectLaunch, type Launch } from "../parallel/launch/detect.ts";
import { followLifeline } from "../parallel/launch/lifeline.ts";
import { runLocalRanks } from "../parallel/launch/local.ts";
import { meetRanks } from "../train/ranks.ts";
import { gpusFor } from "./gpus.ts";

/** Ranks that a command is to run on. */
export interface AskedRanks {
  launch: Launch;
  world_size: number;
  tensor_parallel_size: number;
}

/**
 * @param options what the user has asked for; what is left out takes all ranks that a launcher has started, or one
 * @throws FlmError USAGE where a launcher has started another number; the message has both
 */
export function askedRanks(
  options: { tensor?: number | undefined; data?: number | undefined },
  env: NodeJS.ProcessEnv = process.env,
): AskedRanks {
  // In a batch script of several tasks one process may well use a model: that is no srun forgotten.
  const claimed = env.SLURM_STEP_ID ? env : { ...env, SLURM_NTASKS: undefined };
  const launch = detectLaunch(claimed, { gpus: () => gpusFor("auto") });
  const started = launch.world_size;
  const tensor = options.tensor ?? Math.max(1, Math.floor(started / (options.data ?? 1)));
  const data = options.data ?? Math.max(1, Math.floor(started / tensor));
  const world_size = tensor * data;
  if (launch.launcher !== "none" && world_size !== started)
    throw new FlmError(
      "USAGE",
      `tensor-parallel ${tensor} x data-parallel ${data} takes ${world_size} ranks, ${launch.launcher} has started ${started}`,
      { hint: `start ${world_size} ranks, or ask for as many as there are` },
    );
  return { launch, world_size, tensor_parallel_size: tensor };
}

/**
 * Uses a model on the ranks that were asked for. Without a launcher they are started here, as processes of this same
 * command; in each of them `work` is called, and in this one it is not.
 *
 * @param path of the model
 * @param asked what has to be equal on all ranks
 */
export async function overRanks(
  { launch, world_size, tensor_parallel_size }: AskedRanks,
  path: string,
  asked: { weights?: Weights },
  work: (place: ModelPlace) => Promise<void>,
): Promise<void> {
  if (world_size === 1) return work(ONE_PROCESS);
  followLifeline(process.env);
  const { config, plan } = await findModel(path, { verify: false });
  checkSplit(plan, tensor_parallel_size);
  const count = launch.launcher === "none" ? world_size : launch.ranks_to_start;
  if (count > 1) {
    const { exit_code, message } = await runLocalRanks({ count, launch, stderr: process.stderr });
    if (message !== null) process.stderr.write(`${message}\n`);
    process.exitCode = exit_code;
    return;
  }
  process.once("SIGINT", () => process.exit(ExitCode.interrupted));
  process.once("SIGTERM", () => process.exit(ExitCode.try_again));
  const { local_rank, local_world_size } = launch;
  const local = { local_rank, local_world_size };
  const ranks = await meetRanks({
    launch,
    placement: placementOf(config, asked.weights, local),
    config_hash: hashOf([resolve(path), tensor_parallel_size, asked]),
    epoch: 1,
    ...config.distributed,
    onWarning: (message) => process.stderr.write(`warning: ${message}\n`),
  });
  try {
    await Promise.race([work({ ranks, local, tensor_parallel_size }), ranks.hung]);
    // Who leaves ends the work of those that still talk with it.
    await ranks.gather("end", null);
  } catch (error) {
    ranks.abort(error);
    throw error;
  } finally {
    await ranks.close();
  }
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
