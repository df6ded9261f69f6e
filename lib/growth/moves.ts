import type { LoadPlan, Move, StateKind } from "../native/plans.ts";
import { parameterTable, type ParameterInfo } from "../scaling/parameters.ts";
import type { Scaling } from "../scaling/mup.ts";
import { type AxisMap, expandHeads, NEW } from "./axis-map.ts";
import type { GrowthPlan } from "./plan.ts";

/** Where the checkpoint holds a tensor. */
export interface SourceTensor {
  file: string;
  /** Byte of its first element. */
  offset: number;
  dtype: "f32" | "bf16" | "f64";
  rows: number;
  cols: number;
}

export interface GrowthSource {
  tensor(name: string, kind: StateKind): SourceTensor | undefined;
  /** Optimizer steps that the tensor's moments have seen. */
  optimizer_steps: Readonly<Record<string, number>>;
}

export interface GrowthNumbers {
  seed: number;
  /** Of the larger model: standard deviations of what is new. */
  scaling: Scaling;
  /** Factor on the final norm that makes up for a changed logit multiplier: old / new; 1 with `hold`. */
  final_norm_factor: number;
  optimizer_step: "carry" | "restart";
}

const KINDS: readonly StateKind[] = ["master", "exp_avg", "exp_avg_sq"];

/**
 * Everything that turns a checkpoint of `plan.from` into the tensors of `plan.to`. Copies go through the axis
 * maps; new weights are drawn as in a fresh model, moments of what is new are zero, and an added layer's
 * optimizer starts anew (spec: MSG, FLM section 2.8).
 */
export function growthLoadPlan(
  plan: GrowthPlan,
  source: GrowthSource,
  numbers: GrowthNumbers,
): LoadPlan {
  const files = new Indexed<string>();
  const maps = new Indexed<AxisMap>();
  const axes = axisMaps(plan);
  // A mean of weights has no history: its moments start at zero, as those of drawn ones do.
  const vocabOfMoments =
    plan.vocab_means.length > 0 ? plan.vocab.map((old) => Math.max(old, NEW)) : plan.vocab;
  const moves: Move[] = [];
  const steps: { tensor: string; step: number }[] = [];
  for (const parameter of parameterTable(plan.to)) {
    const { tail, oldName, added } = originOf(plan, parameter.name);
    const [rowMap, colMap] = axes(tail);
    for (const kind of KINDS) {
      const isMaster = kind === "master";
      const isInherited = oldName !== null && (isMaster || !added);
      const found = isInherited ? source.tensor(oldName, kind) : undefined;
      if (found === undefined && !isMaster) continue;
      const rows = rowMap === plan.vocab && !isMaster ? vocabOfMoments : rowMap;
      moves.push({
        tensor: parameter.name,
        kind,
        file: found === undefined ? -1 : files.indexOf(found.file),
        offset: found?.offset ?? 0,
        dtype: found?.dtype ?? "f32",
        source_rows: found?.rows ?? 0,
        source_cols: found?.cols ?? 0,
        row_map: rows === null ? -1 : maps.indexOf(rows),
        col_map: colMap === null ? -1 : maps.indexOf(colMap),
        scale: scaleOf(plan, tail, kind, numbers.final_norm_factor),
        ...(isMaster
          ? fillOf(plan, parameter, { tail, oldName, added }, numbers.scaling)
          : ZERO_FILL),
      });
    }
    const carries = oldName !== null && !added && numbers.optimizer_step === "carry";
    const step = carries ? source.optimizer_steps[oldName] : undefined;
    if (step) steps.push({ tensor: parameter.name, step });
  }
  const { vocab_means: means } = plan;
  return { seed: numbers.seed, files: files.values, maps: maps.values, means, moves, steps };
}

const ZERO_FILL = { fill: "constant", fill_value: 0 } as const;

/** Row and column map of a tensor, by the part of its name behind the layer; null keeps the axis as it is. */
function axisMaps(plan: GrowthPlan): (tail: string) => [AxisMap | null, AxisMap | null] {
  const { hidden, ffn, vocab, positions } = plan;
  const query = expandHeads(plan.heads, plan.to.head_size);
  const keyValue = expandHeads(plan.kv_heads, plan.to.head_size);
  const matrices: Record<string, [AxisMap, AxisMap]> = {
    "embedding.weight": [vocab, hidden],
    "position.weight": [positions, hidden],
    "head.weight": [vocab, hidden],
    "attention.q.weight": [query, hidden],
    "attention.k.weight": [keyValue, hidden],
    "attention.v.weight": [keyValue, hidden],
    "attention.out.weight": [hidden, query],
    "ffn.gate.weight": [ffn, hidden],
    "ffn.up.weight": [ffn, hidden],
    "ffn.down.weight": [hidden, ffn],
  };
  return (tail) => {
    const matrix = matrices[tail];
    if (matrix) return matrix;
    // A bias runs along its matrix's rows; all other vectors belong to norms.
    const rows = matrices[tail.replace(/bias$/, "weight")]?.[0];
    return [null, rows ?? hidden];
  };
}

