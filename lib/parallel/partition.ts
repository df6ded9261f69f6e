import type { ModelShape } from "../config/shape.ts";
import { modelFlopsPerToken } from "../scaling/flops.ts";
import { type Mesh, virtualStageOf, virtualStagesOf } from "./mesh.ts";

/** Layers first .. first + count - 1. */
export interface LayerRange {
  first: number;
  count: number;
}

/**
 * The layers of each chunk of each pipeline rank: `[rank][chunk]`. The dearest piece of the model is as cheap as it can
 * be, counting the head and its loss on the last piece; looking up embeddings costs next to nothing. Every piece has a
 * layer, even where the head alone outweighs the others.
 */
export function partitionLayers(shape: ModelShape, mesh: Mesh): LayerRange[][] {
  const counts = layerCounts(shape.num_layers, virtualStagesOf(mesh), headCost(shape));
  const ranges: LayerRange[] = [];
  let first = 0;
  for (const count of counts) {
    ranges.push({ first, count });
    first += count;
  }
  return Array.from({ length: mesh.pipeline_parallel_size }, (_, rank) =>
    Array.from(
      { length: mesh.virtual_pipeline_size },
      (_, chunk) => ranges[virtualStageOf(mesh, rank, chunk)]!,
    ),
  );
}

/** FLOPs of the output head in units of one layer's; forward and backward have the same ratio. */
function headCost(shape: ModelShape): number {
  const head = modelFlopsPerToken({ ...shape, num_layers: 0 });
  return head / (modelFlopsPerToken({ ...shape, num_layers: 1 }) - head);
}

/**
 * Layers all cost the same, so the number on the last piece decides: the others share the rest evenly. Of equally good
 * numbers the largest is taken, and layers that are left over go to late pieces, because early ranks keep the
 * activations of more micro-batches.
 */
function layerCounts(numLayers: number, pieces: number, head: number): number[] {
  const others = pieces - 1;
  if (others === 0) return [numLayers];
  const dearest = (last: number) => Math.max(Math.ceil((numLayers - last) / others), last + head);
  let last = 1;
  for (let candidate = 2; candidate <= numLayers - others; candidate++)
    if (dearest(candidate) <= dearest(last)) last = candidate;
  const share = Math.floor((numLayers - last) / others);
  const left = (numLayers - last) % others;
  const counts = Array.from({ length: others }, (_, i) => share + (i >= others - left ? 1 : 0));
  return [...counts, last];
}
