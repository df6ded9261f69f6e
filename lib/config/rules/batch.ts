import type { Rule } from "./rule.ts";

/** Every rank gets the same whole number of micro-batches. */
export const batchRules: Rule = ({ stages }, report) => {
  for (const [i, stage] of stages.entries()) {
    const dataParallel = stage.parallel.data_parallel_size ?? 1;
    const unit = stage.micro_batch_size * dataParallel;
    if (stage.global_batch_size % unit === 0) continue;
    const below = Math.floor(stage.global_batch_size / unit) * unit;
    const ranks = dataParallel === 1 ? "" : ` · data_parallel_size ${dataParallel} = ${unit}`;
    report(
      ["stages", i, "global_batch_size"],
      `${stage.global_batch_size} is not a multiple of micro_batch_size ${stage.micro_batch_size}${ranks}`,
      `use ${below > 0 ? `${below} or ` : ""}${below + unit}`,
    );
  }
};
