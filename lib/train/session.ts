import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Manifest, ManifestTensor } from "../checkpoint/manifest.ts";
import { FORMAT } from "../checkpoint/manifest.ts";
import { planInitial, planResume, planSave } from "../checkpoint/plans.ts";
import { type Checkpoint, type CheckpointStore, readCheckpoint } from "../checkpoint/store.ts";
import type { Config } from "../config/types.ts";
import type { RowPieces } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { type LossReport, lossOfRows } from "../eval/loss-of-rows.ts";
import { type GrowthSource, growthLoadPlan } from "../growth/moves.ts";
import { createEngine } from "../native/engine.ts";
import { encodeLoadPlan, encodeSavePlan } from "../native/encode.ts";
import type { LoadPlan, SavePlan } from "../native/plans.ts";
import type {
  NativeEngine,
  NativeWorld,
  Ramp,
  SavedFile,
  StepInput,
  StepReport,
} from "../native/types.ts";
import { plain, type PlainError, revive } from "../parallel/rendezvous/messages.ts";
import { parameterTable } from "../scaling/parameters.ts";
import { type EnginePlacement, engineSpecOf, type StagePlan } from "../growth/stage-plan.ts";
import { evaluationOf, type RankStage, rowsOf, savePartsOf } from "./rank-stage.ts";
import type { Ranks } from "./ranks.ts";

/** The engine of one stage on this rank, with what TypeScript has to remember about its tensors. */
export class StageEngine {
  readonly native: NativeEngine;
  readonly stage: RankStage;
  /** Steps that each parameter's moments have seen. */
  readonly #steps: Record<string, number>;

  private constructor(native: NativeEngine, stage: RankStage, loaded: LoadPlan) {
    this.native = native;
    this.stage = stage;
    this.#steps = Object.fromEntries(parameterTable(stage.plan.shape).map(({ name }) => [name, 0]));
    for (const { tensor, step } of loaded.steps) this.#steps[tensor] = step;
  }

  /** Collective over the world's ranks; null on those that the stage does not use. */
  static async create(
    { config, placement, world, files }: EngineParts,
    stage: RankStage,
    load: LoadPlan,
    trainable = true,
  ): Promise<StageEngine | null> {
    if (stage.at === null) {
      await world!.sitOut();
      return null;
    }
    const spec = engineSpecOf(config, stage.plan, placement, { trainable, mesh: stage.spec });
    const native = await createEngine(spec, world);
    try {
      await native.load(encodeLoadPlan(load));
      await native.openTokenFiles(files);
    } catch (error) {
      await native.close();
      throw error;
    }
    return new StageEngine(native, stage, load);
  }

  /** `pieces` are those of the whole batch. */
  async step(
    pieces: Float64Array,
    { lr, ramp, stop }: Pick<StepInput, "lr" | "ramp" | "stop">,
  ): Promise<StepReport> {
    const { plan, mesh, at, num_micro_batches, instructions } = this.stage;
    const rows = plan.config.global_batch_size / mesh.data_parallel_size;
    const first = at!.data * rows;
    const report = await this.native.step({
      pieces: mesh.data_parallel_size === 1 ? pieces : rowsOf(pieces, first, first + rows),
      num_micro_batches,
      lr,
      ramp,
      instructions,
      stop,
    });
    if (!report.skipped) for (const name of Object.keys(this.#steps)) this.#steps[name]! += 1;
    return report;
  }

  /** Mean loss of rows, each with its own pieces, which the data-parallel ranks share. */
  lossOfRows(rows: readonly RowPieces[], ramp: Ramp): Promise<LossReport> {
    const { plan, mesh, at } = this.stage;
    return lossOfRows(this.native, rows, plan.config.micro_batch_size, ramp, {
      ranks: mesh.data_parallel_size,
      rank: at!.data,
      instructions: (count) => evaluationOf(this.stage, count),
    });
  }

  get optimizerSteps(): Record<string, number> {
    return { ...this.#steps };
  }
}

/** What all engines of a run are made of. */
export interface EngineParts {
  config: Config;
  placement: EnginePlacement;
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

/** What a rank says of its part of a checkpoint. */
type Written = { files: SavedFile[] } | { error: PlainError };

/**
 * Writes and commits a checkpoint: every rank of the mesh its shards, then rank 0 the manifest. Returns it, with the
 * bytes written, on all ranks; `engine` is null on one that waits, and `facts` count on rank 0 alone.
 *
 * @throws FlmError the first rank's failure, on all ranks
 */
export async function saveCheckpoint(
  store: CheckpointStore,
  ranks: Ranks,
  engine: StageEngine | null,
  facts: ManifestFacts,
): Promise<{ checkpoint: Checkpoint; bytes: number }> {
  const isLeader = ranks.rank === 0;
  const partial = await ranks.broadcast(
    "checkpoint/begin",
    isLeader ? store.begin(facts.step, facts.epoch) : "",
  );
  try {
    const parts = engine ? savePartsOf(engine.stage, engine.native.tensors()) : [];
    const { plan, tensors } = planSave(partial, parts);
    const written = await ranks.gather<Written>(
      "checkpoint/written",
      engine
        ? await writeShards(engine, plan).then((files) => ({ files }), failureOf)
        : { files: [] },
    );
    const saved = written.flatMap((part) => {
      if ("files" in part) return part.files;
      throw revive(part.error);
    });
    const committed = isLeader
      ? store.commit(partial, {
          format: FORMAT,
          created: new Date().toISOString(),
          ...facts,
          tensors,
          files: saved.map(({ path, size, xxh64 }) => ({ name: basename(path), size, xxh64 })),
          optimizer_steps: engine!.optimizerSteps,
        })
      : null;
    const directory = await ranks.broadcast("checkpoint/committed", committed?.directory ?? "");
    return {
      checkpoint: committed ?? readCheckpoint(directory),
      bytes: saved.reduce((sum, { size }) => sum + size, 0),
    };
  } catch (error) {
    // On a full disk these bytes would be missing for the next attempt.
    if (isLeader) store.abandon(partial);
    throw error;
  }
}

function failureOf(error: unknown): Written {
  if (error instanceof FlmError && error.code === "IO") return { error: plain(error) };
  throw error;
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
