import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Manifest, ManifestTensor } from "../checkpoint/manifest.ts";
import { FORMAT } from "../checkpoint/manifest.ts";
import { planInitial, planResume, planSave } from "../checkpoint/plans.ts";
import type { Checkpoint, CheckpointStore } from "../checkpoint/store.ts";
import type { Config } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import { type GrowthSource, growthLoadPlan } from "../growth/moves.ts";
import { createEngine } from "../native/engine.ts";
import { encodeLoadPlan, encodeSavePlan } from "../native/encode.ts";
import type { LoadPlan, SavePlan } from "../native/plans.ts";
import type { NativeEngine, SavedFile } from "../native/types.ts";
import { parameterTable } from "../scaling/parameters.ts";
import { type EnginePlacement, engineSpecOf, type StagePlan } from "../growth/stage-plan.ts";

/** The engine of one stage with what TypeScript has to remember about its tensors. */
export class StageEngine {
  readonly native: NativeEngine;
  readonly plan: StagePlan;
  /** Steps that each parameter's moments have seen. */
  readonly #steps: Record<string, number>;

  private constructor(native: NativeEngine, plan: StagePlan, loaded: LoadPlan) {
    this.native = native;
    this.plan = plan;
    this.#steps = Object.fromEntries(parameterTable(plan.shape).map(({ name }) => [name, 0]));
    for (const { tensor, step } of loaded.steps) this.#steps[tensor] = step;
  }

  static async create(
    config: Config,
    plan: StagePlan,
    placement: EnginePlacement,
    load: LoadPlan,
    files: readonly string[],
    trainable = true,
  ): Promise<StageEngine> {
    const native = await createEngine(engineSpecOf(config, plan, placement, trainable));
    try {
      await native.load(encodeLoadPlan(load));
      await native.openTokenFiles(files);
    } catch (error) {
      await native.close();
      throw error;
    }
    return new StageEngine(native, plan, load);
  }

  countStep(): void {
    for (const name of Object.keys(this.#steps)) this.#steps[name]! += 1;
  }

  get optimizerSteps(): Record<string, number> {
    return { ...this.#steps };
  }
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
    seed: config.seed,
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

const UNSAVED_HINT =
  "free space on that disk and run the same command again: the checkpoints before are whole (fewer are kept with " +
  "checkpoint.keep, elsewhere with --out)";

export type ManifestFacts = Omit<
  Manifest,
  "format" | "created" | "tensors" | "files" | "optimizer_steps"
>;

/** Writes and commits a checkpoint. Returns it with the bytes written. */
export async function saveCheckpoint(
  store: CheckpointStore,
  engine: StageEngine,
  facts: ManifestFacts,
): Promise<{ checkpoint: Checkpoint; bytes: number }> {
  const partial = store.begin(facts.step, facts.epoch);
  try {
    const { plan, tensors } = planSave(partial, engine.native.tensors());
    const saved = await writeShards(engine, plan);
    const checkpoint = store.commit(partial, {
      format: FORMAT,
      created: new Date().toISOString(),
      ...facts,
      tensors,
      files: saved.map(({ path, size, xxh64 }) => ({ name: basename(path), size, xxh64 })),
      optimizer_steps: engine.optimizerSteps,
    });
    return { checkpoint, bytes: saved.reduce((sum, { size }) => sum + size, 0) };
  } catch (error) {
    // On a full disk these bytes would be missing for the next attempt.
    store.abandon(partial);
    throw error;
  }
}

async function writeShards(engine: StageEngine, plan: SavePlan): Promise<SavedFile[]> {
  const saved = await engine.native.save(encodeSavePlan(plan)).catch((error: unknown) => {
    if (!(error instanceof FlmError) || error.code !== "IO") throw error;
    throw new FlmError("IO", error.message, { hint: UNSAVED_HINT, cause: error });
  });
  for (const { path, size } of saved)
    if (!existsSync(path) || statSync(path).size !== size)
      throw new FlmError("IO", `${path} does not have the ${size} bytes that were written to it`, {
        hint: UNSAVED_HINT,
      });
  return saved;
}
