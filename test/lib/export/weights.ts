import type { WeightSource } from "../../../lib/export/weight-source.ts";
import type { StreamedTensor } from "../../../lib/export/streamed-tensor.ts";
import { shapeOfStage } from "../../../lib/config/shape.ts";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import { planStages, type StagePlan } from "../../../lib/growth/stage-plan.ts";
import { parameterTable } from "../../../lib/scaling/parameters.ts";

export const VOCAB_SIZE = 257;

export const LLAMA_STAGE = {
  num_layers: 2,
  hidden_size: 8,
  num_attention_heads: 2,
  num_kv_heads: 1,
  ffn_hidden_size: 12,
  tokens: 1000,
};

export const GPT2_STAGE = { ...LLAMA_STAGE, num_kv_heads: 2 };

export function planOf(model: UserConfig["model"], stage: UserConfig["stages"][number]): StagePlan {
  const config = resolveConfig({
    name: "tiny",
    model: { seq_length: 16, ...model },
    data: { sources: [{ path: "text.txt" }] },
    stages: [stage],
  });
  return planStages(config, shapeOfStage(config, 0, VOCAB_SIZE).vocab_size)[0]!;
}

/** Weights of a plan, every value another one. */
export function weightsOf({ shape }: StagePlan): Map<string, { rows: number; values: number[] }> {
  let next = 0;
  return new Map(
    parameterTable(shape).map(({ name, shape: [rows, cols] }) => [
      name,
      { rows, values: Array.from({ length: rows * cols }, () => ++next / 1024) },
    ]),
  );
}

/** Weights in memory. */
export function sourceOf(
  weights: ReadonlyMap<string, { rows: number; values: readonly number[] }>,
): WeightSource {
  return {
    sizeOf(name) {
      const found = weights.get(name);
      return found && { rows: found.rows, cols: found.values.length / found.rows };
    },
    read(name, firstRow, rows) {
      const { rows: all, values } = weights.get(name)!;
      const cols = values.length / all;
      return Float32Array.from(values.slice(firstRow * cols, (firstRow + rows) * cols));
    },
  };
}

/** All values of streamed tensors, as weights again. */
export function collect(
  tensors: Iterable<StreamedTensor>,
): Map<string, { rows: number; values: number[] }> {
  return new Map(
    [...tensors].map(({ name, shape, pieces }) => [
      name,
      {
        rows: shape.length === 1 ? 1 : shape[0]!,
        values: [...pieces()].flatMap((piece) => [...piece]),
      },
    ]),
  );
}