interface Origin {
  /** The part of the name behind the layer. */
  tail: string;
  /** The tensor that it starts from; null where there is none. */
  oldName: string | null;
  /** Of a layer that the event adds, be it a copy or fresh. */
  added: boolean;
}

function originOf({ layers }: GrowthPlan, name: string): Origin {
  const match = /^layers\.(\d+)\.(.*)$/.exec(name);
  if (match === null) return { tail: name, oldName: name, added: false };
  const [layer, tail] = [Number(match[1]), match[2]!];
  const old = layers.source[layer]!;
  return {
    tail,
    oldName: old === NEW ? null : `layers.${old}.${tail}`,
    added: layers.added[layer]!,
  };
}

/** The two projections whose results are added to the residual stream. */
function writesResidual(tail: string): boolean {
  return /^(attention\.out|ffn\.down)\.(weight|bias)$/.test(tail);
}

/** What new weights start from. */
function fillOf(
  plan: GrowthPlan,
  parameter: ParameterInfo,
  { tail, oldName, added }: Origin,
  scaling: Scaling,
): Pick<Move, "fill" | "fill_value"> {
  const { init } = parameter;
  if (added && plan.depth === "zero" && writesResidual(tail)) return ZERO_FILL;
  if (init.kind === "constant") {
    const isGain = tail.endsWith(".gain");
    return { fill: "constant", fill_value: init.value * (isGain ? gainFactor(plan) : 1) };
  }
  const drawn: Pick<Move, "fill" | "fill_value"> = {
    fill: "normal",
    fill_value: init.value * scaling.classes[parameter.class].init_std,
  };
  // A layer without a source is new as a whole: the ramp keeps it out, and nothing inherited in it has to be kept.
  if (oldName === null) return drawn;
  // Silent by value: whatever writes the new hidden columns, and what reads new FFN columns and heads.
  if (plan.width === "zero" && (writesResidual(tail) || writesHidden(tail))) return ZERO_FILL;
  if (tail === "attention.out.weight" && joinsOldGroups(plan)) return ZERO_FILL;
  return drawn;
}

/**
 * Some new query reads an inherited KV head. The mask silences a new head by its values, and those are the old ones
 * here: at m = 0 such a head gives their average, which only its zero columns in the output projection keep out.
 */
function joinsOldGroups({ heads, kv_heads }: GrowthPlan): boolean {
  const groupSize = heads.length / kv_heads.length;
  return heads.some((old, head) => old === NEW && kv_heads[Math.floor(head / groupSize)] !== NEW);
}

function writesHidden(tail: string): boolean {
  return tail === "embedding.weight" || tail === "position.weight";
}

/** Zero columns shrink RMSNorm's mean square by h / h′; the gain makes up for it (spec: arXiv 2308.06103). */
function gainFactor(plan: GrowthPlan): number {
  if (plan.width !== "zero" || plan.to.norm !== "rms_norm") return 1;
  return Math.sqrt(plan.from.hidden_size / plan.to.hidden_size);
}

/** A parameter scaled by r has a gradient scaled by 1 / r, so its moments scale by 1 / r and 1 / r². */
function scaleOf(plan: GrowthPlan, tail: string, kind: StateKind, finalNormFactor: number): number {
  let r = tail.endsWith(".gain") ? gainFactor(plan) : 1;
  if (tail.startsWith("final_norm.")) r *= finalNormFactor;
  return { master: r, exp_avg: 1 / r, exp_avg_sq: 1 / r ** 2 }[kind];
}

/** Distinct values in order of first use. */
class Indexed<Value> {
  readonly values: Value[] = [];
  readonly #index = new Map<Value, number>();

  indexOf(value: Value): number {
    const known = this.#index.get(value);
    if (known !== undefined) return known;
    this.#index.set(value, this.values.length);
    return this.values.push(value) - 1;
  }
}
