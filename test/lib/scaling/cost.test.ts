import { describe, expect, test } from "vitest";
import { costOf } from "../../../lib/scaling/cost.ts";
import { narayananFlops, narayananRange } from "../../../lib/scaling/flops.ts";
import { bestInterval, goodput, reliability } from "../../../lib/scaling/reliability.ts";

const shape = (
  num_layers: number,
  hidden_size: number,
  vocab_size: number,
  seq_length: number,
) => ({
  num_layers,
  hidden_size,
  vocab_size,
  seq_length,
});

/** FLM-101B, arXiv 2309.03852: the cost column of its tables, in zettaFLOPs. */
describe("the published cost figures, to the printed digits", () => {
  test.each([
    ["GPT-3", shape(96, 12_288, 50_257, 2048), 300e9, "376.41", "53.77"],
    ["Llama-2 13B", shape(40, 5120, 32_000, 4096), 2e12, "201.37", "28.77"],
    ["Llama-2 7B", shape(32, 4096, 32_000, 4096), 2e12, "106.60", "15.23"],
    ["Llama 13B", shape(40, 5120, 32_000, 2048), 1e12, "94.81", "13.54"],
    ["Llama 7B", shape(32, 4096, 32_000, 2048), 1e12, "49.54", "7.08"],
  ])("%s", (_, published, tokens, middle, range) => {
    const { flops, half_range } = narayananRange(published, tokens);
    expect((flops / 1e21).toFixed(2)).toBe(middle);
    expect((half_range / 1e21).toFixed(2)).toBe(range);
  });

  const perToken = narayananFlops(shape(70, 12_288, 150_528, 2048), "full");

  test("GLM-130B, with recomputation: 421.60 is printed, the rule makes a unit of the last digit less", () => {
    expect(((400e9 * perToken) / 1e21).toFixed(2)).toBe("421.59");
    // Of each of two languages 210.80 is printed.
    expect(((200e9 * perToken) / 1e21).toFixed(2)).toBe("210.79");
  });

  test("FLOPs a token rounded to four digits make GLM-130B's figures, but no longer GPT-3's", () => {
    const rounded = (flops: number) => Number(flops.toPrecision(4));
    expect(((400e9 * rounded(perToken)) / 1e21).toFixed(2)).toBe("421.60");
    expect(((200e9 * rounded(perToken)) / 1e21).toFixed(2)).toBe("210.80");
    const gpt3 = narayananRange(shape(96, 12_288, 50_257, 2048), 1).flops;
    expect(((300e9 * rounded(gpt3)) / 1e21).toFixed(2)).toBe("376.50");
  });
});

test("FLM-101B's GPU hours make its printed energy, carbon and price", () => {
  const cost = costOf(1.01e5, 400, 1);
  expect(cost.energy_mwh).toBeCloseTo(40.4, 9);
  expect(Math.round(cost.co2_tonnes)).toBe(26);
  expect(cost.cost_usd).toBe(101_000);
  expect(costOf(1, 400, null).cost_usd).toBeNull();
});

describe("reliability", () => {
  const run = {
    parameters: 101.7e9,
    moment_bytes: 4,
    devices: 192,
    devices_per_node: 8,
    seconds: 21.54 * 86_400,
  } as const;

  test("192 GPUs fail about twice in FLM's 21.5 days", () => {
    const { mean_seconds_between_failures, expected_failures } = reliability(run);
    expect(mean_seconds_between_failures / 3600).toBeCloseTo(264, 0);
    expect(expected_failures).toBeCloseTo(1.96, 2);
  });

  test("16,384 GPUs fail every 3.1 hours", () => {
    const { mean_seconds_between_failures } = reliability({ ...run, devices: 16_384 });
    expect(mean_seconds_between_failures / 3600).toBeCloseTo(3.1, 1);
  });

  test("the best interval is a maximum of goodput", () => {
    const [saving, between, restart] = [30, 3600 * 20, 300];
    const best = bestInterval(saving, between);
    const at = (interval: number) => goodput(interval, saving, between, restart);
    expect(at(best)).toBeGreaterThan(at(best * 1.1));
    expect(at(best)).toBeGreaterThan(at(best / 1.1));
  });

  test("with 1 s to save, 30 minutes between and 5 minutes to restart, 192 GPUs work 99.8 %", () => {
    expect(goodput(1800, 1, 264 * 3600, 300)).toBeCloseTo(0.998, 3);
  });
});
