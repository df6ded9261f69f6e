import type { StageConfig } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import type { Mesh } from "./mesh.ts";

/**
 * Micro-batches that each data-parallel replica runs in a step.
 *
 * @throws FlmError CONFIG_INVALID when replicas would get unequal shares, or when an interleaved schedule could not
 *   run them in rounds of one micro-batch for each pipeline rank.
 */
export function numMicroBatchesOf(
  mesh: Mesh,
  stage: Pick<StageConfig, "global_batch_size" | "micro_batch_size">,
): number {
  const { global_batch_size: batch, micro_batch_size: micro } = stage;
  const { data_parallel_size: data, pipeline_parallel_size: pipeline } = mesh;
  const unit = micro * data;
  if (batch % unit !== 0)
    throw new FlmError(
      "CONFIG_INVALID",
      `global_batch_size ${batch} is not a multiple of micro_batch_size ${micro} · data_parallel_size ${data} = ${unit}`,
      { hint: `use global_batch_size ${multiplesAround(batch, unit)}` },
    );
  const count = batch / unit;
  if (mesh.virtual_pipeline_size > 1 && count % pipeline !== 0)
    throw new FlmError(
      "CONFIG_INVALID",
      `global_batch_size ${batch} gives ${count} micro-batches, not a multiple of pipeline_parallel_size ${pipeline}, as virtual_pipeline_size ${mesh.virtual_pipeline_size} needs`,
      {
        hint: `use global_batch_size ${multiplesAround(batch, unit * pipeline)}, or virtual_pipeline_size 1`,
      },
    );
  return count;
}

/** "16 or 32": the multiples of `unit` next to `value`. */
function multiplesAround(value: number, unit: number): string {
  const below = Math.floor(value / unit) * unit;
  return below > 0 ? `${below} or ${below + unit}` : String(unit);
}
