import { expect, test } from "vitest";
import { resolveConfig } from "../../../lib/config/resolve.ts";
import { roundingWarnings } from "../../../lib/config/rounding.ts";
import { userConfig } from "./fixtures.ts";

test("a stage that trains on clearly more tokens than it names is warned of", () => {
  const batch = {
    global_batch_size: 8,
    seq_length: 100_000,
    warmup_steps: 0,
    growth: { ramp_steps: 0 },
  };
  const config = resolveConfig(
    userConfig([
      { ...batch, tokens: 20_000 },
      { ...batch, tokens: 7_300_000 },
    ]),
  );
  expect(roundingWarnings(config)).toEqual([
    expect.stringMatching(/^stages\.0\.tokens are 20\.0k, .* 8 × 100000 make 800k of them/),
  ]);
});
