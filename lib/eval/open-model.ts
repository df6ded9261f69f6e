import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Manifest } from "../checkpoint/manifest.ts";
import { planResume } from "../checkpoint/plans.ts";
import { type Checkpoint, CheckpointStore, openCheckpoint } from "../checkpoint/store.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/types.ts";
import type { DocumentTokenizer } from "../data/tokenizer/document-tokenizer.ts";
import { loadTokenizer } from "../data/tokenizer/load.ts";
import { FlmError } from "../errors.ts";
import { NO_MASKS } from "../growth/ramp.ts";
import { engineSpecOf, planStages, rampOf, type StagePlan } from "../growth/stage-plan.ts";
import { encodeLoadPlan } from "../native/encode.ts";
import { createEngine } from "../native/engine.ts";
import { loadNative } from "../native/load.ts";
import { choosePlacement } from "../native/placement.ts";
import type { GrowthMasks } from "../native/plans.ts";
import type { NativeBinding, NativeEngine } from "../native/types.ts";

/** A checkpoint with what its run says about it. */
export interface TrainedModel {
  checkpoint: Checkpoint;
  config: Config;
  /** The stage that the checkpoint is of. */
  plan: StagePlan;
  tokenizer: DocumentTokenizer;
  /** What the user should know about the checkpoint before trusting it. */
  warnings: string[];
}

/**
 * Finds a model. `path` is a checkpoint, or a run's directory, whose newest checkpoint is taken.
 *
 * @throws FlmError CHECKPOINT_NOT_FOUND, CHECKPOINT_INVALID, TOKENIZER_INVALID.
 */
export async function findModel(path: string): Promise<TrainedModel> {
  const native = loadNative();
  const { checkpoint, warnings } = await findCheckpoint(resolve(path), native);
  const runDirectory = dirname(dirname(checkpoint.directory));
  const { config } = loadConfig(join(runDirectory, "config.yaml"), { unsupported: "allow" });
  const tokenizer = await runTokenizer(runDirectory, config, native);
  const plan = planStages(config, tokenizer.vocab_size)[checkpoint.manifest.stage];
  if (plan === undefined)
    throw new FlmError(
      "CHECKPOINT_INVALID",
      `${checkpoint.directory} is of stage ${checkpoint.manifest.stage}, its run's config.yaml has ` +
        `${config.stages.length} stages`,
      { hint: "restore the config.yaml that the run was trained with" },
    );
  return { checkpoint, config, plan, tokenizer, warnings };
}

/** What an engine can hold weights in, and computes in. */
export const WEIGHTS = ["f32", "bf16"] as const;
export type Weights = (typeof WEIGHTS)[number];

export interface ModelEngineOptions {
  /** Without masks, which generation does not have, a model within a growth ramp is the ramp's open end. */
  masks?: GrowthMasks;
  /** By default what the run computes in. */
  weights?: Weights;
}

/** An engine with the model's weights. */
export async function createModelEngine(
  { checkpoint, config, plan }: TrainedModel,
  micro_batch_size: number,
  { masks = NO_MASKS, weights }: ModelEngineOptions = {},
): Promise<NativeEngine> {
  const { engine: placement } = choosePlacement(config, loadNative());
  const spec = engineSpecOf(config, plan, placement, { trainable: false });
  const precision = weights ?? spec.precision;
  const engine = await createEngine({ ...spec, micro_batch_size, masks, precision });
  try {
    await engine.load(encodeLoadPlan(planResume(checkpoint.directory, checkpoint.manifest)));
  } catch (error) {
    await engine.close();
    throw error;
  }
  return engine;
}

/** What to say about a checkpoint from within a growth ramp, when the plain kernels run it. */
export function rampWarnings({ plan, checkpoint }: TrainedModel, what: string): string[] {
  const { step, stage_step }: Manifest = checkpoint.manifest;
  const { hidden: m } = rampOf(plan, stage_step);
  const hasMasks = Object.values(plan.masks).some((mask) => mask.length > 0);
  if (m === 1 || !hasMasks) return [];
  const end = step - stage_step + plan.growth!.ramp_steps;
  return [
    `step ${step} lies within a growth ramp (m = ${m.toFixed(2)}) and ${what} of its open end (m = 1): ` +
      `a checkpoint of step ${end} or later is better`,
  ];
}

async function findCheckpoint(
  path: string,
  native: NativeBinding,
): Promise<Pick<TrainedModel, "checkpoint" | "warnings">> {
  const hash = (file: string) => native.hashFile(file);
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new FlmError("CHECKPOINT_NOT_FOUND", `there is no directory ${path}`, {
      hint: "name a run like runs/NAME, or a checkpoint in it",
    });
  if (existsSync(join(path, "manifest.json")))
    return { checkpoint: await openCheckpoint(path, hash), warnings: [] };
  const store = new CheckpointStore(join(path, "checkpoints"));
  const { checkpoint, rejected } = await store.newest(hash);
  const warnings = rejected.map(({ directory, reason }) => `passed over ${directory}: ${reason}`);
  if (checkpoint) return { checkpoint, warnings };
  throw new FlmError("CHECKPOINT_NOT_FOUND", `${path} holds no checkpoint`, {
    hint: "name a run like runs/NAME that has trained up to its first checkpoint",
  });
}

async function runTokenizer(
  runDirectory: string,
  config: Config,
  native: NativeBinding,
): Promise<DocumentTokenizer> {
  if (config.tokenizer.type === "bytes") return loadTokenizer(native, "bytes");
  const path = join(runDirectory, "tokenizer.json");
  if (!existsSync(path))
    throw new FlmError("TOKENIZER_INVALID", `${path} is missing`, {
      hint: "copy the tokenizer.json of the run there",
    });
  return loadTokenizer(native, readFileSync(path, "utf8"));
}
