import type { Report } from "./finding.ts";
import { presetOf } from "./resolve-model.ts";
import { resolveWeights } from "./resolve-weights.ts";
import { stepsOf } from "./steps.ts";
import type { GrowthConfig, ModelConfig, ParsedConfig, StageConfig } from "./types.ts";
import { MISSING } from "./zod-findings.ts";

type Shape = Pick<
  StageConfig,
  "num_layers" | "hidden_size" | "num_attention_heads" | "num_kv_heads" | "ffn_hidden_size"
>;

/**
 * Fills the stages' keys in order, as a stage takes its batch from the one before.
 * Undefined when a stage has no shape; that has then been reported.
 */
export function resolveStages(
  config: ParsedConfig,
  model: ModelConfig,
  report: Report,
): StageConfig[] | undefined {
  const shapes = config.stages.map((_, i) => resolveShape(config, i, model, report));
  if (shapes.includes(undefined)) return undefined;
  const stages: StageConfig[] = [];
  for (const [i, stage] of config.stages.entries()) {
    const seq_length = stage.seq_length ?? model.seq_length;
    const global_batch_size = stage.global_batch_size ?? stages[i - 1]?.global_batch_size ?? 16;
    const share = global_batch_size / (stage.parallel.data_parallel_size ?? 1);
    const steps = stepsOf({ tokens: stage.tokens, global_batch_size, seq_length });
    stages.push({
      name: stage.name ?? `stage-${i + 1}`,
      ...shapes[i]!,
      tokens: stage.tokens,
      vocab_size: stage.vocab_size,
      seq_length,
      global_batch_size,
      micro_batch_size: stage.micro_batch_size ?? largestDivisor(share, 16),
      lr: stage.lr ?? config.optimizer.lr,
      warmup_steps: stage.warmup_steps ?? Math.min(2000, Math.floor(steps / 50)),
      weights: resolveWeights(config, i, report),
      growth: resolveGrowth({ ...config.growth, ...stage.growth }, steps),
      parallel: stage.parallel,
    });
  }
  return stages;
}

function resolveGrowth(growth: ParsedConfig["growth"], steps: number): GrowthConfig {
  return { ...growth, ramp_steps: growth.ramp_steps ?? Math.min(50, Math.floor(steps / 2)) };
}

/** A preset stands for the model that the run ends with, so only the last stage falls back on it. */
function resolveShape(
  config: ParsedConfig,
  index: number,
  model: ModelConfig,
  report: Report,
): Shape | undefined {
  const stage = config.stages[index]!;
  const isLast = index === config.stages.length - 1;
  const preset = isLast ? presetOf(config.model)?.shape : undefined;
  const required = (key: "num_layers" | "hidden_size" | "num_attention_heads") => {
    const value = stage[key] ?? preset?.[key];
    if (value === undefined)
      report(["stages", index, key], MISSING, "add this key, or name a model in model.preset");
    return value;
  };
  const num_layers = required("num_layers");
  const hidden_size = required("hidden_size");
  const heads = required("num_attention_heads");
  if (num_layers === undefined || hidden_size === undefined || heads === undefined)
    return undefined;
  // The preset's FFN and KV heads belong to its own width and heads only.
  const presetKvHeads = heads === preset?.num_attention_heads ? preset.num_kv_heads : undefined;
  const presetFfn = hidden_size === preset?.hidden_size ? preset.ffn_hidden_size : undefined;
  return {
    num_layers,
    hidden_size,
    num_attention_heads: heads,
    num_kv_heads: stage.num_kv_heads ?? presetKvHeads ?? heads,
    ffn_hidden_size:
      stage.ffn_hidden_size ?? presetFfn ?? defaultFfn(hidden_size, model.activation),
  };
}

/** GELU: 4h. SwiGLU has a third matrix, so 8h/3 costs the same; rounded up to a multiple of 64. */
function defaultFfn(hiddenSize: number, activation: ModelConfig["activation"]): number {
  return activation === "gelu" ? 4 * hiddenSize : Math.ceil((8 * hiddenSize) / 3 / 64) * 64;
}

/** 1 when `value` is not whole; the batch rule then says what is wrong. */
function largestDivisor(value: number, limit: number): number {
  for (let divisor = Math.min(limit, Math.floor(value)); divisor > 1; divisor--)
    if (value % divisor === 0) return divisor;
  return 1;
}
