import { expect, test } from "vitest";
import { band, dots, line, ribbon } from "../../../../lib/report/draw/path.ts";
import { linearScale } from "../../../../lib/report/draw/scale.ts";

const axes = { x: linearScale(0, 10), y: linearScale(0, 1, true) };
const data = (text: string) => /d="([^"]*)"/.exec(text)![1];

test("a line has gaps where values are missing, and points between gaps are drawn larger than it", () => {
  const ys = [0, 1, Number.NaN, 0.5, Number.NaN, Infinity, 0];
  const { text } = line(axes, [0, 1, 2, 3, 4, 5, 6], ys, "train");
  expect(data(text)).toBe("M0 1000L100 0");
  expect(text).toContain('<path class="line alone train" d="M300 500h0M600 1000h0" />');
  expect(line(axes, [0, 1], [0, 1], "train").text).not.toContain("alone");
});

test("a line of any length has at most 2000 points", () => {
  const xs = Array.from({ length: 100_000 }, (_, i) => i / 1e4);
  const points = data(line(axes, xs, xs.map(Math.sin), "").text)!.match(/[ML]/g)!;
  expect(points.length).toBeLessThanOrEqual(2000);
});

test("dots that have no place are left out", () => {
  const points = [
    [0, 0],
    [Number.NaN, 1],
    [5, Number.NaN],
  ] as const;
  expect(data(dots(axes, points, "").text)).toBe("M0 1000h0");
});

test("many dots are small ones, and no file grows with their number", () => {
  const points = Array.from({ length: 100_000 }, (_, i) => [i / 1e4, Math.sin(i)] as const);
  const drawn = (count: number) => dots(axes, points.slice(0, count), "validation").text;
  expect(drawn(100)).toContain('class="dots validation"');
  expect(drawn(101)).toContain('class="dots many validation"');
  expect(data(drawn(100_000))!.match(/M/g)!.length).toBeLessThanOrEqual(2000);
});

test("a band covers its stretch over the whole height", () => {
  expect(band(axes, 2, 5, "ramp").text).toMatch(/x="200"\s+y="0"\s+width="300"\s+height="1000"/);
});

test("a ribbon goes along the upper line and back along the lower, without what has no place", () => {
  const points = [
    [0, 0, 1],
    [5, Number.NaN, 1],
    [10, 0, 1],
  ] as const;
  expect(data(ribbon(axes, points, "").text)).toMatch(/^M0 \d+L1000 \d+L1000 1000L0 1000Z$/);
  expect(data(ribbon(axes, [], "").text)).toBe("");
});
