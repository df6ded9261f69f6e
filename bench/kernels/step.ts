import type { ModelShape } from "../../lib/config/shape.ts";
import { modelFlopsPerToken } from "../../lib/scaling/flops.ts";
import type { HardwareProfile } from "../../lib/scaling/hardware.ts";
import { countParameters, parameterTable } from "../../lib/scaling/parameters.ts";
import { attentionLaunches } from "./attention.ts";
import { elementwiseLaunches } from "./elementwise.ts";
import type { Launch } from "./launch.ts";
import { productLaunches } from "./products.ts";
import type { BenchModel } from "./shapes.ts";

/** Every launch of one optimizer step in bf16 on one GPU: one micro-batch, nothing recomputed, no growth ramp. */
export function stepLaunches({ shape, batch_size }: BenchModel): Launch[] {
  const tokens = batch_size * shape.seq_length;
  return [
    ...productLaunches(shape, tokens),
    ...attentionLaunches(shape, tokens),
    ...elementwiseLaunches(shape, tokens),
    ...optimizerLaunches(shape),
  ];
}

/** Tensors that one launch of AdamW takes: kTableRows of native/cuda/adamw.cu. */
const ADAMW_TENSORS = 40;

function optimizerLaunches(shape: ModelShape): Launch[] {
  const parameters = countParameters(shape);
  const updates = Math.ceil(parameterTable(shape).length / ADAMW_TENSORS);
  const common = { unit: "vector", threads: 256, dynamic_shared_bytes: 0 } as const;
  const over = (
    op: string,
    kernel: string | null,
    count: number,
    flops: number,
    bytes: number,
  ) => ({
    ...common,
    op,
    kernel,
    count,
    flops: (flops * parameters) / count,
    bytes: (bytes * parameters) / count,
  });
  const sums = { ...common, op: "norm_squared: total", kernel: "sum_kernel", count: 1 };
  const chunks = Math.ceil(parameters / 32_768);
  return [
    over("gradients to zero", null, 2, 0, 4),
    over("norm_squared", "squares_kernel", 1, 2, 4),
    { ...sums, flops: chunks, bytes: 8 * chunks, threads: 1024 },
    { ...common, op: "clip", kernel: "clip_kernel", count: 1, flops: 8, bytes: 16, threads: 1 },
    // Master, two moments and the gradient are read; all but the gradient are written, and the bf16 copy.
    over("adamw", "adamw_kernel<float, bf16>", updates, 16, 30),
  ];
}

/** Seconds that one launch takes at least. */
export function floorSeconds({ unit, flops, bytes }: Launch, hardware: HardwareProfile): number {
  const peak = hardware.peak_flops[unit === "tensor" ? "bf16" : "f32"];
  return Math.max(flops / peak, bytes / hardware.memory_bandwidth);
}

/**
 * Shares of an H100's limits that are assumed to be reached, until a GPU has been measured. Attention: what
 * FlashAttention-3 (arXiv 2407.08608) reports of FlashAttention-2, whose instructions ours are. Products and memory:
 * large ones on cuBLASLt and on kernels that read and write whole vectors; a guess.
 */
export const ASSUMED = {
  products: 0.7,
  attention: 0.35,
  memory: 0.85,
  launch_seconds: 2e-6,
} as const;

export interface Prediction {
  /** The sum of all floors: no step is quicker. */
  floor_seconds: number;
  /** With the shares above, and each launch's own cost where it is longer than its kernel. */
  seconds: number;
  model_flops: number;
  tokens: number;
}

export function predictStep(model: BenchModel, hardware: HardwareProfile): Prediction {
  const tokens = model.batch_size * model.shape.seq_length;
  const launches = stepLaunches(model);
  const sum = (each: (launch: Launch) => number) =>
    launches.reduce((total, launch) => total + launch.count * each(launch), 0);
  return {
    floor_seconds: sum((launch) => floorSeconds(launch, hardware)),
    seconds: sum((launch) => Math.max(ASSUMED.launch_seconds, likelySeconds(launch, hardware))),
    model_flops: tokens * modelFlopsPerToken(model.shape),
    tokens,
  };
}

function likelySeconds(launch: Launch, hardware: HardwareProfile): number {
  const share = launch.op.startsWith("attention") ? ASSUMED.attention : ASSUMED.products;
  const peak = hardware.peak_flops[launch.unit === "tensor" ? "bf16" : "f32"] * share;
  return Math.max(launch.flops / peak, launch.bytes / (hardware.memory_bandwidth * ASSUMED.memory));
}
