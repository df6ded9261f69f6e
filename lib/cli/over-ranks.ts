import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { ExitCode, FlmError } from "../errors.ts";
import { checkSplit, type ModelPlace, type ModelSplit, ONE_PROCESS } from "../eval/model-place.ts";
import { findModel, placementOf, type TrainedModel, type Weights } from "../eval/open-model.ts";
import { detectLaunch, type Launch } from "../parallel/launch/detect.ts";
import { followLifeline } from "../parallel/launch/lifeline.ts";
import { runLocalRanks } from "../parallel/launch/local.ts";
import { meetRanks } from "../train/ranks.ts";
import { gpusFor } from "./gpus.ts";

/** Ranks that a command is to run on. */
export interface AskedRanks {
  launch: Launch;
  world_size: number;
  split: ModelSplit;
}

/** Sizes that the user has named. */
export interface AskedSizes {
  tensor?: number | undefined;
  pipeline?: number | undefined;
  data?: number | undefined;
}

/**
 * @param sizes what the user has asked for; of the sizes but that of the pipeline, what is left out takes all ranks that
 *   a launcher has started, or one
 * @throws FlmError USAGE where a launcher has started another number; the message has both
 */
export function askedRanks(
  { tensor, pipeline = 1, data }: AskedSizes,
  env: NodeJS.ProcessEnv = process.env,
): AskedRanks {
  // In a batch script of several tasks one process may well use a model: that is no srun forgotten.
  const claimed = env.SLURM_STEP_ID ? env : { ...env, SLURM_NTASKS: undefined };
  const launch = detectLaunch(claimed, { gpus: () => gpusFor("auto") });
  const started = launch.world_size;
  const startedForEach = (ranks: number) => Math.max(1, Math.floor(started / ranks));
  const tensor_parallel_size = tensor ?? startedForEach(pipeline * (data ?? 1));
  const replicas = data ?? startedForEach(pipeline * tensor_parallel_size);
  const world_size = tensor_parallel_size * pipeline * replicas;
  if (launch.launcher !== "none" && world_size !== started)
    throw new FlmError(
      "USAGE",
      `tensor-parallel ${tensor_parallel_size} x pipeline-parallel ${pipeline} x data-parallel ${replicas} takes ${world_size} ranks, ${launch.launcher} has started ${started}`,
      { hint: `start ${world_size} ranks, or ask for as many as there are` },
    );
  return { launch, world_size, split: { tensor_parallel_size, pipeline_parallel_size: pipeline } };
}

/**
 * Uses a model on the ranks that were asked for. Without a launcher they are started here, as processes of this same
 * command; in each of them `work` is called, and in this one it is not.
 *
 * @param path of the model
 * @param asked what has to be equal on all ranks
 * @param check refuses, before ranks are started, what each of them would refuse: they would end each other in the middle
 *   of saying so
 */
export async function overRanks(
  { launch, world_size, split }: AskedRanks,
  path: string,
  asked: { weights?: Weights },
  work: (place: ModelPlace) => Promise<void>,
  check: (model: TrainedModel) => Promise<void> = async () => {},
): Promise<void> {
  if (world_size === 1) return work(ONE_PROCESS);
  followLifeline(process.env);
  const model = await findModel(path, { hashFiles: null });
  const { config, plan } = model;
  checkSplit(plan, split);
  const count = launch.launcher === "none" ? world_size : launch.ranks_to_start;
  if (count > 1) {
    await check(model);
    const { exit_code, message } = await runLocalRanks({ count, launch, stderr: process.stderr });
    if (message !== null) process.stderr.write(`${message}\n`);
    process.exitCode = exit_code;
    return;
  }
  process.once("SIGINT", () => process.exit(ExitCode.interrupted));
  process.once("SIGTERM", () => process.exit(ExitCode.try_again));
  const ranks = await meetRanks({
    launch,
    placement: placementOf(config, asked.weights, launch),
    config_hash: hashOf([resolve(path), split, asked]),
    epoch: 1,
    ...config.distributed,
    onWarning: (message) => process.stderr.write(`warning: ${message}\n`),
  });
  try {
    await Promise.race([work({ ranks, local: launch, split }), ranks.hung]);
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
