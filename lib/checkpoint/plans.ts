import { join } from "node:path";
import type { LoadPlan, Move, SaveFile, SavePlan, StateKind } from "../native/plans.ts";
import type { TensorInfo } from "../native/types.ts";
import type { ParameterInfo } from "../scaling/parameters.ts";
import type { Scaling } from "../scaling/mup.ts";
import type { Manifest, ManifestTensor } from "./manifest.ts";
import {
  byteLength,
  safetensorsHeader,
  storedName,
  type TensorDescription,
} from "./safetensors.ts";

/** A shard is closed when the next tensor would take it beyond this. */
const SHARD_BYTES = 2 ** 31;

const KINDS: readonly StateKind[] = ["master", "exp_avg", "exp_avg_sq"];

/** Tensors that lie in shards of their own. */
export interface SavePart {
  tensors: readonly TensorInfo[];
  /** World ranks that write these shards in turn. */
  writers: readonly number[];
}

/** What goes into which shard of `directory`, and where the manifest will say it is. */
export function planSave(
  directory: string,
  parts: readonly SavePart[],
): { plan: SavePlan; tensors: ManifestTensor[] } {
  const shards = parts.flatMap(({ tensors, writers }) =>
    cutIntoShards(tensors).map((items, i) => ({ items, writer: writers[i % writers.length]! })),
  );
  const files: SaveFile[] = [];
  const places: ManifestTensor[] = [];
  for (const [index, { items, writer }] of shards.entries()) {
    const file = `shard-${String(index + 1).padStart(5, "0")}-of-${String(shards.length).padStart(5, "0")}.safetensors`;
    const { header, offsets } = safetensorsHeader(items.map((item) => item.description));
    files.push({
      path: join(directory, file),
      header,
      items: items.map(({ tensor, kind }) => ({ tensor, kind })),
      writer,
    });
    for (const [i, { tensor, kind, description }] of items.entries())
      places.push({ ...description, name: tensor, kind, file, offset: offsets[i]! });
  }
  return { plan: { files }, tensors: places };
}

interface ShardItem {
  tensor: string;
  kind: StateKind;
  description: TensorDescription;
}

function cutIntoShards(tensors: readonly TensorInfo[]): ShardItem[][] {
  const items = KINDS.flatMap((kind) =>
    tensors.map((tensor) => ({
      tensor: tensor.name,
      kind,
      description: {
        name: storedName(tensor.name, kind),
        dtype: kind === "master" ? tensor.master_dtype : tensor.state_dtype,
        rows: tensor.rows,
        cols: tensor.cols,
      } satisfies TensorDescription,
    })),
  );
  const shards: ShardItem[][] = [];
  let bytes = Infinity;
  for (const item of items) {
    const size = byteLength(item.description);
    if (bytes + size > SHARD_BYTES) {
      shards.push([]);
      bytes = 0;
    }
    bytes += size;
    shards.at(-1)!.push(item);
  }
  return shards;
}

/** Loads a checkpoint as it is. */
export function planResume(directory: string, manifest: Manifest): LoadPlan {
  const files = [...new Set(manifest.tensors.map((tensor) => tensor.file))];
  return {
    seed: manifest.seed,
    files: files.map((file) => join(directory, file)),
    maps: [],
    means: [],
    moves: manifest.tensors.map((tensor) => ({
      tensor: tensor.name,
      kind: tensor.kind,
      file: files.indexOf(tensor.file),
      offset: tensor.offset,
      dtype: tensor.dtype,
      source_rows: tensor.rows,
      source_cols: tensor.cols,
      row_map: -1,
      col_map: -1,
      scale: 1,
      fill: "constant",
      fill_value: 0,
    })),
    steps: Object.entries(manifest.optimizer_steps).map(([tensor, step]) => ({ tensor, step })),
  };
}

/** Fresh weights: normal draws by class, gains 1, biases 0. */
export function planInitial(
  parameters: readonly ParameterInfo[],
  scaling: Scaling,
  seed: number,
): LoadPlan {
  const moves = parameters.map(({ name, init, class: parameterClass }): Move => {
    const std = init.kind === "normal" ? scaling.classes[parameterClass].init_std : 1;
    return {
      tensor: name,
      kind: "master",
      file: -1,
      offset: 0,
      dtype: "f32",
      source_rows: 0,
      source_cols: 0,
      row_map: -1,
      col_map: -1,
      scale: 1,
      fill: init.kind,
      fill_value: init.value * std,
    };
  });
  return { seed, files: [], maps: [], means: [], moves, steps: [] };
}
