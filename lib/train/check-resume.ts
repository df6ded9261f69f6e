import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import type { Checkpoint } from "../checkpoint/store.ts";
import { stageSteps } from "../config/steps.ts";
import type { Config } from "../config/types.ts";
import type { PreparedData } from "../data/types.ts";
import { FlmError } from "../errors.ts";
import { counted } from "../format.ts";
import { changedDataFiles } from "./data-files.ts";
import { checkIdentity, identityOf } from "./identity.ts";
import type { RunDirectory } from "./run-directory.ts";

/** `flm-train import` makes one checkpoint, of weights alone: there is no training in it to go on with. */
export function refuseImported({ manifest }: Checkpoint, { path }: RunDirectory): void {
  const { imported_from } = manifest.identity;
  if (imported_from === undefined) return;
  const shown = relative(process.cwd(), path) || path;
  throw new FlmError(
    "NOT_SUPPORTED",
    `${path} holds a model that was imported from ${String(imported_from)}, and no training to go on with`,
    {
      hint: `to train it, write a config of its shape with another name and init: { from: ${shown} } (docs/export.md)`,
    },
  );
}

/** @throws FlmError CONFIG_CHANGED where the steps already taken were made of something else */
export function checkResume(
  config: Config,
  data: readonly PreparedData[],
  { manifest }: Checkpoint,
  directory: RunDirectory,
): void {
  const { stage, stage_step, identity } = manifest;
  if (stage >= config.stages.length)
    throw new FlmError(
      "CONFIG_CHANGED",
      `the run in ${directory.path} has reached stage ${stage}, the config has ${counted(config.stages.length, "stage")}`,
      { hint: "restore the stages, or choose another directory with --out" },
    );
  const { fingerprint, made_of } = data[stage]!;
  const changedFiles = changedDataFiles(directory, made_of);
  checkIdentity(identity, identityOf(config, stage, fingerprint), directory.path, changedFiles);
  const { tokens, global_batch_size, seq_length } = config.stages[stage]!;
  if (stage_step > stageSteps(config, stage)) {
    const taken = stage_step * global_batch_size * seq_length;
    throw new FlmError(
      "CONFIG_CHANGED",
      `stages.${stage}.tokens: ${tokens} are fewer than the ${taken} that the run in ${directory.path} has trained on`,
      { hint: `to end that stage here set it to ${taken}, or choose another directory with --out` },
    );
  }
}

/** Whether all steps of the config are made. */
export function isFinished(config: Config, { manifest: { stage, stage_step } }: Checkpoint) {
  return stage === config.stages.length - 1 && stage_step >= stageSteps(config, stage);
}

/** Whether the run has the config that it was trained with: a crash may have left an empty file. */
export function hasConfig({ config }: RunDirectory): boolean {
  return existsSync(config) && readFileSync(config).length > 0;
}
