import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FORMAT, type Manifest, NO_HISTORY } from "../../checkpoint/manifest.ts";
import { CheckpointStore } from "../../checkpoint/store.ts";
import { stringifyConfig } from "../../config/stringify.ts";
import type { Config } from "../../config/types.ts";
import { FlmError } from "../../errors.ts";
import type { NativeBinding } from "../../native/types.ts";
import { parameterTable, type ParameterInfo } from "../../scaling/parameters.ts";
import { shapeOfStage } from "../../config/shape.ts";
import { version } from "../../version.ts";
import { writeSafetensors } from "../safetensors-writer.ts";
import { elementCount, type StreamedTensor } from "../streamed-tensor.ts";

const SHARD_BYTES = 2 ** 31;

export interface ImportedRun {
  config: Config;
  tensors: readonly StreamedTensor[];
  /** tokenizer.json; null for the byte tokenizer. */
  tokenizer: string | null;
  vocab_size: number;
  /** Where the weights came from, for the manifest. */
  origin: string;
}

/**
 * Writes a run's directory with one checkpoint, at step 0: weights without moments of the optimizer.
 *
 * @throws FlmError CHECKPOINT_INVALID where the weights are not those of the config.
 */
export async function writeRun(
  directory: string,
  run: ImportedRun,
  native: Pick<NativeBinding, "hashFile">,
): Promise<void> {
  const parameters = parameterTable(shapeOfStage(run.config, 0, run.vocab_size));
  checkShapes(parameters, run.tensors);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "config.yaml"), stringifyConfig(run.config, version));
  if (run.tokenizer !== null) writeFileSync(join(directory, "tokenizer.json"), run.tokenizer);
  const store = new CheckpointStore(join(directory, "checkpoints"));
  const partial = store.begin(0, 1);
  const tensors = await writeMasters(partial, parameters, run.tensors);
  const names = [...new Set(tensors.map(({ file }) => file))];
  const files = [];
  for (const name of names) files.push({ name, ...(await native.hashFile(join(partial, name))) });
  store.commit(partial, {
    format: FORMAT,
    package_version: version,
    created: new Date().toISOString(),
    step: 0,
    epoch: 1,
    parent: null,
    stage: 0,
    stage_step: 0,
    tokens: 0,
    flops: 0,
    skipped_steps: 0,
    loss: null,
    validation: null,
    tensors,
    files,
    optimizer_steps: Object.fromEntries(parameters.map(({ name }) => [name, 0])),
    data: null,
    seed: run.config.seed,
    growth: [],
    stability: NO_HISTORY,
    identity: { imported_from: run.origin },
    device: { kind: "cpu", name: "imported", precision: "f32" },
  });
}

async function writeMasters(
  directory: string,
  parameters: readonly ParameterInfo[],
  tensors: readonly StreamedTensor[],
): Promise<Manifest["tensors"]> {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const stored = parameters.map(({ name }) => ({ ...byName.get(name)!, name: `${name}.master` }));
  const five = (number: number) => String(number).padStart(5, "0");
  const written = await writeSafetensors(directory, stored, {
    type: "f32",
    shard_bytes: SHARD_BYTES,
    fileName: (index, count) => `shard-${five(index)}-of-${five(count)}.safetensors`,
  });
  return parameters.map(({ name, shape: [rows, cols] }, i) => {
    const { file, offset } = written[i]!;
    return { name, kind: "master", dtype: "f32", rows, cols, file, offset };
  });
}

function checkShapes(
  parameters: readonly ParameterInfo[],
  tensors: readonly StreamedTensor[],
): void {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  for (const { name, shape } of parameters) {
    const found = byName.get(name);
    // A vector's own form has no axis of rows.
    const wanted = shape[0] === 1 && found?.shape.length === 1 ? [shape[1]] : shape;
    if (
      found &&
      elementCount(found.shape) === elementCount(wanted) &&
      `${found.shape}` === `${wanted}`
    )
      continue;
    throw new FlmError(
      "CHECKPOINT_INVALID",
      `${name} would be [${wanted}] by config.json, in the files it is ${found ? `[${found.shape}]` : "missing"}`,
      { hint: "restore the config.json that belongs to the weights" },
    );
  }
}
