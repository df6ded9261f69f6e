import type { Rule } from "./rule.ts";

/** Tensor-parallel ranks hold equal parts, and no pipeline rank is without a layer. */
export const parallelRules: Rule = ({ stages }, report) => {
  for (const [i, stage] of stages.entries()) {
    const { parallel } = stage;
    const tensor = parallel.tensor_parallel_size;
    for (const key of ["num_attention_heads", "ffn_hidden_size"] as const)
      if (stage[key] % tensor !== 0)
        report(
          ["stages", i, "parallel", "tensor_parallel_size"],
          `${tensor} does not divide ${key} ${stage[key]}`,
        );
    // With fewer key and value heads than ranks, neighbours hold the same one.
    if (stage.num_kv_heads % tensor !== 0 && tensor % stage.num_kv_heads !== 0)
      report(
        ["stages", i, "parallel", "tensor_parallel_size"],
        `${tensor} neither divides num_kv_heads ${stage.num_kv_heads} nor is a multiple of it`,
      );
    if (parallel.sequence_parallel && stage.seq_length % tensor !== 0)
      report(
        ["stages", i, "parallel", "tensor_parallel_size"],
        `${tensor} does not divide seq_length ${stage.seq_length}, as sequence_parallel needs`,
      );
    const pieces = parallel.pipeline_parallel_size * parallel.virtual_pipeline_size;
    if (pieces > stage.num_layers)
      report(
        ["stages", i, "parallel", "pipeline_parallel_size"],
        `${parallel.pipeline_parallel_size} · virtual_pipeline_size ${parallel.virtual_pipeline_size} needs ${pieces} layers, but num_layers is ${stage.num_layers}`,
      );
  }
};
