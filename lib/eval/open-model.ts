import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { hashHere, type HashFiles, searchTogether } from "../checkpoint/hash-files.ts";
import type { Manifest } from "../checkpoint/manifest.ts";
import { planResume } from "../checkpoint/plans.ts";
import {
  type Checkpoint,
  CheckpointStore,
  openCheckpoint,
  readCheckpoint,
} from "../checkpoint/store.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/types.ts";
import type { DocumentTokenizer } from "../data/tokenizer/document-tokenizer.ts";
import { loadTokenizer } from "../data/tokenizer/load.ts";
import { stageTokenizer } from "../data/tokenizer/stage-tokenizer.ts";
import { FlmError } from "../errors.ts";
import { NO_MASKS } from "../growth/ramp.ts";
import { engineSpecOf, planStages, rampOf, type StagePlan } from "../growth/stage-plan.ts";
import { encodeLoadPlan } from "../native/encode.ts";
import { createEngine } from "../native/engine.ts";
import { loadNative } from "../native/load.ts";
import { choosePlacement, type LocalRanks, type Placement } from "../native/placement.ts";
import type { GrowthMasks } from "../native/plans.ts";
import type { FileHash, NativeBinding, NativeEngine } from "../native/types.ts";
import { meshSpecOf } from "../parallel/mesh-spec.ts";
import { readText } from "../read-text.ts";
import {
  checkSplit,
  meshOfPlace,
  type ModelPlace,
  type ModelRanks,
  ONE_PROCESS,
} from "./model-place.ts";

/** A checkpoint with what its run says about it. */
export interface TrainedModel {
  checkpoint: Checkpoint;
  config: Config;
  /** The stage that the checkpoint is of. */
  plan: StagePlan;
  /** Of that stage. */
  tokenizer: DocumentTokenizer;
  /** What the user should know about the checkpoint before trusting it. */
  warnings: string[];
}

/**
 * Finds a model. `path` is a checkpoint, or a run's directory, whose newest checkpoint is taken.
 *
 * @param options.hashFiles with which its files are verified, so that a newest checkpoint that is damaged is passed over;
 *   null: nothing is verified
 * @throws FlmError CHECKPOINT_NOT_FOUND, CHECKPOINT_INVALID, TOKENIZER_INVALID.
 */
export async function findModel(
  path: string,
  { hashFiles = hashHere(hashFile) }: { hashFiles?: HashFiles | null } = {},
): Promise<TrainedModel> {
  const native = loadNative();
  const { checkpoint, warnings } = await findCheckpoint(resolve(path), hashFiles);
  const runDirectory = dirname(dirname(checkpoint.directory));
  const { config } = loadConfig(join(runDirectory, "config.yaml"));
  const whole = await runTokenizer(runDirectory, config, native);
  const plan = planStages(config, whole.vocab_size)[checkpoint.manifest.stage];
  if (plan === undefined)
    throw new FlmError(
      "CHECKPOINT_INVALID",
      `${checkpoint.directory} is of stage ${checkpoint.manifest.stage}, its run's config.yaml has ` +
        `${config.stages.length} stages`,
      { hint: "restore the config.yaml that the run was trained with" },
    );
  const tokenizer = stageTokenizer(native, whole, plan.config.vocab_size);
  return { checkpoint, config, plan, tokenizer, warnings };
}

/** The same on all ranks, which verify it together. */
export async function findModelTogether(path: string, ranks: ModelRanks): Promise<TrainedModel> {
  const own = await searchTogether(ranks, ranks.world_size, hashFile, (hashFiles) =>
    findModel(path, { hashFiles }),
  );
  const directory = await ranks.broadcast("model", own?.checkpoint.directory ?? "");
  return own ?? findModel(directory, { hashFiles: null });
}

function hashFile(path: string): Promise<FileHash> {
  return loadNative().hashFile(path);
}

/**
 * What an engine can hold weights in. It computes in the same, but with int8 in what the run does: those are the matrices
 * of products, rounded as they are loaded, and the CPU alone computes with them.
 */
