import type { ModelShape } from "../config/shape.ts";
import type { HardwareProfile } from "./hardware.ts";
import {
  deviceCount,
  type Layout,
  layersPerRank,
  microBatches,
  parametersPerDevice,
  type ShapeSizes,
  type Software,
} from "./layout.ts";

/** Seconds of one optimizer step; the parts add up to the whole. */
export interface StepTime {
  matmul: number;
  attention: number;
  /** Norms, activations, residuals and rotary embeddings: memory traffic. */
  elementwise: number;
  /** What the backward pass computes again. */
  recompute: number;
  tensor_parallel: number;
  launch: number;
  head: number;
  pipeline_transfer: number;
  pipeline_bubble: number;
  data_parallel: number;
  optimizer: number;
}

/**
 * Fitted to published step times on A100 (Korthikanti et al. 2022, arXiv 2205.05198, 8 points; Narayanan et al. 2021,
 * arXiv 2104.04473, the 7 from 18.4 B parameters up). The traffic factor ended at the bound of its range.
 */
const FITTED = { matmul: 0.815, unfused_attention: 0.341, elementwise_traffic: 0.7 } as const;

/** Not fitted: shares of nominal bandwidths, of the peak in flash attention, and latencies in seconds. */
const ASSUMED = {
  flash_attention: 0.45,
  link: 0.75,
  network: 0.8,
  memory: 0.8,
  collective_latency: 8e-6,
  transfer_latency: 20e-6,
  launch: 4e-6,
  launches: { forward: 12, backward: 18 },
} as const;

export function totalSeconds(time: StepTime): number {
  return Object.values(time).reduce((sum: number, part: number) => sum + part, 0);
}

/**
 * The cost model: what one step takes at `efficiency` 1, from FLOPs, bytes and messages over what the hardware moves in a
 * second. Nothing overlaps but what is fitted in; communication of data parallelism is exposed.
 */
export function stepTime(
  shape: ModelShape,
  sizes: ShapeSizes,
  layout: Layout,
  hardware: HardwareProfile,
  software: Software,
): StepTime {
  const { pipeline_parallel_size: p, virtual_pipeline_size: v } = layout;
  const count = microBatches(layout);
  const layers = layersPerRank(shape, layout);
  const layer = layerTime(shape, sizes, layout, hardware, software);
  const stage = layers * sum(layer);
  const transfer = p === 1 ? 0 : v * boundaryTime(shape, layout, hardware, software);
  const times = count * layers;
  return {
    matmul: times * layer.matmul,
    attention: times * layer.attention,
    elementwise: times * layer.elementwise,
    recompute: times * layer.recompute,
    tensor_parallel: times * layer.tensor_parallel,
    launch: times * layer.launch,
    head: count * headTime(shape, sizes, layout, hardware, software),
    pipeline_transfer: count * transfer,
    pipeline_bubble: ((p - 1) / v) * (stage + transfer),
    ...updateTime(parametersPerDevice(shape, sizes, layout), layout, hardware, software),
  };
}

type LayerTime = Pick<
  StepTime,
  "matmul" | "attention" | "elementwise" | "recompute" | "tensor_parallel" | "launch"
>;

/** One layer on one micro-batch, forward and backward. */
function layerTime(
  shape: ModelShape,
  sizes: ShapeSizes,
  layout: Layout,
  hardware: HardwareProfile,
  software: Software,
): LayerTime {
  const { tensor_parallel_size: t, sequence_parallel } = layout;
  const { seq_length: length, hidden_size: hidden } = shape;
  const { compute_bytes: bytes } = software;
  const tokens = layout.micro_batch_size * length;
  const peak = peakOf(hardware, software);
  const memory = hardware.memory_bandwidth * ASSUMED.memory;
  const flash = software.attention === "flash";

  const matmul = (2 * tokens * sizes.layer_matrices) / t / (peak * FITTED.matmul);
  const scores = (4 * tokens * length * sizes.query) / t;
  const attention = flash
    ? scores / 2 / (peak * ASSUMED.flash_attention)
    : scores / (peak * FITTED.unfused_attention);
  // Scores written, masked, normalised, dropped and read again.
  const scoreTraffic = flash
    ? 0
    : (6.5 * bytes * tokens * length * shape.num_attention_heads) / t / memory;
  const whole = sequence_parallel ? t : 1;
  const norms = (11 * hidden) / whole;
  const inner = sizes.ffn_in + shape.ffn_hidden_size; // in and out of the activation
  const heads = 2 * (sizes.query + 2 * sizes.key_value) + 2 * (sizes.query + sizes.key_value);
  const elementwise =
    (tokens * bytes * (norms + (inner + heads) / t) * FITTED.elementwise_traffic) / memory;
  const exchange = collective(t, bytes * tokens * hidden, bandwidthWithin(t, hardware));
  const forward =
    matmul +
    attention +
    scoreTraffic +
    elementwise +
    4 * exchange +
    ASSUMED.launches.forward * ASSUMED.launch;
  return {
    matmul: 3 * matmul,
    attention: (flash ? 3.5 : 3) * attention + 3 * scoreTraffic,
    elementwise: 3 * elementwise,
    recompute: recomputeTime(layout, forward, flash ? 0 : attention / 2 + scoreTraffic),
    // Sequence parallelism gathers its inputs once more for the backward pass.
    tensor_parallel: (sequence_parallel ? 10 : 8) * exchange,
    launch: (ASSUMED.launches.forward + ASSUMED.launches.backward) * ASSUMED.launch,
  };
}

