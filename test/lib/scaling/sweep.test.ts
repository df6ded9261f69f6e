import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import {
  bestOf,
  chosenConfig,
  edgesOf,
  gridPoints,
  pointName,
  proxyConfig,
  sweepGrid,
} from "../../../lib/scaling/sweep.ts";
import { failure } from "../failure.ts";

const user: UserConfig = {
  name: "large",
  model: {
    family: "llama",
    seq_length: 128,
    vocab_size: 1000,
    init_std: 0.02,
    mup: { base_hidden_size: 128, input_mult: 1, output_mult: 2 },
  },
  data: { sources: [{ path: "text.txt" }] },
  optimizer: { lr: 1e-3, min_lr: 1e-5 },
  stages: [
    {
      num_layers: 4,
      hidden_size: 512,
      num_attention_heads: 8,
      num_kv_heads: 2,
      ffn_hidden_size: 1408,
      tokens: "10M",
      warmup_steps: 2000,
    },
    {
      num_layers: 8,
      hidden_size: 1024,
      num_attention_heads: 16,
      num_kv_heads: 4,
      tokens: "10M",
      lr: 5e-4,
    },
  ],
};
const config = resolveConfig(user);
const point = { lr: 2e-3, init_std: 0.01, output_mult: 4 };

describe("sweepGrid", () => {
  test("six rates a factor of 2 apart around the config's, by default", () => {
    const grid = sweepGrid(config, {});
    expect(grid.lr).toEqual([1.25e-4, 2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3]);
    expect([grid.init_std, grid.output_mult]).toEqual([[0.02], [2]]);
    expect(gridPoints(grid)).toHaveLength(6);
  });

  test("crosses what is given, with a name for each", () => {
    const grid = sweepGrid(config, { lr: [1, 2], init_std: [0.1, 0.2], output_mult: [3, 4] });
    const names = gridPoints(grid).map(pointName);
    expect(new Set(names).size).toBe(8);
    expect(names).toContain("lr-1_std-0.2_mult-3");
  });

  test("is refused without muP", () => {
    const standard = resolveConfig({ ...user, model: { ...user.model, mup: null } });
    const error = failure(() => sweepGrid(standard, {}));
    expect(error.message).toContain("model.mup is null");
    expect(error.hint).toContain("base_hidden_size");
  });
});

describe("proxyConfig", () => {
  const proxy = proxyConfig(config, point, { width: 128, tokens: 1e6 });

  test("is the first stage alone, as deep and in proportion, with the point's values", () => {
    expect(proxy.stages).toHaveLength(1);
    expect(proxy.stages[0]).toMatchObject({
      num_layers: 4,
      hidden_size: 128,
      num_attention_heads: 2,
      num_kv_heads: 1,
      ffn_hidden_size: 352,
      tokens: 1e6,
      lr: 2e-3,
    });
    expect(proxy.model).toMatchObject({ init_std: 0.01, mup: { output_mult: 4 } });
    expect(proxy.optimizer).toMatchObject({ lr: 2e-3, min_lr: 2e-5 });
  });

  test("has the stage's own rate where that is not the base rate, as the chosen config will", () => {
    const [first, ...rest] = user.stages;
    const faster = resolveConfig({ ...user, stages: [{ ...first!, lr: 4e-3 }, ...rest] });
    const { stages } = proxyConfig(faster, point, { width: 128, tokens: 1e6 });
    expect(stages[0]!.lr).toBe(8e-3);
    expect(chosenConfig(faster, point).stages[0]!.lr).toBe(8e-3);
  });

  test("is a valid config, although its run is shorter than the warm-up was", () => {
    const again = resolveConfig(proxy);
    expect(again.stages[0]!.warmup_steps).toBeLessThan(1e6 / (16 * 128));
  });

  test("refuses a width without whole heads", () => {
    const error = failure(() => proxyConfig(config, point, { width: 100, tokens: 1e6 }));
    expect(error.message).toContain("width 100 has no whole number of heads of 64");
  });
});

describe("what was found", () => {
  const results = [
    { ...point, lr: 1, loss: 3 },
    { ...point, lr: 2, loss: 2.5 },
    { ...point, lr: 4, loss: null },
  ];

  test("the best is the lowest loss, and divergence is none", () => {
    expect(bestOf(results)).toEqual(results[1]);
    expect(bestOf([results[2]!])).toBeNull();
  });

  test("a best at the grid's edge is named, unless there was no choice", () => {
    const grid = { lr: [1, 2, 4], init_std: [0.01], output_mult: [2, 4] };
    expect(edgesOf(results[1]!, grid)).toEqual(["output_mult"]);
    expect(edgesOf(results[0]!, grid)).toEqual(["lr", "output_mult"]);
  });

  test("chosenConfig keeps the ratios of the stages' rates and is valid", () => {
    const chosen = resolveConfig(chosenConfig(config, point));
    expect(chosen.stages.map(({ lr }) => lr)).toEqual([2e-3, 1e-3]);
    expect(chosen.optimizer).toMatchObject({ lr: 2e-3, min_lr: 2e-5 });
    expect(chosen.model).toMatchObject({ init_std: 0.01, mup: { output_mult: 4 } });
    expect(chosen.stages[1]).toMatchObject({ hidden_size: 1024 });
  });
});
