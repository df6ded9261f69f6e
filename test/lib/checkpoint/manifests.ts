import { FORMAT, type Manifest, NO_HISTORY } from "../../../lib/checkpoint/manifest.ts";

/** A whole manifest of one 2 x 3 matrix in one shard of 40 bytes. */
export function manifest(rest: Partial<Manifest> = {}): Manifest {
  return {
    format: FORMAT,
    package_version: "1.2.3",
    created: "2030-01-01T00:00:00.000Z",
    step: 10,
    epoch: 1,
    parent: null,
    stage: 0,
    stage_step: 10,
    tokens: 1280,
    flops: 1e9,
    skipped_steps: 0,
    loss: 2.5,
    validation: { step: 10, loss: 2.75 },
    tensors: [
      {
        name: "embedding.weight",
        kind: "master",
        dtype: "f32",
        rows: 2,
        cols: 3,
        file: "shard-00001-of-00001.safetensors",
        offset: 16,
      },
    ],
    files: [{ name: "shard-00001-of-00001.safetensors", size: 40, xxh64: "0123456789abcdef" }],
    optimizer_steps: { "embedding.weight": 10 },
    data: { cursor: 5 },
    seed: 1,
    growth: [],
    stability: NO_HISTORY,
    identity: { seed: 1 },
    device: { kind: "cpu", name: "a CPU", precision: "f32" },
    ...rest,
  };
}
