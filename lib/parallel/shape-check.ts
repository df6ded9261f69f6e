import type { ModelShape } from "../config/shape.ts";
import type { ParallelConfig } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import { tensorMisfit } from "../scaling/tensor-split.ts";

/** @throws FlmError CONFIG_INVALID when the shape cannot be split as `parallel` says. */
export function checkShape(parallel: ParallelConfig, shape: ModelShape): void {
  checkTensorSplit(parallel, shape);
  checkPipelineSplit(parallel, shape);
}

function checkTensorSplit(parallel: ParallelConfig, shape: ModelShape): void {
  const { tensor_parallel_size: size, sequence_parallel } = parallel;
  const misfit = tensorMisfit(shape, size, sequence_parallel);
  if (misfit === null) return;
  const fitting = Array.from({ length: shape.num_attention_heads }, (_, i) => i + 1).filter(
    (candidate) => tensorMisfit(shape, candidate, sequence_parallel) === null,
  );
  throw new FlmError("CONFIG_INVALID", `tensor_parallel_size ${size} ${misfit}`, {
    hint: `this shape can be split over ${listed(fitting)}`,
  });
}

function checkPipelineSplit(parallel: ParallelConfig, shape: ModelShape): void {
  const { pipeline_parallel_size: ranks, virtual_pipeline_size: chunks } = parallel;
  if (chunks > 1 && ranks === 1)
    throw new FlmError(
      "CONFIG_INVALID",
      `virtual_pipeline_size ${chunks} needs a pipeline, but pipeline_parallel_size is 1`,
      { hint: "leave virtual_pipeline_size out, or set pipeline_parallel_size to 2 or more" },
    );
  if (ranks * chunks > shape.num_layers)
    throw new FlmError(
      "CONFIG_INVALID",
      `pipeline_parallel_size ${ranks} · virtual_pipeline_size ${chunks} = ${ranks * chunks} pieces, but num_layers is ${shape.num_layers}: every piece needs a layer`,
      { hint: `lower the two sizes until their product is ${shape.num_layers} or less` },
    );
}

/** [1, 2, 4] → "1, 2 or 4". */
function listed(values: readonly number[]): string {
  if (values.length === 1) return String(values[0]);
  return `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}
