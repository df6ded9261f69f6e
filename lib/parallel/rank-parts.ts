import type { ModelShape } from "../config/shape.ts";
import type { RankPart } from "../scaling/rank-part.ts";
import { slotCounts } from "./instruction.ts";
import { localTensors } from "./layout.ts";
import type { Mesh } from "./mesh.ts";
import { partitionLayers } from "./partition.ts";
import { instructionsOf } from "./schedule.ts";

/**
 * The parts of a model that the pipeline ranks of a mesh have, each on its first tensor-parallel rank, which never has
 * less than the others.
 *
 * @param numMicroBatches of a step
 */
export function rankParts(
  shape: ModelShape,
  mesh: Mesh,
  { sequence_parallel, numMicroBatches }: { sequence_parallel: boolean; numMicroBatches: number },
): RankPart[] {
  const { tensor_parallel_size: t, pipeline_parallel_size: p, data_parallel_size } = mesh;
  const ranges = partitionLayers(shape, mesh);
  const local = {
    ...shape,
    num_attention_heads: shape.num_attention_heads / t,
    num_kv_heads: Math.max(1, shape.num_kv_heads / t),
    ffn_hidden_size: shape.ffn_hidden_size / t,
    vocab_size: Math.ceil(shape.vocab_size / t),
  };
  return ranges.map((chunks, pipeline) => {
    const slots = slotCounts(instructionsOf(mesh, pipeline, numMicroBatches));
    return {
      shape: { ...local, num_layers: chunks.reduce((sum, { count }) => sum + count, 0) },
      ...valuesOf(shape, mesh, pipeline),
      tensor_parallel_size: t,
      sequence_parallel: sequence_parallel && t > 1,
      data_parallel_size,
      chunks: chunks.map(({ count }, i) => ({ layers: count, slots: slots[i]! })),
      is_last: pipeline === p - 1,
    };
  });
}

function valuesOf(
  shape: ModelShape,
  mesh: Mesh,
  pipeline: number,
): Pick<RankPart, "matrices" | "vectors"> {
  let [matrices, vectors] = [0, 0];
  for (const { name, box } of localTensors(shape, mesh, { tensor: 0, pipeline })) {
    const values = box.row_count * box.col_count;
    if (name.endsWith(".weight")) matrices += values;
    else vectors += values;
  }
  return { matrices, vectors };
}
