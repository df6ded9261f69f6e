import type { Config } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import type { EnginePlacement, StagePlan } from "../growth/stage-plan.ts";
import type { DeviceInfo } from "../native/types.ts";
import { meshOf, ranksOf } from "../parallel/mesh.ts";
import { bestRemedyKeys, gigabytes, memoryAdvice } from "../plan/memory-advice.ts";
import { type MemorySite, stageMemory } from "../plan/stage-memory.ts";
import { totalBytes } from "../scaling/memory.ts";

/** Where a stage is to be trained. */
export interface StageSite {
  config: Pick<Config, "optimizer">;
  placement: Pick<EnginePlacement, "precision">;
  device: DeviceInfo;
  /** Ranks of the run. */
  world_size: number;
}

/**
 * Stages that the devices have no room for, by estimate. The first on a GPU is left to `refuseOversized`, later ones may
 * run elsewhere.
 *
 * @param stages that the run has before it
 * @param localRanks of this machine; on a CPU they share its memory
 */
export function memoryWarnings(
  stages: readonly StagePlan[],
  site: StageSite,
  localRanks: number,
): string[] {
  const { device, world_size } = site;
  const isCpu = device.kind === "cpu";
  return stages.slice(isCpu ? 0 : 1).flatMap((stage) => {
    const ranks = ranksOf(meshOf(stage.config.parallel, stage.shape, world_size));
    const there = device.total_bytes / (isCpu ? Math.min(ranks, localRanks) : 1);
    return bytesOf(stage, site) > there ? [shortage(stage, site, there)] : [];
  });
}

/**
 * Refuses a stage that is larger than the memory of its GPU, before anything of it is allocated. An estimate is no reason
 * to refuse a CPU's, whose system may swap.
 *
 * @throws FlmError OUT_OF_MEMORY with what is needed, what is there, and the cheapest changes that would fit
 */
export function refuseOversized(stage: StagePlan, site: StageSite): void {
  const { kind, total_bytes } = site.device;
  if (kind === "cpu" || bytesOf(stage, site) <= total_bytes) return;
  throw new FlmError("OUT_OF_MEMORY", shortage(stage, site, total_bytes), {
    hint: hint(stage, site, total_bytes),
  });
}

/**
 * What the engine says when an allocation fails, with the changes that would fit into what is free.
 *
 * @param error as thrown; any other than OUT_OF_MEMORY is given back as it is
 * @param freeBytes of the device, without the engine that has failed; may throw where the device is full of others' data
 */
export function withMemoryAdvice(
  error: unknown,
  stage: StagePlan,
  site: StageSite,
  freeBytes: () => number,
): unknown {
  if (!(error instanceof FlmError) || error.code !== "OUT_OF_MEMORY") return error;
  let free: number;
  try {
    free = freeBytes();
  } catch {
    return error;
  }
  const message = shortage(stage, site, free, ` free (${error.message})`);
  return new FlmError(error.code, message, { hint: hint(stage, site, free), cause: error });
}

function hint(stage: StagePlan, site: StageSite, there: number): string {
  const keys = bestRemedyKeys(stage, memorySite(site), there);
  const sets = keys.map((key) => ` --set stages.${stage.index}.${key}`).join("");
  return `plan says what a change needs: flm-train plan CONFIG${sets}`;
}

/** "stage large needs 91.2 GB of 85.0 GB on each device; micro_batch_size: 2 needs 61.0 GB (or …)". */
function shortage(stage: StagePlan, site: StageSite, there: number, remark = ""): string {
  const needed = gigabytes(bytesOf(stage, site));
  const advice = memoryAdvice(stage, memorySite(site), there);
  return `stage ${stage.config.name} needs ${needed} of ${gigabytes(there)}${remark} on each device; ${advice}`;
}

function bytesOf(stage: StagePlan, site: StageSite): number {
  return totalBytes(stageMemory(stage, memorySite(site)));
}

function memorySite({ config, placement, device, world_size }: StageSite): MemorySite {
  return {
    device: device.kind === "cpu" ? "cpu" : "gpu",
    precision: placement.precision,
    state_precision: config.optimizer.state_precision,
    world: world_size,
  };
}
