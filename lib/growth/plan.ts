import type { ModelShape } from "../config/shape.ts";
import type { GrowthConfig } from "../config/types.ts";
import { FlmError } from "../errors.ts";
import {
  appendAxis,
  appendLayers,
  type AxisMap,
  headMaps,
  interleaveLayers,
  type LayerMap,
  NEW,
  refuseShrinking,
  stackLayers,
} from "./axis-map.ts";
import type { VocabularyMap } from "./vocabulary.ts";

/** How the tensors of one shape become those of a larger one: one map for each axis. Pure data. */
export interface GrowthPlan {
  from: ModelShape;
  to: ModelShape;
  hidden: AxisMap;
  ffn: AxisMap;
  heads: AxisMap;
  kv_heads: AxisMap;
  vocab: AxisMap;
  /** Old tokens whose rows a new token's row is the mean of. */
  vocab_means: readonly Int32Array[];
  /** Rows of a learned position table. */
  positions: AxisMap;
  layers: LayerMap;
  depth: GrowthConfig["depth"];
  width: GrowthConfig["width"];
  ramp_steps: number;
  /** The model computes the same right after the event (at m = 0 where there is a ramp). */
  preserving: boolean;
}

const CONSTANT_KEYS = [
  "head_size",
  "norm",
  "activation",
  "position_embedding",
  "rope_theta",
  "rope_scaling",
  "bias",
  "tie_embeddings",
] as const satisfies readonly (keyof ModelShape)[];

/**
 * Plans the growth event between two shapes (spec: MSG masks and their pre-norm adaptation, FLM section 2).
 *
 * @param vocabulary how the tokenizer's tokens continue; by default old ids keep their places and new rows are drawn
 * @throws FlmError GROWTH_INVALID, with both numbers, for what cannot grow.
 */
export function planGrowth(
  from: ModelShape,
  to: ModelShape,
  growth: Pick<GrowthConfig, "depth" | "width" | "ramp_steps">,
  vocabulary?: VocabularyMap,
): GrowthPlan {
  for (const key of CONSTANT_KEYS) {
    const [before, after] = [show(from[key]), show(to[key])];
    if (before !== after)
      throw new FlmError(
        "GROWTH_INVALID",
        `${key} would change from ${before} to ${after}; growth keeps it`,
      );
  }
  refuseShrinking("seq_length of learned positions", learnedLength(from), learnedLength(to));
  refuseZeroFilledLayerNorm(from, to, growth.width);
  const axis = (key: "hidden_size" | "ffn_hidden_size") => {
    refuseShrinking(key, from[key], to[key]);
    return appendAxis(from[key], to[key]);
  };
  const plan = {
    from,
    to,
    hidden: axis("hidden_size"),
    ffn: axis("ffn_hidden_size"),
    ...headMaps(from, to),
    vocab: vocabAxis(from.vocab_size, to.vocab_size, vocabulary),
    vocab_means: vocabulary?.means ?? [],
    positions: appendAxis(learnedLength(from), learnedLength(to)),
    layers: layerMap(growth.depth, from.num_layers, to.num_layers),
    depth: growth.depth,
    width: growth.width,
    ramp_steps: growth.ramp_steps,
  };
  return { ...plan, preserving: preserves(plan) };
}

function show(value: ModelShape[(typeof CONSTANT_KEYS)[number]]): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Axes whose new part needs a mask for the event to preserve; with `width: zero` none does. */
function widens(plan: Pick<GrowthPlan, "hidden" | "ffn" | "heads" | "kv_heads">): boolean {
  return [plan.hidden, plan.ffn, plan.heads, plan.kv_heads].some((map) => map.includes(NEW));
}

function preserves(plan: Omit<GrowthPlan, "preserving">): boolean {
  if (plan.vocab.some((old) => old < 0)) return false;
  if (plan.ramp_steps > 0) return true;
  const deeper = plan.layers.added.includes(true);
  return (!widens(plan) || plan.width === "zero") && (!deeper || plan.depth === "zero");
}

function layerMap(depth: GrowthConfig["depth"], from: number, to: number): LayerMap {
  if (depth === "stack") return stackLayers(from, to);
  if (depth === "interleave") return interleaveLayers(from, to);
  return appendLayers(from, to);
}

/** The model may have more rows than its tokenizer has tokens; those behind the last token are new. */
function vocabAxis(from: number, to: number, vocabulary: VocabularyMap | undefined): AxisMap {
  refuseShrinking("vocab_size", from, to);
  if (vocabulary === undefined) return appendAxis(from, to);
  if (vocabulary.map.length > to)
    throw new FlmError(
      "GROWTH_INVALID",
      `vocab_size ${to} is below the larger tokenizer's ${vocabulary.map.length} tokens`,
    );
  const axis = new Int32Array(to).fill(NEW);
  axis.set(vocabulary.map);
  return axis;
}

function learnedLength(shape: ModelShape): number {
  return shape.position_embedding === "learned" ? shape.seq_length : 0;
}

/** LayerNorm subtracts the mean over all columns, so zero columns change what it computes. */
function refuseZeroFilledLayerNorm(
  from: ModelShape,
  to: ModelShape,
  width: GrowthConfig["width"],
): void {
  if (width === "zero" && to.norm === "layer_norm" && to.hidden_size > from.hidden_size)
    throw new FlmError(
      "GROWTH_INVALID",
      `growth.width zero cannot widen a LayerNorm model from hidden_size ${from.hidden_size} to ` +
        `${to.hidden_size} without changing what it computes`,
      { hint: "use growth.width mask, or model.norm rms_norm" },
    );
}
