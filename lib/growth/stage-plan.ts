import { type ModelShape, shapeOfStage } from "../config/shape.ts";
import { stageSteps } from "../config/steps.ts";
import type { Config, StageConfig } from "../config/types.ts";
import { growthMasks, NO_MASKS, NO_RAMP, rampAt } from "./ramp.ts";
import { type GrowthPlan, planGrowth } from "./plan.ts";
import type { VocabularyMap } from "./vocabulary.ts";
import { type EngineSpec, type GrowthMasks, type MeshSpec, ONE_RANK } from "../native/plans.ts";
import type { Ramp } from "../native/types.ts";
import { modelFlopsPerToken } from "../scaling/flops.ts";
import { type Scaling, scalingOf } from "../scaling/mup.ts";
import { countParameters, parameterTable } from "../scaling/parameters.ts";
import { ropeDivisors } from "../scaling/rope-divisors.ts";

/** Everything about one growth stage that follows from the config. Pure data. */
export interface StagePlan {
  index: number;
  config: StageConfig;
  shape: ModelShape;
  scaling: Scaling;
  /** Factor on the logits, after what growth decided about muP's. */
  logit_mult: number;
  /** How this stage's model comes from the one before; null in the first stage. */
  growth: GrowthPlan | null;
  /** Factor on the final norm at that event: old / new logit multiplier. */
  final_norm_factor: number;
  masks: GrowthMasks;
  steps: number;
  parameters: number;
  /** In matrix products, of training one token. */
  flops_per_token: number;
}

/**
 * @param vocab_size tokens of the run's tokenizer
 * @param vocabularies by stage, how its tokens continue those of the stage before; needed for growing, not for planning
 * @throws FlmError GROWTH_INVALID or CONFIG_INVALID for stages that cannot follow one another.
 */
export function planStages(
  config: Config,
  vocab_size: number,
  vocabularies: readonly (VocabularyMap | undefined)[] = [],
): StagePlan[] {
  const plans: StagePlan[] = [];
  for (const [index, stage] of config.stages.entries()) {
    const before = plans.at(-1);
    const shape = shapeOfStage(config, index, vocab_size);
    const scaling = scalingOf(config.model, shape);
    const growth = before
      ? planGrowth(before.shape, shape, stage.growth, vocabularies[index])
      : null;
    const logit_mult =
      before && stage.growth.logit_multiplier === "hold" ? before.logit_mult : scaling.logit_mult;
    plans.push({
      index,
      config: stage,
      shape,
      scaling,
      logit_mult,
      growth,
      final_norm_factor: before ? before.logit_mult / logit_mult : 1,
      masks: growth ? growthMasks(growth) : NO_MASKS,
      steps: stageSteps(config, index),
      parameters: countParameters(shape),
      flops_per_token: modelFlopsPerToken(shape),
    });
  }
  return plans;
}

/** Whether the stage begins with a ramp: growth may have had nothing to mask. */
export function hasRamp({ masks }: Pick<StagePlan, "masks">): boolean {
  return Object.values(masks).some((mask) => mask.length > 0);
}

/** The ramp of the step with index `stageStep` in the stage. */
export function rampOf(plan: StagePlan, stageStep: number): Ramp {
  return plan.growth && hasRamp(plan) ? rampAt(plan.growth, stageStep) : NO_RAMP;
}

export interface EnginePlacement {
  device: "cpu" | "cuda";
  device_index: number;
  num_threads: number;
  precision: "f32" | "bf16";
}

export interface EngineSpecOptions {
  trainable?: boolean;
  int8_weights?: boolean;
  mesh?: MeshSpec;
  /** Of a rank's step; the engine needs less memory where it is always one. */
  num_micro_batches?: number;
}

export function engineSpecOf(
  config: Config,
  plan: StagePlan,
  placement: EnginePlacement,
  {
    trainable = true,
    int8_weights = false,
    mesh = ONE_RANK,
    num_micro_batches,
  }: EngineSpecOptions = {},
): EngineSpec {
  const { optimizer } = config;
  const { shape, scaling } = plan;
  const { position_embedding, rope_scaling: _, ...rest } = shape;
  return {
    ...placement,
    int8_weights,
    shape: {
      ...rest,
      position: position_embedding,
      rope_divisors: ropeDivisors(shape),
      input_mult: scaling.input_mult,
      logit_mult: plan.logit_mult,
      attention_scale: 1 / Math.sqrt(shape.head_size),
      embedding_grad_mult: config.stability.embedding_grad_factor,
    },
    micro_batch_size: plan.config.micro_batch_size,
    one_micro_batch: num_micro_batches === 1,
    recompute: plan.config.parallel.recompute,
    adam_beta1: optimizer.adam_beta1,
    adam_beta2: optimizer.adam_beta2,
    adam_eps: optimizer.adam_eps,
    clip_grad: optimizer.clip_grad ?? 0,
    state_precision: optimizer.state_precision,
    trainable,
    parameters: parameterTable(shape).map((parameter) => {
      const scale = scaling.classes[parameter.class];
      return {
        name: parameter.name,
        rows: parameter.shape[0],
        cols: parameter.shape[1],
        lr_mult: scale.lr_mult,
        weight_decay: optimizer.weight_decay * scale.weight_decay_mult,
      };
    }),
    masks: plan.masks,
    mesh,
  };
}