export const WEIGHTS = ["f32", "bf16", "int8"] as const;
export type Weights = (typeof WEIGHTS)[number];

export interface ModelEngineOptions {
  /** Without masks, which generation does not have, a model within a growth ramp is the ramp's open end. */
  masks?: GrowthMasks;
  /** By default what the run computes in. With int8 the model is on the CPU, unless the run's device is cuda. */
  weights?: Weights;
  /** The ranks that hold the model; all of them make their engines together. One process by default. */
  place?: ModelPlace;
}

/** An engine with the model's weights. */
export async function createModelEngine(
  { checkpoint, config, plan }: TrainedModel,
  micro_batch_size: number,
  { masks = NO_MASKS, weights, place = ONE_PROCESS }: ModelEngineOptions = {},
): Promise<NativeEngine> {
  if (weights !== undefined && !WEIGHTS.includes(weights))
    throw new FlmError(
      "INVALID_ARGUMENT",
      `weights is ${JSON.stringify(weights)}; it must be one of ${WEIGHTS.join(", ")}`,
    );
  checkSplit(plan, place.split);
  const int8_weights = weights === "int8";
  const { engine: placement } = placementOf(config, weights, place.local);
  const { mesh: ranks, at } = meshOfPlace(place);
  const mesh = meshSpecOf(ranks, at, plan.shape);
  const spec = engineSpecOf(config, plan, placement, { trainable: false, int8_weights, mesh });
  const precision = weights === undefined || weights === "int8" ? spec.precision : weights;
  const engine = await createEngine(
    { ...spec, micro_batch_size, masks, precision },
    place.ranks.native,
  );
  try {
    await engine.load(encodeLoadPlan(planResume(checkpoint.directory, checkpoint.manifest)));
  } catch (error) {
    await engine.close();
    throw error;
  }
  return engine;
}

/** Where a process computes that holds a run's model in such weights. */
export function placementOf(
  config: Config,
  weights: Weights | undefined,
  local: LocalRanks,
): Placement {
  const device = weights === "int8" ? onCpu(config) : config.device;
  return choosePlacement({ ...config, device }, loadNative(), local);
}

/** The device for int8 weights. */
function onCpu({ device }: Config): Config["device"] {
  if (device !== "cuda") return "cpu";
  throw new FlmError("USAGE", "int8 weights are for the CPU, and the run's device is cuda", {
    hint: "take bf16 weights, or set device: cpu in the run's config.yaml",
  });
}

/** What to say about a checkpoint from within a growth ramp, when the plain kernels run it. */
export function rampWarnings({ plan, checkpoint }: TrainedModel, what: string): string[] {
  const { step, stage_step }: Manifest = checkpoint.manifest;
  const { hidden: m } = rampOf(plan, stage_step);
  if (m === 1) return [];
  const end = step - stage_step + plan.growth!.ramp_steps;
  return [
    `step ${step} lies within a growth ramp (m = ${m.toFixed(2)}) and ${what} of its open end (m = 1): ` +
      `a checkpoint of step ${end} or later is better`,
  ];
}

async function findCheckpoint(
  path: string,
  hashFiles: HashFiles | null,
): Promise<Pick<TrainedModel, "checkpoint" | "warnings">> {
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new FlmError("CHECKPOINT_NOT_FOUND", `there is no directory ${path}`, {
      hint: "name a run like runs/NAME, or a checkpoint in it",
    });
  if (existsSync(join(path, "manifest.json")))
    return {
      checkpoint: hashFiles ? await openCheckpoint(path, hashFiles) : readCheckpoint(path),
      warnings: [],
    };
  const store = new CheckpointStore(join(path, "checkpoints"));
  const { checkpoint, rejected } = hashFiles
    ? await store.newest(hashFiles)
    : { checkpoint: store.checkpoints()[0], rejected: [] };
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
  return loadTokenizer(native, readText(path), path);
}
