import { describe, expect, test } from "vitest";
import { Frontier } from "../../../bench/growth/frontier.mjs";
import { plotSvg } from "../../../bench/growth/plot.mjs";
import { summarise } from "../../../bench/growth/summary.mjs";

describe("a frontier of decayed runs", () => {
  // loss = 8 / flops^0.5 at every point.
  const frontier = new Frontier([4, 1, 16].map((flops) => ({ flops, loss: 8 / Math.sqrt(flops) })));

  test("is a line in log-log, read in both directions", () => {
    expect(frontier.lossAt(9).value).toBeCloseTo(8 / 3, 10);
    expect(frontier.flopsFor(8 / 3).value).toBeCloseTo(9, 10);
    expect(frontier.flopsFor(4)).toMatchObject({ extrapolated: false });
  });

  test("goes on beyond its ends, and says so", () => {
    for (const [flops, loss] of [
      [64, 1],
      [0.25, 16],
    ] as const) {
      const [at, needed] = [frontier.lossAt(flops), frontier.flopsFor(loss)];
      expect([at.value, needed.value].map((value) => Number(value.toFixed(9)))).toEqual([
        loss,
        flops,
      ]);
      expect([at.extrapolated, needed.extrapolated]).toEqual([true, true]);
    }
  });
});

const result = (
  arm: string,
  role: string,
  seed: number,
  flops: number,
  validation_loss: number,
) => ({
  ...{ arm, role, reference: "scratch", seed, flops, validation_loss },
  ...{ train_loss: validation_loss, train_seconds: 60 },
});

const RESULTS = [
  result("scratch", "scratch", 1, 100, 1),
  result("scratch", "scratch", 2, 100, 1.2),
  result("scratch-25", "scratch", 1, 25, 2.2),
  result("small", "small", 1, 10, 3),
  result("small-as-grown", "small", 1, 50, 1.5),
  result("grown", "grown", 1, 50, 1.1),
  result("grown", "grown", 2, 50, 1.26),
];

describe("a summary of results", () => {
  const rows = summarise(RESULTS);
  const grown = rows.find(({ arm }) => arm === "grown")!;

  test("has every arm, the dearest first", () => {
    expect(rows.map(({ arm }) => arm)).toEqual([
      "scratch",
      "small-as-grown",
      "grown",
      "scratch-25",
      "small",
    ]);
  });

  test("pairs arms by seed", () => {
    expect(grown.gap).toBeCloseTo((0.1 + 0.05) / 2, 10);
    expect(grown.gap_deviation).toBeCloseTo(0.05 / Math.SQRT2, 10);
    expect(grown.share).toBe(0.5);
  });

  test("reads the FLOPs that the loss takes from scratch, and the small model at equal FLOPs", () => {
    // The frontier has one seed, with which scratch ends at 1; 7.5 % above that is what the grown arm comes to.
    const exponent = Math.log(2.2) / Math.log(4);
    expect(grown.paired).toBeCloseTo(1.075, 10);
    expect(grown.speed_up).toBeCloseTo((25 * (2.2 / 1.075) ** (1 / exponent)) / 50, 10);
    expect(grown.saving).toBeCloseTo(1 - 1 / grown.speed_up!, 10);
    expect(grown.speed_up_extrapolated).toBe(false);
    expect(grown.to_small).toBeCloseTo(1.075 / 1.5 - 1, 10);
  });

  test("gives the reference itself a speed-up of 1, whatever its seeds are", () => {
    expect(rows.find(({ arm }) => arm === "scratch")!.speed_up).toBeCloseTo(1, 10);
  });

  test("leaves out what cannot be said yet", () => {
    const [row] = summarise([result("grown", "grown", 1, 50, 1.1)]);
    expect(row).toMatchObject({ gap: null, share: null, speed_up: null, to_small: null });
  });

  test("becomes a plot with every arm", () => {
    const svg = plotSvg(rows);
    for (const { arm } of rows) expect(svg).toContain(`>${arm}</text>`);
    expect(svg).not.toContain("NaN");
  });
});
