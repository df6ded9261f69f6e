import type { ModelShape } from "../config/shape.ts";
import type { ParallelConfig } from "../config/types.ts";
import { FlmError } from "../errors.ts";

/** @throws FlmError CONFIG_INVALID when the shape cannot be split as `parallel` says. */
export function checkShape(parallel: ParallelConfig, shape: ModelShape): void {
  checkTensorSplit(parallel, shape);
  checkPipelineSplit(parallel, shape);
}

function checkTensorSplit(parallel: ParallelConfig, shape: ModelShape): void {
  const size = parallel.tensor_parallel_size;
  const misfit = tensorMisfit(parallel, shape, size);
  if (misfit === null) return;
  const fitting = Array.from({ length: shape.num_attention_heads }, (_, i) => i + 1).filter(
    (candidate) => tensorMisfit(parallel, shape, candidate) === null,
  );
  throw new FlmError("CONFIG_INVALID", `tensor_parallel_size ${size} ${misfit}`, {
    hint: `this shape can be split over ${listed(fitting)}`,
  });
}

/** Why tensor-parallel ranks would not hold equal parts; null when they do. */
function tensorMisfit(parallel: ParallelConfig, shape: ModelShape, size: number): string | null {
  const dimensions = ["num_attention_heads", "ffn_hidden_size", "hidden_size"] as const;
  for (const key of parallel.sequence_parallel
    ? [...dimensions, "seq_length" as const]
    : dimensions)
    if (shape[key] % size !== 0)
      return `does not divide ${key} ${shape[key]}${key === "seq_length" ? ", as sequence_parallel needs" : ""}`;
  const groups = shape.num_kv_heads;
  // With fewer groups than ranks, neighbours hold the same group.
  if (groups % size !== 0 && size % groups !== 0)
    return `neither divides num_kv_heads ${groups} nor is a multiple of it`;
  if (Math.ceil(shape.vocab_size / size) * (size - 1) >= shape.vocab_size)
    return `leaves its last rank none of the vocab_size ${shape.vocab_size} rows`;
  return null;
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
