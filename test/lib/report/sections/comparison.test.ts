import { expect, test } from "vitest";
import type { RunFacts } from "../../../../lib/report/facts/run-facts.ts";
import { comparison } from "../../../../lib/report/sections/comparison.ts";

const NOTHING_KNOWN = {
  steps: 10,
  status: "done",
  tokens: null,
  flops: null,
  parameters_start: null,
  parameters_end: null,
  wall_seconds: null,
  tokens_per_second: null,
};

/** The table of runs that ended with these validations: loss, and bits per byte. */
function tableOf(...ends: ([number, number] | null)[]): string {
  const runs = ends.map((end, i) => ({
    summary: {
      ...NOTHING_KNOWN,
      name: `run-${i}`,
      validation_loss: end?.[0] ?? null,
    },
    smoothed: [],
    validations: end
      ? [
          { loss: 9, bits_per_byte: 9 },
          { loss: end[0], bits_per_byte: end[1] },
        ]
      : [],
  }));
  return comparison(runs as unknown as RunFacts[]).text;
}

const NOTE = "losses do not compare";

test("runs whose tokens are equally long have bits per byte, and nothing to be said about it", () => {
  const table = tableOf([2.5, 3.6067], [2.4, 3.4625], null);
  expect(table).toContain("bits per byte");
  expect(table).toContain("3.6067");
  expect(table).not.toContain(NOTE);
});

test("losses per token of different lengths are said not to compare", () => {
  const table = tableOf([2.3534, 3.3998], [3.902, 4.1767]);
  expect(table).toContain(NOTE);
  expect(table).toContain("1.00 bytes");
  expect(table).toContain("1.35");
});

test("runs without a validation have no bits per byte", () => {
  const table = tableOf(null, null);
  expect(table).not.toContain("bits per byte");
  expect(table).not.toContain(NOTE);
});
