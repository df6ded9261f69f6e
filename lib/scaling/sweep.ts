import { FlmError } from "../errors.ts";
import type { Config, StageConfig } from "../config/types.ts";

/** What muP lets a narrow proxy decide for a wide model (spec: FLM-101B, arXiv 2309.03852: the three of its grid). */
export interface SweepPoint {
  lr: number;
  init_std: number;
  output_mult: number;
}

export interface SweepResult extends SweepPoint {
  /** Nats per token at the end; null where the run diverged. */
  loss: number | null;
}

export type SweepGrid = { readonly [Key in keyof SweepPoint]: readonly number[] };

/** Factors of 2 around the config's rate; its own deviation and multiplier. */
const RATE_FACTORS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4];

/** @throws FlmError CONFIG_INVALID without muP, under which alone a proxy speaks for a wider model */
export function sweepGrid(config: Config, given: Partial<SweepGrid>): SweepGrid {
  const mup = mupOf(config);
  return {
    lr: given.lr ?? RATE_FACTORS.map((factor) => factor * config.optimizer.lr),
    init_std: given.init_std ?? [config.model.init_std],
    output_mult: given.output_mult ?? [mup.output_mult],
  };
}

export function gridPoints({ lr, init_std, output_mult }: SweepGrid): SweepPoint[] {
  return output_mult.flatMap((mult) =>
    init_std.flatMap((std) => lr.map((rate) => ({ lr: rate, init_std: std, output_mult: mult }))),
  );
}

/** A name for files: `lr-0.001_std-0.02_mult-1`. */
export function pointName({ lr, init_std, output_mult }: SweepPoint): string {
  const text = (value: number) => String(Number(value.toPrecision(6)));
  return `lr-${text(lr)}_std-${text(init_std)}_mult-${text(output_mult)}`;
}

/**
 * The config of one point: the first stage alone, as deep as it is and `width` wide, on one device.
 *
 * @throws FlmError INVALID_ARGUMENT for a width that heads do not divide
 */
export function proxyConfig(
  config: Config,
  point: SweepPoint,
  proxy: { width: number; tokens: number },
): Config {
  const mup = mupOf(config);
  const stage = config.stages[0]!;
  const steps = Math.ceil(proxy.tokens / (stage.global_batch_size * stage.seq_length));
  return {
    ...config,
    name: pointName(point),
    model: {
      ...config.model,
      init_std: point.init_std,
      mup: { ...mup, output_mult: point.output_mult },
    },
    optimizer: {
      ...config.optimizer,
      lr: point.lr,
      min_lr: config.optimizer.min_lr * (point.lr / config.optimizer.lr),
    },
    stages: [
      {
        ...stage,
        ...narrowed(stage, config.model.head_size, proxy.width),
        tokens: proxy.tokens,
        lr: rateOf(stage, config, point),
        warmup_steps: Math.min(stage.warmup_steps, Math.floor(steps / 10)),
        parallel: {
          ...stage.parallel,
          tensor_parallel_size: 1,
          pipeline_parallel_size: 1,
          virtual_pipeline_size: 1,
          data_parallel_size: 1,
          sequence_parallel: false,
        },
      },
    ],
    eval: { ...config.eval, sample_prompt: null },
  };
}

/** A stage's rate keeps its ratio to the base rate. Where they are equal the result is exact. */
function rateOf({ lr }: StageConfig, { optimizer }: Config, point: SweepPoint): number {
  return point.lr * (lr / optimizer.lr);
}

function narrowed(
  stage: StageConfig,
  headSize: number,
  width: number,
): Pick<StageConfig, "hidden_size" | "num_attention_heads" | "num_kv_heads" | "ffn_hidden_size"> {
  if (width % headSize !== 0)
    throw new FlmError(
      "INVALID_ARGUMENT",
      `a proxy of width ${width} has no whole number of heads of ${headSize}`,
      { hint: `use a --width that is a multiple of ${headSize}` },
    );
  const heads = width / headSize;
  const queriesPerGroup = stage.num_attention_heads / stage.num_kv_heads;
  const group = divisorUpTo(heads, queriesPerGroup);
  const ffn = (stage.ffn_hidden_size * width) / stage.hidden_size;
  return {
    hidden_size: width,
    num_attention_heads: heads,
    num_kv_heads: heads / group,
    ffn_hidden_size: Math.max(16, Math.round(ffn / 16) * 16),
  };
}

function divisorUpTo(value: number, most: number): number {
  for (let divisor = Math.floor(most); divisor > 1; divisor--)
    if (value % divisor === 0) return divisor;
  return 1;
}

/** The lowest loss; null where every run diverged. */
export function bestOf(results: readonly SweepResult[]): SweepResult | null {
  return results.reduce<SweepResult | null>(
    (best, result) =>
      result.loss !== null && (best === null || result.loss < best.loss!) ? result : best,
    null,
  );
}

/** Keys whose best value is the smallest or largest tried, so that the true best may lie beyond. */
export function edgesOf(best: SweepPoint, grid: SweepGrid): (keyof SweepPoint)[] {
  return (Object.keys(grid) as (keyof SweepPoint)[]).filter((key) => {
    const values = grid[key];
    return values.length > 1 && [Math.min(...values), Math.max(...values)].includes(best[key]);
  });
}

/** The large model's config with the chosen values; rates of stages keep their ratio to the base rate. */
export function chosenConfig(config: Config, point: SweepPoint): Config {
  const ratio = point.lr / config.optimizer.lr;
  return {
    ...config,
    model: {
      ...config.model,
      init_std: point.init_std,
      mup: { ...mupOf(config), output_mult: point.output_mult },
    },
    optimizer: { ...config.optimizer, lr: point.lr, min_lr: config.optimizer.min_lr * ratio },
    stages: config.stages.map((stage) => ({ ...stage, lr: rateOf(stage, config, point) })),
  };
}

function mupOf({ model }: Config): NonNullable<Config["model"]["mup"]> {
  if (model.mup === null)
    throw new FlmError(
      "CONFIG_INVALID",
      "model.mup is null, and without it a narrow proxy says nothing about a wide model",
      {
        hint: "set model.mup, for example { base_hidden_size: 256, input_mult: 1, output_mult: 1 }",
      },
    );
  return model.mup;
}