/** Flash attention recomputes its scores in any case, so that selective recomputation adds nothing to it. */
function recomputeTime({ recompute }: Layout, forward: number, selective: number): number {
  if (recompute === "full") return forward;
  return recompute === "selective" ? selective : 0;
}

/** Logits, loss and their gradients of one micro-batch, on the last pipeline rank, which the others wait for. */
function headTime(
  shape: ModelShape,
  sizes: ShapeSizes,
  layout: Layout,
  hardware: HardwareProfile,
  software: Software,
): number {
  const tokens = layout.micro_batch_size * shape.seq_length;
  const flops = 6 * tokens * sizes.vocabulary;
  const traffic = 6 * software.compute_bytes * tokens * shape.vocab_size;
  return (
    (flops / (peakOf(hardware, software) * FITTED.matmul) +
      traffic / (hardware.memory_bandwidth * ASSUMED.memory)) /
    layout.tensor_parallel_size
  );
}

/** A micro-batch's activations to the next pipeline rank, and their gradients back. */
function boundaryTime(
  shape: ModelShape,
  layout: Layout,
  hardware: HardwareProfile,
  software: Software,
): number {
  const { tensor_parallel_size: t, sequence_parallel } = layout;
  const tokens = layout.micro_batch_size * shape.seq_length;
  const bytes = (software.compute_bytes * tokens * shape.hidden_size) / (sequence_parallel ? t : 1);
  const bandwidth = bandwidthWithin(deviceCount(layout), hardware);
  return 2 * (bytes / bandwidth + ASSUMED.transfer_latency);
}

/** Gradients reduced over data-parallel ranks, AdamW, and the new weights gathered. */
function updateTime(
  parameters: number,
  layout: Layout,
  hardware: HardwareProfile,
  software: Software,
): Pick<StepTime, "data_parallel" | "optimizer"> {
  const { tensor_parallel_size: t, data_parallel_size: d } = layout;
  const { shards_optimizer: shards, gradient_bytes, compute_bytes, moment_bytes } = software;
  // Replicas are t ranks apart.
  const bandwidth = bandwidthWithin(t * d, hardware);
  const gathered = shards ? compute_bytes : gradient_bytes;
  // AdamW reads and writes an f32 master and two moments, and reads the gradient; then the weights are written.
  const traffic = ((12 + 4 * moment_bytes) * parameters) / (shards ? d : 1) + 6 * parameters;
  return {
    data_parallel:
      collective(d, gradient_bytes * parameters, bandwidth) +
      collective(d, gathered * parameters, bandwidth),
    optimizer: traffic / (hardware.memory_bandwidth * ASSUMED.memory),
  };
}

/** All-gather or reduce-scatter of `bytes` over a ring of `ranks`. */
function collective(ranks: number, bytes: number, bandwidth: number): number {
  if (ranks === 1) return 0;
  return (((ranks - 1) / ranks) * bytes) / bandwidth + (ranks - 1) * ASSUMED.collective_latency;
}

/** Of ranks that follow one another, tensor before data before pipeline: they share a node where they fit into one. */
function bandwidthWithin(ranks: number, hardware: HardwareProfile): number {
  return ranks <= hardware.devices_per_node
    ? hardware.link_bandwidth * ASSUMED.link
    : hardware.network_bandwidth * ASSUMED.network;
}

function peakOf(hardware: HardwareProfile, software: Software): number {
  return hardware.peak_flops[software.compute_bytes === 2 ? "bf16" : "f32"];
}

function sum(parts: LayerTime): number {
  return Object.values(parts).reduce((total: number, part: number) => total + part, 0);
}
