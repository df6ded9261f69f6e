import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import { meanEntry, NEW } from "../../../lib/growth/axis-map.ts";
import { NO_MASKS, NO_RAMP } from "../../../lib/growth/ramp.ts";
import { engineSpecOf, planStages, rampOf } from "../../../lib/growth/stage-plan.ts";
import { userConfig } from "../config/fixtures.ts";
import { failure } from "../failure.ts";

const MUP = { base_hidden_size: 32, input_mult: 3, output_mult: 2 };
const PLACEMENT = { device: "cpu", device_index: 0, num_threads: 1, precision: "f32" } as const;

/** 64 wide for 100 steps, then 128 wide. */
function growing(rest: Partial<UserConfig> = {}) {
  const large = { num_layers: 6, hidden_size: 128, num_attention_heads: 8, lr: 1e-4 };
  return resolveConfig(userConfig([{}, large], { model: { mup: MUP }, ...rest }));
}

test("a stage follows from the one before it", () => {
  const [small, large] = planStages(growing(), 257);
  expect(small).toMatchObject({ index: 0, growth: null, masks: NO_MASKS, steps: 100 });
  expect(large).toMatchObject({ index: 1, steps: 100 });
  expect(large!.growth).toMatchObject({ from: small!.shape, to: large!.shape, preserving: true });
  expect(large!.parameters).toBeGreaterThan(small!.parameters);
  expect(large!.flops_per_token).toBeGreaterThan(small!.flops_per_token);
});

describe("the logit multiplier", () => {
  test("is muP's, and the final norm makes up for the change", () => {
    const [small, large] = planStages(growing(), 257);
    expect(small).toMatchObject({ logit_mult: 1, final_norm_factor: 1 });
    expect(large).toMatchObject({ logit_mult: 0.5, final_norm_factor: 2 });
  });

  test("stays with hold", () => {
    const plans = planStages(growing({ growth: { logit_multiplier: "hold" } }), 257);
    expect(plans[1]).toMatchObject({ logit_mult: 1, final_norm_factor: 1 });
  });
});

test("only a stage that grew, by what is masked, has a ramp", () => {
  const [small, large] = planStages(growing({ growth: { ramp_steps: 4 } }), 257);
  const same = resolveConfig(userConfig([{}, { lr: 1e-4 }], { growth: { ramp_steps: 4 } }));
  expect(rampOf(planStages(same, 257)[1]!, 1)).toBe(NO_RAMP);
  expect(rampOf(small!, 0)).toBe(NO_RAMP);
  expect(rampOf(large!, 1).layers).toBe(0.25);
  expect(rampOf(large!, 4)).toBe(NO_RAMP);
});

test("a larger vocabulary continues the smaller one as it is told, or has new rows", () => {
  const config = growing({ tokenizer: { type: "bpe", vocab_size: 259 } });
  config.stages[0]!.vocab_size = 257;
  const planned = planStages(config, 259)[1]!.growth!;
  expect([...planned.vocab.slice(256)]).toEqual([256, NEW, NEW]);
  const map = Int32Array.from({ length: 259 }, (_, id) => (id < 256 ? id : 256));
  map[256] = map[257] = meanEntry(0);
  const told = { map, means: [Int32Array.of(1, 2)] };
  const grown = planStages(config, 259, [undefined, told])[1]!.growth!;
  expect([...grown.vocab]).toEqual([...map]);
  for (const { preserving } of [planned, grown]) expect(preserving).toBe(false);
});

test("stages that cannot follow one another are refused", () => {
  const config = growing();
  config.stages[1]!.ffn_hidden_size = 8;
  expect(failure(() => planStages(config, 257)).code).toBe("GROWTH_INVALID");
});

describe("the engine's spec", () => {
  const config = growing();
  const large = planStages(config, 257)[1]!;

  test("has muP's factors by parameter", () => {
    const { parameters } = engineSpecOf(config, large, PLACEMENT);
    const find = (name: string) => parameters.find((parameter) => parameter.name === name);
    const decay = config.optimizer.weight_decay;
    expect(find("embedding.weight")).toMatchObject({ rows: 257, cols: 128, lr_mult: 1 });
    expect(find("layers.5.attention.q.weight")).toMatchObject({
      lr_mult: 1 / 4,
      weight_decay: 4 * decay,
    });
  });

  test("has the shape with its multipliers", () => {
    const { shape, masks, trainable } = engineSpecOf(config, large, PLACEMENT);
    expect(shape).toMatchObject({ input_mult: 3, logit_mult: 0.5, attention_scale: 1 / 4 });
    expect(shape.position).toBe(config.model.position_embedding);
    expect(masks.hidden).toHaveLength(128);
    expect(trainable).toBe(true);
    expect(engineSpecOf(config, large, PLACEMENT, { trainable: false }).trainable).toBe(false);
  });

  test("clips nothing where the config has null", () => {
    const off = growing({ optimizer: { clip_grad: null } });
    expect(engineSpecOf(off, planStages(off, 257)[0]!, PLACEMENT).clip_grad).toBe(0);
  });
});
