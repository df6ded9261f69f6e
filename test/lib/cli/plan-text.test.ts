import { describe, expect, test } from "vitest";
import { planText } from "../../../lib/cli/plan-text.ts";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import type { UserConfig } from "../../../lib/config/types.ts";
import { planRun } from "../../../lib/plan/plan.ts";

const small: UserConfig = {
  name: "small",
  model: { seq_length: 64 },
  data: { sources: [{ path: "text.txt" }] },
  stages: [
    { num_layers: 2, hidden_size: 64, num_attention_heads: 2, tokens: "64k" },
    { num_layers: 4, hidden_size: 128, num_attention_heads: 4, tokens: "64k" },
  ],
  hardware: { profile: "a100" },
};

const textOf = (changes: Partial<UserConfig> = {}, options = {}) =>
  planText("small", planRun(resolveConfig({ ...small, ...changes }), options));

describe("money", () => {
  const costing = (cost_usd: number) => {
    const plan = planRun(
      resolveConfig({ ...small, hardware: { profile: "a100", price_per_gpu_hour: 1.5 } }),
    );
    return planText("small", { ...plan, total: { ...plan.total, cost_usd } });
  };

  test.each([
    [0, "$0 at $1.5"],
    [0.00021, "$0.00021 at $1.5"],
    [0.374, "$0.37 at $1.5"],
    [12.3, "$12.30 at $1.5"],
    [99_988.4, "$99,988 at $1.5"],
  ])("of %d is shown to what it is worth", (cost, text) => {
    expect(costing(cost)).toContain(`; ${text} an hour`);
  });
});

describe("the comparison with training from scratch", () => {
  const against = (days_saved: number, speed_up: number) => {
    const plan = planRun(resolveConfig(small));
    return planText("small", {
      ...plan,
      from_scratch: { ...plan.from_scratch!, days: 10, days_saved, speed_up },
    });
  };

  test("says what growing saves", () => {
    expect(against(7.5, 4)).toContain("this plan is 4.00× as fast and saves 75.0 % of the time");
  });

  test("says what it costs where it is slower", () => {
    expect(against(-30, 0.25)).toContain("this plan is 0.25× as fast and takes 300.0 % more time");
  });
});

describe("a search that found nothing", () => {
  const searched = (stage: object, devices: number) =>
    textOf({ stages: [{ ...small.stages[0]!, ...stage }] }, { search: true, devices });

  test("names memory where it is memory", () => {
    const huge = { num_layers: 64, hidden_size: 8192, num_attention_heads: 64 };
    expect(searched(huge, 1)).toContain(
      "Layouts of stage-1 on 1 device: none fits into its memory",
    );
    expect(searched(huge, 2)).toContain("on 2 devices: none fits into their memory");
  });

  test("names the sizes that do not divide where there is no layout to weigh", () => {
    expect(searched({ global_batch_size: 16 }, 7)).toContain(
      "Layouts of stage-1 on 7 devices: none, as its batch, layers and heads cannot be shared out evenly among so many",
    );
  });
});
