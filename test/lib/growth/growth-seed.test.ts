import { expect, test } from "vitest";
import { growthSeed } from "../../../lib/growth/growth-seed.ts";

test("every stage of every run draws its own weights, and the same ones each time", () => {
  const seeds = [0, 1, 2].flatMap((seed) => [1, 2, 3].map((stage) => growthSeed(seed, stage)));
  expect(new Set([...seeds, 0, 1, 2]).size).toBe(12);
  for (const seed of seeds) expect(Number.isSafeInteger(seed)).toBe(true);
  expect(growthSeed(2, 3)).toBe(seeds.at(-1));
});
