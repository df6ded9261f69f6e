// The models that the GPU's numbers are about. One file for the table of floors here and for scripts/gpu-bench.sh.
import { readFileSync } from "node:fs";
import { FAMILIES, type Family } from "../../lib/config/families.ts";
import type { ModelShape } from "../../lib/config/shape.ts";

export interface BenchModel {
  readonly name: string;
  readonly shape: ModelShape;
  /** Sequences of one step, which is one micro-batch. */
  readonly batch_size: number;
}

type Sizes = Omit<ModelShape, keyof (typeof FAMILIES)[Family] | "norm_eps" | "rope_theta">;

export function readModels(): BenchModel[] {
  const file = new URL("shapes.json", import.meta.url);
  const models: Record<string, Sizes & { family: Family; batch_size: number }> = JSON.parse(
    readFileSync(file, "utf8"),
  );
  return Object.entries(models).map(([name, { family, batch_size, ...sizes }]) => ({
    name,
    batch_size,
    shape: { ...sizes, ...FAMILIES[family], norm_eps: 1e-5, rope_theta: 10_000 },
  }));
}
