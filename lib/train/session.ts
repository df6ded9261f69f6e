import { join } from "node:path";
import type { ManifestTensor } from "../checkpoint/manifest.ts";
import { planInitial, planResume } from "../checkpoint/plans.ts";
import type { Checkpoint } from "../checkpoint/store.ts";
import type { Config } from "../config/types.ts";
import type { RowPieces } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { type LossReport, lossOfRows } from "../eval/loss-of-rows.ts";
import { shareOf } from "../eval/share.ts";
import { growthSeed } from "../growth/growth-seed.ts";
import { type GrowthSource, growthLoadPlan } from "../growth/moves.ts";
import { createEngine } from "../native/engine.ts";
import { encodeLoadPlan } from "../native/encode.ts";
import { loadNative } from "../native/load.ts";
import type { LoadPlan } from "../native/plans.ts";
import type {
  DeviceInfo,
  NativeEngine,
  NativeWorld,
  Ramp,
  StepInput,
  StepReport,
} from "../native/types.ts";
import { parameterTable } from "../scaling/parameters.ts";
import { type EnginePlacement, engineSpecOf, type StagePlan } from "../growth/stage-plan.ts";
import type { Scorer } from "./abandonable.ts";
import { type RankStage, rowsOf } from "./rank-stage.ts";
import { refuseOversized, withMemoryAdvice } from "./stage-fit.ts";

/** The engine of one stage on this rank, with what TypeScript has to remember about its tensors. */
export class StageEngine {
  readonly native: NativeEngine;
  readonly stage: RankStage;
  /** Of its device. */
  readonly memory_bytes: number;
  /** Steps that each parameter's moments had seen when they were loaded. */
  #loadedSteps: Record<string, number> = {};
  /** That all of them have seen since. */
  #steps = 0;

  private constructor(native: NativeEngine, stage: RankStage) {
    this.native = native;
    this.stage = stage;
    this.memory_bytes = native.memory_bytes;
  }

  /** Collective over the world's ranks; null on those that the stage does not use. */
  static async create(
    { config, placement, device, world, files }: EngineParts,
    stage: RankStage,
    load: LoadPlan,
    trainable = true,
  ): Promise<StageEngine | null> {
    if (stage.at === null) {
      await world!.sitOut();
      return null;
    }
    const { num_micro_batches, spec: mesh } = stage;
    const spec = engineSpecOf(config, stage.plan, placement, {
      trainable,
      mesh,
      num_micro_batches,
    });
    const site = { config, placement, device, world_size: stage.mesh.world_size };
    if (trainable) refuseOversized(stage.plan, site);
    const native = await createEngine(spec, world).catch((error: unknown) => {
      if (!trainable) throw error;
      const free = () => loadNative().freeBytes(device.kind, device.index);
      throw withMemoryAdvice(error, stage.plan, site, free);
    });
    try {
      const engine = new StageEngine(native, stage);
      await engine.load(load);
      await native.openTokenFiles(files);
      return engine;
    } catch (error) {
      await native.close();
      throw error;
    }
  }

  /** Replaces weights and moments. Collective over the ranks of the stage. */
  async load(plan: LoadPlan): Promise<void> {
    await this.native.load(encodeLoadPlan(plan));
    const { shape } = this.stage.plan;
    this.#loadedSteps = Object.fromEntries(parameterTable(shape).map(({ name }) => [name, 0]));
    for (const { tensor, step } of plan.steps) this.#loadedSteps[tensor] = step;
    this.#steps = 0;
  }

  /** The rows of a batch that this rank trains on. */
  get share(): { first: number; count: number } {
    const { plan, mesh, at } = this.stage;
    const count = plan.config.global_batch_size / mesh.data_parallel_size;
    return { first: at!.data * count, count };
  }

  /** `pieces` are those of the whole batch, `weighting` is of this rank's share. */
  async step(
    pieces: Float64Array,
    options: StepOptions,
    weighting: Pick<StepInput, "row_weights" | "loss"> = EQUAL_TARGETS,
  ): Promise<StepReport> {
    const { mesh, num_micro_batches, instructions } = this.stage;
    const { first, count } = this.share;
    const report = await this.native.step({
      pieces: mesh.data_parallel_size === 1 ? pieces : rowsOf(pieces, first, first + count),
      num_micro_batches,
      instructions,
      ...options,
      ...weighting,
    });
    if (!report.skipped) this.#steps += 1;
    return report;
  }

  /** Mean loss of rows, each with its own pieces, which the data-parallel ranks share. */
  lossOfRows(
    rows: readonly RowPieces[],
    ramp: Ramp,
    scorer: Scorer = this.native,
  ): Promise<LossReport> {
    const { plan, mesh, at } = this.stage;
    return lossOfRows(scorer, rows, plan.config.micro_batch_size, ramp, shareOf(mesh, at!));
  }

  /** Steps that each parameter's moments have seen. */
  get optimizerSteps(): Record<string, number> {
    const loaded = Object.entries(this.#loadedSteps);
    return Object.fromEntries(loaded.map(([name, steps]) => [name, steps + this.#steps]));
  }
}

/** All targets of the batch weigh the same. */
const EQUAL_TARGETS = { row_weights: new Float64Array(), loss: 0 };

/** What a step is asked for beside its data. */
export type StepOptions = Pick<StepInput, "lr" | "ramp" | "stop" | "max_loss" | "max_grad_norm">;

/** What all engines of a run are made of. */
export interface EngineParts {
  config: Config;
  placement: EnginePlacement;
  /** The one of `placement`. */
  device: DeviceInfo;
  world: NativeWorld | null;
  /** Token files. */
  files: readonly string[];
}

/** Fresh weights of the first stage. */
export function initialLoad(config: Config, plan: StagePlan): LoadPlan {
  return planInitial(parameterTable(plan.shape), plan.scaling, config.seed);
}

/** The checkpoint as it is; `plan` is the stage that wrote it. */
export function resumeLoad(checkpoint: Checkpoint): LoadPlan {
  return planResume(checkpoint.directory, checkpoint.manifest);
}

/** The checkpoint of the stage before, grown into `plan`. */
export function grownLoad(config: Config, plan: StagePlan, checkpoint: Checkpoint): LoadPlan {
  if (plan.growth === null)
    throw new FlmError("INTERNAL", "the first stage has nothing to grow from");
  return growthLoadPlan(plan.growth, sourceOf(checkpoint), {
    seed: growthSeed(config.seed, plan.index),
    scaling: plan.scaling,
    final_norm_factor: plan.final_norm_factor,
    optimizer_step: plan.config.growth.optimizer_step,
  });
}

function sourceOf(checkpoint: Checkpoint): GrowthSource {
  const byName = new Map(
    placedTensors(checkpoint).map((tensor) => [`${tensor.name}/${tensor.kind}`, tensor]),
  );
  return {
    optimizer_steps: checkpoint.manifest.optimizer_steps,
    tensor: (name, kind) => byName.get(`${name}/${kind}`),
  };
}

/** The manifest's tensors, with the whole path of each one's file. */
export function placedTensors({ directory, manifest }: Checkpoint): ManifestTensor[] {
  return manifest.tensors.map((tensor) => ({ ...tensor, file: join(directory, tensor.file) }));
}
